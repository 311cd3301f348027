"""Remember this device: the second step is spared here, for what the installation allows, and never where it must be proven."""

import pytest
from flask import Flask, Response

from idp.deployment import Deployment
from idp.login import browser as cookies
from idp.registry.affiliations import Role
from tests.people import PASSWORD, Known, make_person
from tests.web.conftest import Phone, app_with, give_totp, sign_in_to
from tests.web.pages import Browser, Page
from tests.web.relying_party import RelyingParty

one_database = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)


def sign_in(browser: Browser, person: Known, phone: Phone | None = None, **more: str) -> Page:
    """Signs in; with a phone takes the second step too."""
    browser.get("/login")
    page = browser.sign_in(person.number, PASSWORD)
    if phone is not None:
        page = browser.submit(code=phone.code(), **more)
        phone.clock.forward(seconds=30)
    return page


def sign_out(browser: Browser) -> None:
    browser.get("/logout")
    browser.submit(form=next(form for form in browser.page.forms if form.action.endswith("/logout")))


@pytest.fixture
def remembered(browser: Browser, person: Known, phone: Phone) -> Browser:
    """A browser at which the person has had it remembered, signed out again."""
    assert "林小雨" in sign_in(browser, person, phone, remember="yes").text
    sign_out(browser)
    return browser


@one_database
def test_where_it_was_ticked_the_second_step_is_spared_and_nowhere_else(
    app: Flask, remembered: Browser, person: Known, phone: Phone
) -> None:
    before = remembered.cookies()["yima_remembered"]
    assert "林小雨" in sign_in(remembered, person).text
    assert remembered.cookies()["yima_remembered"] not in ("", before)
    assert "第二步" in sign_in(Browser(app), person).text


@one_database
def test_without_the_tick_nothing_is_remembered(browser: Browser, person: Known, phone: Phone) -> None:
    sign_in(browser, person, phone)
    sign_out(browser)
    assert "第二步" in sign_in(browser, person).text


@one_database
def test_the_cookie_is_for_our_host_and_no_script_by_https(deployment: Deployment) -> None:
    answer = Response()
    with app_with(deployment, public_url="https://id.example.edu.cn").test_request_context():
        cookies.keep_remembered(answer, "Y", "series:0:seal")
    (cookie,) = (line for line in answer.headers.getlist("Set-Cookie") if "yima_remembered" in line)
    assert cookie.startswith("__Host-yima_remembered=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}


@one_database
def test_the_token_says_rba_and_never_mfa_and_claims_level_1(
    app: Flask, remembered: Browser, rp: RelyingParty, person: Known
) -> None:
    claims = rp.claims_of(rp.exchange(sign_in_to(remembered, rp, person)).body["id_token"])
    assert (claims["acr"], claims["amr"]) == ("urn:yima:acr:1", ["pwd", "rba"])


@one_database
def test_an_app_that_requires_level_2_gets_the_real_second_step_unless_the_installation_allows_it(
    deployment: Deployment, remembered: Browser, rp: RelyingParty, person: Known, phone: Phone
) -> None:
    remembered.get(rp.authorize_url(acr_values="urn:yima:acr:2"))
    assert "第二步" in remembered.sign_in(person.number, PASSWORD).text
    lenient = Browser(app_with(deployment, remembered_device_level=2))
    lenient.client._cookies.update(remembered.client._cookies)
    lenient.get(rp.authorize_url(acr_values="urn:yima:acr:2"))
    lenient.sign_in(person.number, PASSWORD)
    page = lenient.submit(decision="agree")
    claims = rp.claims_of(rp.exchange(page.query["code"]).body["id_token"])
    assert (claims["acr"], claims["amr"]) == ("urn:yima:acr:2", ["pwd", "rba"])


@one_database
@pytest.mark.parametrize("level", [1, 2])
def test_what_changes_how_one_signs_in_asks_for_the_real_second_step(
    deployment: Deployment, remembered: Browser, person: Known, phone: Phone, level: int
) -> None:
    browser = Browser(app_with(deployment, remembered_device_level=level))
    browser.client._cookies.update(remembered.client._cookies)
    sign_in(browser, person)
    assert "password" in browser.get("/me/password").form("account").fields
    assert "第二步" in browser.sign_in(person.number, PASSWORD).text
    assert "again" in browser.submit(code=phone.code()).form("old").fields


@one_database
def test_a_copied_cookie_signs_the_thief_out_and_asks_everyone_for_the_second_step(
    app: Flask, remembered: Browser, person: Known, phone: Phone
) -> None:
    thief = Browser(app, address="10.9.9.9")
    thief.client._cookies.update(remembered.client._cookies)
    assert "林小雨" in sign_in(thief, person).text
    phone.clock.forward(minutes=10)
    assert "第二步" in sign_in(remembered, person).text
    assert "password" in thief.get("/me").form("account").fields
    assert "第二步" in thief.sign_in(person.number, PASSWORD).text
    assert "yima_remembered" not in remembered.cookies()


@one_database
def test_administrators_are_offered_none_and_a_forged_tick_does_nothing(
    app: Flask, deployment: Deployment, school: str, person: Known, phone: Phone
) -> None:
    head = make_person(deployment, school, document="HEAD12345", role=Role.SCHOOL_ADMIN)
    browser, theirs = Browser(app), give_totp(deployment, head, phone.clock)
    sign_in(browser, head)
    assert browser.page.form("code").ticks == []
    browser.submit(form=browser.page.form("code"), code=theirs.code(), remember="yes")
    assert "yima_remembered" not in browser.cookies()


@one_database
def test_two_people_at_one_browser_are_each_remembered(
    app: Flask, deployment: Deployment, school: str, remembered: Browser, person: Known, phone: Phone
) -> None:
    other = make_person(deployment, school, name="王五", document="OTHER1234")
    theirs = give_totp(deployment, other, phone.clock)
    sign_in(remembered, other, theirs, remember="yes")
    for who, name in ((person, "林小雨"), (other, "王五")):
        sign_out(remembered)
        assert name in sign_in(remembered, who).text
