"""The device flow (RFC 8628): a screen without a keyboard, a person with a phone, and a code between them."""

import pytest
from flask import Flask

from idp.deployment import Deployment
from idp.oidc.decoupled.device import ALPHABET
from tests.at_once import at_once
from tests.clocks import SettableClock
from tests.people import PASSWORD, Known
from tests.web.conftest import Phone
from tests.web.pages import Browser, Page
from tests.web.relying_party import Answer, RelyingParty, register_app

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture(params=["sm", "intl"])
def screen(request: pytest.FixtureRequest, app: Flask, deployment: Deployment, school: str) -> RelyingParty:
    """A classroom screen: a public client of each issuer."""
    grants = (GRANT, "refresh_token")
    return register_app(
        app,
        deployment,
        school,
        name="教室大屏",
        issuer=request.param,
        token_endpoint_auth_method="none",
        grant_types=grants,
        redirect_uris=(),
    )


def begin(screen: RelyingParty, **changes: str) -> dict[str, str]:
    answer = screen.authenticated("device_authorization", {"scope": "openid profile", **changes})
    assert answer.status == 200, answer.body
    return dict(answer.body)


def poll(screen: RelyingParty, started: dict[str, str]) -> Answer:
    return screen.authenticated("token", {"grant_type": GRANT, "device_code": started["device_code"]})


def confirmed(browser: Browser, started: dict[str, str], person: Known) -> Page:
    """Types the code in, signs in, and stands before the question."""
    browser.get("/device")
    browser.submit(user_code=started["user_code"].lower())
    return browser.sign_in(person.number, PASSWORD)


def test_a_person_agrees_on_their_phone_and_the_screen_is_signed_in(
    browser: Browser, screen: RelyingParty, person: Known, clock: SettableClock
) -> None:
    started = begin(screen)
    assert started["verification_uri"] == "http://localhost:8000/device"
    assert started["verification_uri_complete"].endswith(started["user_code"])
    assert set(started["user_code"].replace("-", "")) <= set(ALPHABET)
    assert poll(screen, started).error == "authorization_pending"
    page = confirmed(browser, started, person)
    for words in ("教室大屏", "第一小学", started["user_code"], "您的姓名"):
        assert words in page.text
    assert "已在那里登录" in browser.submit(decision="agree").text
    clock.forward(seconds=5)
    tokens = poll(screen, started)
    assert tokens.status == 200
    assert screen.claims_of(tokens.body["id_token"])["amr"] == ["pwd"]
    assert screen.userinfo(tokens.body["access_token"]).body["name"] == "林小雨"
    assert screen.refresh(tokens.body["refresh_token"]).status == 200
    assert poll(screen, started).error == "invalid_grant"
    assert "教室大屏" in browser.get("/me").text


def test_the_link_on_the_screen_needs_no_typing(browser: Browser, screen: RelyingParty, person: Known) -> None:
    started = begin(screen)
    browser.get(started["verification_uri_complete"])
    page = browser.sign_in(person.number, PASSWORD)
    assert page.form("decision").fields["user_code"] == started["user_code"]


def test_refusing_tells_the_screen(browser: Browser, screen: RelyingParty, person: Known) -> None:
    started = begin(screen)
    confirmed(browser, started, person)
    assert "没有登录" in browser.submit(decision="refuse").text
    assert poll(screen, started).error == "access_denied"


def test_a_screen_that_asks_too_often_is_slowed_down_and_stays_slow(screen: RelyingParty, clock: SettableClock) -> None:
    started = begin(screen)
    assert poll(screen, started).error == "authorization_pending"
    assert poll(screen, started).error == "slow_down"
    clock.forward(seconds=6)
    assert poll(screen, started).error == "slow_down"
    clock.forward(seconds=16)
    assert poll(screen, started).error == "authorization_pending"


def test_after_ten_minutes_it_is_over_on_both_sides(browser: Browser, screen: RelyingParty, clock: SettableClock) -> None:
    started = begin(screen)
    clock.forward(minutes=10)
    assert poll(screen, started).error == "expired_token"
    browser.get("/device")
    assert browser.submit(user_code=started["user_code"]).status == 422


def test_an_answer_is_given_once(app: Flask, browser: Browser, screen: RelyingParty, person: Known) -> None:
    started = begin(screen)
    form = confirmed(browser, started, person).form("decision")
    browser.submit(form=form, decision="refuse")
    assert browser.submit(form=form, decision="agree").status == 422
    assert poll(screen, started).error == "access_denied"


def test_one_device_code_sent_twenty_times_at_once_gives_one_set_of_tokens(
    browser: Browser, screen: RelyingParty, person: Known
) -> None:
    started = begin(screen)
    confirmed(browser, started, person)
    browser.submit(decision="agree")
    statuses = at_once(lambda _: poll(screen, started).status)
    assert sorted(map(str, statuses)) == ["200"] + ["400"] * 19


def test_the_level_that_the_app_requires_is_asked_for(
    browser: Browser, app: Flask, deployment: Deployment, school: str, person: Known, phone: Phone
) -> None:
    strict = register_app(
        app, deployment, school, token_endpoint_auth_method="none", grant_types=(GRANT,), redirect_uris=(), required_level=2
    )
    started = begin(strict)
    page = confirmed(browser, started, person)
    assert "code" in page.form("code").fields
    browser.submit(code=phone.code())
    browser.submit(decision="agree")
    assert strict.claims_of(poll(strict, started).body["id_token"])["acr"] == "urn:yima:acr:2"


@pytest.mark.parametrize("code", ["", "BBBB-BBBB", "x" * 32, "中文", "AAAA-EEEE", "'; --"])
def test_a_code_that_is_none_is_told_in_plain_words(browser: Browser, screen: RelyingParty, code: str) -> None:
    begin(screen)
    browser.get("/device")
    page = browser.submit(user_code=code)
    assert page.status == 422
    assert "代码不正确" in page.text


def test_guessing_is_slowed_down(browser: Browser, screen: RelyingParty) -> None:
    browser.get("/device")
    statuses = [browser.submit(user_code="BBBB-BBBB").status for _ in range(204)]
    assert statuses[:200] == [422] * 200
    assert 429 in statuses[200:]


@pytest.mark.parametrize(
    ("scope", "error"),
    [("profile", "invalid_scope"), ("openid everything", "invalid_scope"), ("openid person_number", "invalid_scope")],
)
def test_a_screen_asks_for_what_it_may_have(screen: RelyingParty, scope: str, error: str) -> None:
    answer = screen.authenticated("device_authorization", {"scope": scope})
    assert (answer.status, answer.error) == (400, error)


def test_only_apps_that_are_registered_for_it_and_authenticate_may_begin(
    app: Flask, deployment: Deployment, school: str, rp: RelyingParty
) -> None:
    assert rp.authenticated("device_authorization", {"scope": "openid"}).error == "unauthorized_client"
    assert rp.call("device_authorization", {"scope": "openid", "client_id": rp.client_id}).status == 401


def test_a_device_code_of_another_client_is_nothing(app: Flask, deployment: Deployment, school: str, screen: RelyingParty) -> None:
    started = begin(screen)
    other = register_app(
        app, deployment, school, issuer=screen.issuer, token_endpoint_auth_method="none", grant_types=(GRANT,), redirect_uris=()
    )
    assert poll(other, started).error == "invalid_grant"
    assert poll(screen, started).error == "authorization_pending"
