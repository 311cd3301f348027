"""A sign-in that begins here (OpenID Connect Core 1.0 §4): the person opens an app from their own page."""

from flask import Flask

from idp.deployment import Deployment
from tests.people import Known
from tests.web.conftest import sign_in_to
from tests.web.pages import Browser
from tests.web.relying_party import RelyingParty, register_app


def opened(browser: Browser, party: RelyingParty) -> tuple[int, str]:
    response = browser.client.get(f"/me/apps/{party.client_id}/open")
    return response.status_code, response.headers.get("Location", "")


def test_the_app_is_told_the_issuer_and_nothing_about_the_person(
    browser: Browser, app: Flask, deployment: Deployment, school: str, person: Known
) -> None:
    party = register_app(app, deployment, school, issuer="intl", initiate_login_uri="https://app.example.edu.cn/start?from=school")
    sign_in_to(browser, party, person)
    assert f"/me/apps/{party.client_id}/open" in browser.get("/me").text
    status, location = opened(browser, party)
    assert status == 303
    assert location == "https://app.example.edu.cn/start?from=school&iss=http%3A%2F%2Flocalhost%3A8000%2Fintl"


def test_an_app_without_such_an_address_is_not_offered(browser: Browser, rp: RelyingParty, person: Known) -> None:
    sign_in_to(browser, rp, person)
    assert f"/me/apps/{rp.client_id}/open" not in browser.get("/me").text
    assert opened(browser, rp) == (302, "/me")


def test_nobody_is_sent_anywhere_without_being_signed_in(app: Flask, rp: RelyingParty) -> None:
    assert opened(Browser(app), rp) == (302, "/me")


def test_an_unknown_app_is_told_in_plain_words(browser: Browser, rp: RelyingParty, person: Known) -> None:
    sign_in_to(browser, rp, person)
    page = browser.get("/me/apps/app_unknown/open")
    assert page.status == 400
    assert "请告诉" in page.text
