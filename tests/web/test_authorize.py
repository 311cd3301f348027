"""The authorization endpoint: what is refused with a page, what goes back to the app as an error, and when nobody is asked."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from idp.app import create_app
from idp.apps import register
from idp.deployment import Deployment
from idp.oidc.tables import AuthorizationCode, AuthorizationRequest, Grant
from tests.clocks import SettableClock
from tests.people import OPERATOR, PASSWORD, Known
from tests.web.conftest import give_totp, sign_in_to
from tests.web.pages import Browser
from tests.web.relying_party import CALLBACK, RelyingParty, register_app


def nothing_written(deployment: Deployment) -> bool:
    with deployment.reading() as session:
        return all(
            session.scalar(select(func.count()).select_from(table)) == 0
            for table in (AuthorizationCode, AuthorizationRequest, Grant)
        )


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": None},
        {"client_id": "app_unknown"},
        {"client_id": "x" * 5000},
        {"client_id": "' OR 1=1 --"},
        {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": CALLBACK + "/"},
        {"redirect_uri": CALLBACK + "?x=1"},
        {"redirect_uri": CALLBACK.upper()},
        {"redirect_uri": CALLBACK.replace("https", "http")},
        {"redirect_uri": "https://app.example.edu.cn@evil.example/callback"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "//evil.example"},
        {"client_id": "app_<script>alert(1)</script>"},
    ],
)
def test_before_the_client_is_proven_nothing_is_redirected(
    browser: Browser, rp: RelyingParty, deployment: Deployment, changes: dict[str, str | None]
) -> None:
    page = browser.get(rp.authorize_url(**changes))
    assert page.status == 400
    assert not page.location
    assert "<script>alert" not in page.text
    assert nothing_written(deployment)


def test_a_client_of_the_other_issuer_is_unknown_to_this_one(
    browser: Browser, app: Flask, deployment: Deployment, school: str
) -> None:
    other = register_app(app, deployment, school, issuer="intl")
    other.issuer = "sm"
    assert browser.get(other.authorize_url()).status == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unauthorized_client"),
        ({"response_type": "id_token"}, "unauthorized_client"),
        ({"response_type": "id_token token code"}, "unauthorized_client"),
        ({"response_type": "none"}, "unsupported_response_type"),
        ({"response_mode": "carrier_pigeon"}, "invalid_request"),
        ({"claims": "not json"}, "invalid_request"),
        ({"claims": "[]"}, "invalid_request"),
        ({"claims": '{"userinfo": 5}'}, "invalid_request"),
        ({"claims": '{"userinfo": {"name": "x"}}'}, "invalid_request"),
        ({"claims": '{"userinfo": {"name": {"essential": "yes"}}}'}, "invalid_request"),
        ({"claims": '{"userinfo": {"name": {"values": [1]}}}'}, "invalid_request"),
        ({"claims": '{"userinfo": {}, "userinfo": {}}'}, "invalid_request"),
        ({"claims": '{"id_token": {"acr": {"essential": true, "value": "urn:yima:acr:4"}}}'}, "unmet_authentication_requirements"),
        ({"claims": '{"id_token": {"acr": {"essential": true, "value": "phr"}}}'}, "unmet_authentication_requirements"),
        ({"id_token_hint": "x.y.z"}, "invalid_request"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"scope": "openid everything"}, "invalid_scope"),
        ({"scope": "openid person_number"}, "invalid_scope"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "x" * 44}, "invalid_request"),
        ({"code_challenge": "+" * 43}, "invalid_request"),
        ({"nonce": "x" * 5000}, "invalid_request"),
        ({"prompt": "maybe"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"max_age": "9" * 10}, "invalid_request"),
        ({"max_age": "１"}, "invalid_request"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"acr_values": "urn:yima:acr:4"}, "unmet_authentication_requirements"),
        ({"prompt": "none"}, "login_required"),
    ],
)
def test_after_that_the_app_gets_the_specifications_error_with_state_and_issuer(
    browser: Browser, rp: RelyingParty, deployment: Deployment, changes: dict[str, str | None], error: str
) -> None:
    page = browser.get(rp.authorize_url(**changes))
    assert page.location.startswith((CALLBACK + "?", CALLBACK + "#"))
    assert page.query["error"] == error
    assert page.query["state"] == rp.state
    assert page.query["iss"] == "http://localhost:8000"
    assert page.query["error_description"].isascii()
    assert "code" not in page.query
    assert nothing_written(deployment)


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "prompt"])
def test_a_parameter_that_comes_twice_is_refused(browser: Browser, rp: RelyingParty, name: str) -> None:
    page = browser.get(rp.authorize_url() + f"&{name}=x&{name}=y")
    assert page.status == 400
    assert not page.location


@pytest.mark.parametrize(
    "text", ["%ff=1", "a=%ff", "a=%00", "&".join(f"p{n}=1" for n in range(100)), "a=" + "x" * 9000, "a=b%0d%0aSet-Cookie:x"]
)
def test_a_query_that_cannot_be_read_is_a_clear_page(browser: Browser, rp: RelyingParty, text: str) -> None:
    response = browser.client.get("/oauth/authorize?" + text, base_url="http://localhost:8000")
    assert response.status_code == 400
    assert "没有成功" in response.get_data(as_text=True)


def test_a_state_that_is_too_long_is_an_error_without_it(browser: Browser, rp: RelyingParty) -> None:
    page = browser.get(rp.authorize_url(state="x" * 5000))
    assert page.query["error"] == "invalid_request"
    assert "state" not in page.query


def test_an_unknown_parameter_is_ignored(browser: Browser, rp: RelyingParty) -> None:
    assert browser.get(rp.authorize_url(unheard_of="x")).form("account", "password")


def test_a_request_may_come_by_post_from_the_apps_own_page(app: Flask, rp: RelyingParty) -> None:
    response = app.test_client().post("/oauth/authorize", data=rp.parameters(), base_url="http://localhost:8000")
    assert response.status_code == 302
    assert "/login?flow=" in response.headers["Location"]


def test_the_sign_in_page_names_the_app_and_prefills_the_hint(browser: Browser, rp: RelyingParty) -> None:
    page = browser.get(rp.authorize_url(login_hint="lin@example.edu.cn"))
    assert "图书馆" in page.text
    assert page.form("account").fields["account"] == "lin@example.edu.cn"


def test_the_language_that_the_app_asks_for_is_spoken_unless_the_reader_has_chosen(
    app: Flask, browser: Browser, english: Browser, rp: RelyingParty
) -> None:
    assert "Sign in" in browser.get(rp.authorize_url(ui_locales="fr en")).text
    assert browser.submit(account="nobody", password="x").text.count("The account or the password is not right.") == 1
    assert "登录" in english.get(rp.authorize_url(ui_locales="zh-CN en")).text
    assert "Sign in" in Browser(app, language="en").get(rp.authorize_url(ui_locales="fr")).text
    english.submit(language="en")
    assert "Sign in" in english.get(rp.authorize_url(ui_locales="zh-CN")).text


def test_agreeing_gives_a_code_once_and_is_remembered(browser: Browser, person: Known, rp: RelyingParty) -> None:
    page = browser.get(rp.authorize_url())
    page = browser.sign_in(person.number, PASSWORD)
    for words in ("图书馆", "第一小学", "借书", "您的学校和身份"):
        assert words in page.text
    page = browser.submit(decision="agree")
    assert page.query["state"] == rp.state
    assert page.query["iss"] == "http://localhost:8000"
    assert page.query["code"]
    page = browser.get(rp.authorize_url())
    assert page.location.startswith(CALLBACK)
    assert page.query["code"]


def test_refusing_tells_the_app_and_is_not_remembered(browser: Browser, person: Known, rp: RelyingParty) -> None:
    browser.get(rp.authorize_url())
    browser.sign_in(person.number, PASSWORD)
    page = browser.submit(decision="refuse")
    assert page.query["error"] == "access_denied"
    assert page.query["state"] == rp.state
    assert browser.get(rp.authorize_url()).form("decision")


def test_a_decision_that_is_neither_is_a_refusal(browser: Browser, person: Known, rp: RelyingParty) -> None:
    browser.get(rp.authorize_url())
    browser.sign_in(person.number, PASSWORD)
    assert browser.submit(decision="perhaps").query["error"] == "access_denied"


def test_one_decision_cannot_be_sent_twice(browser: Browser, person: Known, rp: RelyingParty) -> None:
    browser.get(rp.authorize_url())
    form = browser.sign_in(person.number, PASSWORD).form("decision")
    assert browser.submit(form=form, decision="agree").query["code"]
    assert browser.submit(form=form, decision="agree").status == 400


def test_a_decision_of_another_browser_is_refused(app: Flask, browser: Browser, person: Known, rp: RelyingParty) -> None:
    browser.get(rp.authorize_url())
    form = browser.sign_in(person.number, PASSWORD).form("decision")
    thief = Browser(app)
    thief.get("/login")
    thief.sign_in(person.number, PASSWORD)
    token = thief.get("/me").form("csrf_token").fields["csrf_token"]
    page = thief.submit(form=form, decision="agree", csrf_token=token)
    assert page.status == 400


def test_more_data_than_before_is_asked_for_again(browser: Browser, person: Known, rp: RelyingParty) -> None:
    sign_in_to(browser, rp, person)
    assert browser.get(rp.authorize_url(scope="openid profile school email")).form("decision")
    assert browser.get(rp.authorize_url(scope="openid")).query["code"]


def test_a_second_app_signs_the_same_person_in_without_asking(
    browser: Browser, person: Known, rp: RelyingParty, trusted: RelyingParty
) -> None:
    sign_in_to(browser, rp, person)
    page = browser.get(trusted.authorize_url())
    assert page.location.startswith(CALLBACK)
    assert page.query["code"]


def test_even_a_trusted_app_asks_before_it_gets_the_person_number(
    browser: Browser, person: Known, app: Flask, deployment: Deployment, school: str
) -> None:
    special = register_app(app, deployment, school, trusted=True, scopes={"openid", "person_number"})
    browser.get(special.authorize_url(scope="openid person_number"))
    page = browser.sign_in(person.number, PASSWORD)
    assert page.form("decision")


@pytest.mark.parametrize("prompt", ["login", "select_account", "login consent"])
def test_prompt_asks_again_although_somebody_is_signed_in(
    browser: Browser, person: Known, trusted: RelyingParty, clock: SettableClock, prompt: str
) -> None:
    sign_in_to(browser, trusted, person)
    clock.forward(minutes=1)
    page = browser.get(trusted.authorize_url(prompt=prompt))
    assert page.form("account", "password")
    page = browser.sign_in(person.number, PASSWORD)
    if "consent" in prompt:
        page = browser.submit(decision="agree")
    claims = trusted.claims_of(trusted.exchange(page.query["code"]).body["id_token"])
    assert claims["auth_time"] == int(clock.now().timestamp())


def test_prompt_consent_asks_again_although_it_was_given(browser: Browser, person: Known, rp: RelyingParty) -> None:
    sign_in_to(browser, rp, person)
    assert browser.get(rp.authorize_url(prompt="consent")).form("decision")
    assert browser.submit(decision="agree").query["code"]


def test_prompt_none_answers_at_once_or_says_what_is_missing(browser: Browser, person: Known, rp: RelyingParty) -> None:
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    assert browser.get(rp.authorize_url(prompt="none")).query["error"] == "consent_required"
    browser.get(rp.authorize_url())
    browser.submit(decision="agree")
    assert browser.get(rp.authorize_url(prompt="none")).query["code"]


def test_max_age_asks_again_once_the_sign_in_is_older(
    browser: Browser, person: Known, trusted: RelyingParty, clock: SettableClock
) -> None:
    sign_in_to(browser, trusted, person)
    clock.forward(seconds=60)
    assert browser.get(trusted.authorize_url(max_age="61")).query["code"]
    clock.forward(seconds=2)
    assert browser.get(trusted.authorize_url(max_age="61")).form("account", "password")
    assert browser.get(trusted.authorize_url(max_age="0", prompt="none")).query["error"] == "login_required"
    browser.get(trusted.authorize_url(max_age="0"))
    assert browser.sign_in(person.number, PASSWORD).query["code"]


def test_a_higher_level_asks_for_the_missing_factor_alone(
    browser: Browser, person: Known, trusted: RelyingParty, deployment: Deployment, clock: SettableClock
) -> None:
    sign_in_to(browser, trusted, person)
    session_before = browser.cookies()["yima_session"]
    phone = give_totp(deployment, person, clock)
    page = browser.get(trusted.authorize_url(acr_values="urn:yima:acr:2"))
    assert "code" in page.form("code").fields
    page = browser.submit(code=phone.code())
    claims = trusted.claims_of(trusted.exchange(page.query["code"]).body["id_token"])
    assert claims["acr"] == "urn:yima:acr:2"
    assert claims["amr"] == ["pwd", "otp", "mfa"]
    assert browser.cookies()["yima_session"] != session_before


def test_an_app_that_requires_a_second_factor_leads_to_setting_one_up(
    browser: Browser, person: Known, app: Flask, deployment: Deployment, school: str
) -> None:
    strict = register_app(app, deployment, school, required_level=2, trusted=True)
    browser.get(strict.authorize_url())
    page = browser.sign_in(person.number, PASSWORD)
    assert "<svg" in page.text
    assert browser.submit(code="000000").status in (422, 429)


def test_giving_up_at_the_sign_in_tells_the_app(browser: Browser, person: Known, rp: RelyingParty) -> None:
    page = browser.get(rp.authorize_url())
    page = browser.submit(form=next(form for form in page.forms if form.action.endswith("/login/cancel")))
    assert page.query["error"] == "access_denied"
    assert page.query["state"] == rp.state


@pytest.mark.parametrize("request_id", ["", "x", "x" * 5000, "../..", "中文"])
def test_a_request_that_is_not_there_cannot_be_resumed(browser: Browser, person: Known, request_id: str) -> None:
    response = browser.client.get("/oauth/resume", query_string={"request": request_id}, base_url="http://localhost:8000")
    assert response.status_code == 400


def test_a_request_that_waited_too_long_is_over(browser: Browser, person: Known, rp: RelyingParty, clock: SettableClock) -> None:
    browser.get(rp.authorize_url())
    form = browser.sign_in(person.number, PASSWORD).form("decision")
    clock.forward(minutes=31)
    assert browser.submit(form=form, decision="agree").status == 400


def test_an_app_that_was_switched_off_signs_nobody_in(
    browser: Browser, person: Known, rp: RelyingParty, deployment: Deployment, app: Flask
) -> None:
    code = sign_in_to(browser, rp, person)
    with deployment.transaction(OPERATOR) as tx:
        register.suspend(tx, rp.client_id)
    rp.app = create_app(deployment)  # a worker that has not kept the registration
    assert Browser(rp.app).get(rp.authorize_url()).status == 400
    assert rp.exchange(code).error == "invalid_client"


def test_the_consent_page_lets_its_form_end_at_the_app_and_nowhere_else(browser: Browser, person: Known, rp: RelyingParty) -> None:
    browser.get(rp.authorize_url())
    policy = browser.sign_in(person.number, PASSWORD).headers["Content-Security-Policy"]
    assert "form-action 'self' https://app.example.edu.cn;" in policy


def test_both_issuers_share_the_session(
    app: Flask, browser: Browser, person: Known, trusted: RelyingParty, deployment: Deployment, school: str
) -> None:
    other = register_app(app, deployment, school, issuer="intl", trusted=True)
    sign_in_to(browser, trusted, person)
    page = browser.get(other.authorize_url())
    assert page.query["iss"] == "http://localhost:8000/intl"
    assert page.query["code"]


def test_a_loopback_redirect_uri_of_a_native_app_may_have_any_port(
    browser: Browser, person: Known, app: Flask, deployment: Deployment, school: str
) -> None:
    native = register_app(
        app, deployment, school, token_endpoint_auth_method="none", redirect_uris=("http://127.0.0.1/callback",), trusted=True
    )
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    page = browser.get(native.authorize_url(redirect_uri="http://127.0.0.1:49152/callback"))
    assert page.location.startswith("http://127.0.0.1:49152/callback?")
    for wrong in ("http://127.0.0.1:49152/other", "http://localhost:49152/callback", "http://evil.example:80/callback"):
        assert browser.get(native.authorize_url(redirect_uri=wrong)).status == 400
