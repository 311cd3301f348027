"""Signing out by way of the apps' own pages in frames, and the state that an app's frame can ask for."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask

from idp.apps.errors import InvalidRegistration
from idp.deployment import Deployment
from tests.people import PASSWORD, Known
from tests.web.conftest import sign_in_to
from tests.web.pages import HOST, Browser, Page
from tests.web.relying_party import AFTER, CALLBACK, RelyingParty, register_app

LOGOUT = "https://app.example.edu.cn/front?x=1"


def sign_out(browser: Browser) -> Page:
    browser.get(f"{HOST}/logout")
    return browser.submit(form=next(form for form in browser.page.forms if form.action.endswith("/logout")))


def frames(page: Page) -> list[str]:
    return [part.split('"')[0].replace("&amp;", "&") for part in page.text.split('data-src="')[1:]]


@pytest.fixture(params=["sm", "intl"])
def framed(request: pytest.FixtureRequest, app: Flask, deployment: Deployment, school: str) -> RelyingParty:
    """An app that has a page for sign-outs, on each issuer."""
    return register_app(app, deployment, school, issuer=request.param, trusted=True, frontchannel_logout_uri=LOGOUT)


def test_the_apps_page_is_shown_with_issuer_and_session(browser: Browser, framed: RelyingParty, person: Known) -> None:
    claims = framed.claims_of(framed.exchange(sign_in_to(browser, framed, person)).body["id_token"])
    page = sign_out(browser)
    (url,) = frames(page)
    assert url.startswith("https://app.example.edu.cn/front?x=1&")
    assert dict(parse_qsl(urlsplit(url).query)) == {"x": "1", "iss": claims["iss"], "sid": claims["sid"]}
    assert "frame-src https://app.example.edu.cn;" in page.headers["Content-Security-Policy"]
    assert "password" in browser.get(f"{HOST}/me").form("account").fields


def test_it_is_shown_on_the_way_back_to_the_app_that_asked(browser: Browser, framed: RelyingParty, person: Known) -> None:
    hint = framed.exchange(sign_in_to(browser, framed, person)).body["id_token"]
    page = browser.get(f"{HOST}{framed.prefix}/oauth/logout?id_token_hint={hint}&post_logout_redirect_uri={AFTER}&state=a%26b")
    assert len(frames(page)) == 1
    assert f'href="{AFTER}?state=a%26b"' in page.text


def test_nobody_else_is_told(browser: Browser, app: Flask, framed: RelyingParty, rp: RelyingParty, person: Known) -> None:
    sign_in_to(Browser(app), framed, person)
    sign_in_to(browser, rp, person)
    page = sign_out(browser)
    assert page.location.endswith("/signed-out") or "data-src" not in page.text


@pytest.mark.parametrize(
    "uri", ["https://elsewhere.example/front", "http://app.example.edu.cn/front", "https://app.example.edu.cn:444/front", "x"]
)
def test_the_page_has_the_host_of_a_redirect_uri(app: Flask, deployment: Deployment, school: str, uri: str) -> None:
    with pytest.raises(InvalidRegistration):
        register_app(app, deployment, school, frontchannel_logout_uri=uri)


def test_the_answer_holds_a_state_that_fits_the_browsers_and_no_other(
    browser: Browser, trusted: RelyingParty, person: Known
) -> None:
    browser.get(trusted.authorize_url())
    page = browser.sign_in(person.number, PASSWORD)
    kept = browser.cookies().get("yima_state", "")
    digest, salt = page.query["session_state"].split(".")
    text = " ".join((trusted.client_id, CALLBACK.removesuffix("/callback"), kept, salt))
    assert digest == base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    sign_out(browser)
    assert not browser.cookies().get("yima_state", "")
    browser.get(trusted.authorize_url())
    browser.sign_in(person.number, PASSWORD)
    assert browser.cookies().get("yima_state", "") not in ("", kept)


def test_an_error_holds_no_state(browser: Browser, trusted: RelyingParty) -> None:
    page = browser.get(trusted.authorize_url(prompt="none"))
    assert page.query["error"] == "login_required"
    assert "session_state" not in page.query


def test_only_the_frame_may_be_framed(app: Flask) -> None:
    client = app.test_client()
    frame = client.get("/oauth/session", base_url=HOST)
    assert "frame-ancestors *" in frame.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in frame.headers
    page = client.get("/signed-out", base_url=HOST)
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"
    document: Any = client.get("/intl/.well-known/openid-configuration", base_url=HOST).get_json()
    assert document["check_session_iframe"].endswith("/intl/oauth/session")
    assert document["frontchannel_logout_session_supported"] is True
