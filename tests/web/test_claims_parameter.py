"""Claims asked for by name, and people asked for by subject."""

import json

import pytest
from flask import Flask

from idp.deployment import Deployment
from tests.clocks import SettableClock
from tests.people import PASSWORD, Known, make_person
from tests.web.conftest import give_totp, sign_in_to
from tests.web.pages import Browser
from tests.web.relying_party import RelyingParty, register_app


def test_a_claim_by_name_comes_where_it_was_asked_for_and_its_scope_does_not(
    browser: Browser, rp: RelyingParty, person: Known
) -> None:
    wanted = {"userinfo": {"email": None, "unheard_of": None}, "id_token": {"name": {"essential": True}}}
    tokens = rp.exchange(sign_in_to(browser, rp, person, scope="openid", claims=json.dumps(wanted))).body
    info = rp.userinfo(tokens["access_token"]).body
    assert set(info) == {"sub", "email"}
    claims = rp.claims_of(tokens["id_token"])
    assert claims["name"] == "林小雨"
    assert "email" not in claims
    again = rp.claims_of(rp.refresh(tokens["refresh_token"]).body["id_token"])
    assert again["name"] == "林小雨"


def test_people_are_asked_for_what_is_asked_by_name(browser: Browser, rp: RelyingParty, person: Known) -> None:
    browser.get(rp.authorize_url(scope="openid", claims=json.dumps({"userinfo": {"phone_number": None}})))
    page = browser.sign_in(person.number, PASSWORD)
    assert "您的手机号" in page.text
    browser.submit(decision="agree")
    assert browser.get(rp.authorize_url(scope="openid phone")).query["code"]


def test_what_an_app_may_not_have_by_scope_it_does_not_get_by_name(browser: Browser, rp: RelyingParty, person: Known) -> None:
    wanted = {"userinfo": {"person_number": {"essential": True}}}
    tokens = rp.exchange(sign_in_to(browser, rp, person, scope="openid", claims=json.dumps(wanted))).body
    assert "person_number" not in rp.userinfo(tokens["access_token"]).body


def test_an_essential_level_is_reached_or_the_missing_factor_is_asked_for(
    browser: Browser, trusted: RelyingParty, person: Known, deployment: Deployment, clock: SettableClock
) -> None:
    sign_in_to(browser, trusted, person)
    phone = give_totp(deployment, person, clock)
    wanted = {"id_token": {"acr": {"essential": True, "values": ["urn:yima:acr:4", "urn:yima:acr:2"]}}}
    page = browser.get(trusted.authorize_url(claims=json.dumps(wanted)))
    assert "code" in page.form("code").fields
    page = browser.submit(code=phone.code())
    assert trusted.claims_of(trusted.exchange(page.query["code"]).body["id_token"])["acr"] == "urn:yima:acr:2"


@pytest.mark.parametrize("way", ["claims", "id_token_hint"])
def test_another_person_than_the_one_asked_for_is_not_told_about(
    app: Flask,
    browser: Browser,
    trusted: RelyingParty,
    person: Known,
    deployment: Deployment,
    school: str,
    clock: SettableClock,
    way: str,
) -> None:
    token = trusted.exchange(sign_in_to(browser, trusted, person)).body["id_token"]
    sub = trusted.claims_of(token)["sub"]
    asked = {"claims": json.dumps({"id_token": {"sub": {"value": sub}}})} if way == "claims" else {"id_token_hint": token}
    assert browser.get(trusted.authorize_url(**asked)).query["code"]
    assert browser.get(trusted.authorize_url(**asked, prompt="none")).query["code"]

    other = make_person(deployment, school, name="王五", document="OTHER1234")
    stranger = Browser(app)
    sign_in_to(stranger, trusted, other)
    clock.forward(seconds=5)
    assert stranger.get(trusted.authorize_url(**asked, prompt="none")).query["error"] == "login_required"
    page = stranger.get(trusted.authorize_url(**asked))
    assert "password" in page.form("account").fields
    assert stranger.sign_in(other.number, PASSWORD).query["error"] == "login_required"
    page = stranger.get(trusted.authorize_url(**asked))
    assert stranger.sign_in(person.number, PASSWORD).query["code"]


def test_a_hint_of_another_app_is_refused(
    browser: Browser, app: Flask, deployment: Deployment, school: str, trusted: RelyingParty, person: Known
) -> None:
    token = trusted.exchange(sign_in_to(browser, trusted, person)).body["id_token"]
    other = register_app(app, deployment, school, trusted=True)
    assert browser.get(other.authorize_url(id_token_hint=token)).query["error"] == "invalid_request"
