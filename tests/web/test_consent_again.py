"""A consent is to what was read: other words are asked again, and so is whoever has grown up since."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import update

from idp.apps.tables import App
from idp.deployment import Deployment
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known, make_person
from tests.web.conftest import app_with, sign_in_to
from tests.web.pages import Browser
from tests.web.relying_party import CALLBACK, RelyingParty, register_app


@pytest.fixture
def uncached(deployment: Deployment, school: str) -> RelyingParty:
    """An app whose registration is read anew for every request."""
    return register_app(app_with(deployment, client_cache=0), deployment, school)


def asks(browser: Browser, rp: RelyingParty) -> bool:
    page = browser.get(rp.authorize_url())
    return not page.location.startswith(CALLBACK)


@pytest.mark.parametrize("change", [{"purpose": "查成绩"}, {"reasons": {"school": "按学校借书"}}])
def test_an_app_that_says_something_else_by_now_is_asked_about_again(
    uncached: RelyingParty, person: Known, deployment: Deployment, change: dict[str, object]
) -> None:
    browser = Browser(uncached.app)
    sign_in_to(browser, uncached, person)
    assert not asks(browser, uncached)
    with deployment.transaction(OPERATOR) as tx:
        tx.session.execute(update(App).where(App.id == uncached.client_id).values(**change))
    assert asks(browser, uncached)
    browser.submit(decision="agree")
    assert not asks(browser, uncached)


def test_what_was_agreed_to_under_other_words_is_not_agreed_to_under_these(
    uncached: RelyingParty, person: Known, deployment: Deployment
) -> None:
    browser = Browser(uncached.app)
    sign_in_to(browser, uncached, person, scope="openid profile email")
    with deployment.transaction(OPERATOR) as tx:
        tx.session.execute(update(App).where(App.id == uncached.client_id).values(purpose="查成绩"))
    browser.get(uncached.authorize_url(scope="openid profile"))
    browser.submit(decision="agree")
    page = browser.get(uncached.authorize_url(scope="openid profile email"))
    assert "您的邮箱" in page.text


def test_whoever_was_a_child_then_is_asked_again_at_fourteen(
    app: Flask, deployment: Deployment, school: str, rp: RelyingParty, clock: SettableClock
) -> None:
    child = make_person(deployment, school, document="DEMO14", born=date(2012, 9, 2))
    sign_in_to(Browser(app), rp, child)
    again = Browser(app)
    again.get(rp.authorize_url())
    assert again.sign_in(child.number, "violet-tram-93").location.startswith(CALLBACK)
    clock.forward(days=1)
    grown = Browser(app)
    grown.get(rp.authorize_url())
    assert grown.sign_in(child.number, "violet-tram-93").form("decision")


@pytest.mark.parametrize("token_format", ["opaque", "jwt"])
def test_a_consent_that_is_taken_back_ends_every_token(
    browser: Browser, app: Flask, deployment: Deployment, school: str, person: Known, token_format: str
) -> None:
    party = register_app(app, deployment, school, access_token_format=token_format)
    tokens = party.exchange(sign_in_to(browser, party, person, scope="openid profile offline_access")).body
    assert party.introspect(tokens["access_token"]).body["active"] is True
    browser.get("/me")
    browser.submit(form=browser.page.form("app"), app=party.client_id)
    assert party.userinfo(tokens["access_token"]).status == 401
    assert party.introspect(tokens["access_token"]).body == {"active": False}
    assert party.introspect(tokens["refresh_token"]).body == {"active": False}
    assert party.refresh(tokens["refresh_token"]).error == "invalid_grant"
    assert asks(browser, party)
