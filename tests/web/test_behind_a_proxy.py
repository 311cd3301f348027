"""An installation as a school runs it: https outside, a reverse proxy in between."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from idp.app import create_app
from idp.audit.tables import AuditEvent
from idp.deployment import Deployment, open_deployment
from idp.settings import Settings
from tests.clocks import SettableClock
from tests.people import PASSWORD, make_person, make_school

HOST = "https://id.example.edu.cn"


@pytest.fixture
def behind(deployment_settings: Settings, clock: SettableClock) -> Iterator[Deployment]:
    changes = {"public_url": HOST, "trusted_proxies": 1}
    deployment = open_deployment(deployment_settings.model_copy(update=changes), clock)
    yield deployment
    deployment.close()


@pytest.fixture
def https_app(behind: Deployment) -> Flask:
    return create_app(behind)


def test_cookies_insist_on_https_and_on_this_host_and_browsers_are_told_to_stay(https_app: Flask) -> None:
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.1"}
    response = https_app.test_client().get("/login", base_url=HOST, headers=headers)
    cookies = response.headers.getlist("Set-Cookie")
    assert cookies
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
    assert "max-age=31536000" in response.headers["Strict-Transport-Security"]


def test_discovery_names_the_public_address_whatever_host_was_asked(https_app: Flask) -> None:
    response = https_app.test_client().get("/.well-known/openid-configuration", base_url="http://10.0.0.5:8000")
    assert response.get_json()["issuer"] == HOST


def test_a_form_counts_by_https_though_our_pages_let_browsers_send_no_referer(behind: Deployment, https_app: Flask) -> None:
    assert recorded_address(behind, https_app, "203.0.113.7") == "203.0.113.7"


def recorded_address(deployment: Deployment, app: Flask, forwarded: str | None) -> str | None:
    """The address in the journal after a wrong password that came through the proxy."""
    import re

    school = make_school(deployment)
    person = make_person(deployment, school, document=f"ADDR{abs(hash(forwarded)) % 10**6:06}")
    client = app.test_client()
    headers = {"X-Forwarded-Proto": "https"} | ({"X-Forwarded-For": forwarded} if forwarded is not None else {})
    options = {
        "base_url": HOST,
        "headers": headers,
        "environ_overrides": {"REMOTE_ADDR": "172.16.0.1"},
    }
    page = client.get("/login", follow_redirects=True, **options).get_data(as_text=True)  # type: ignore[arg-type]
    fields = dict(re.findall(r'name="(csrf_token|flow)" value="([^"]+)"', page))
    client.post("/login/password", data={**fields, "account": person.number, "password": PASSWORD + "x"}, **options)  # type: ignore[arg-type]
    with deployment.reading() as session:
        events = select(AuditEvent).where(AuditEvent.subject == f"person:{person.number}").order_by(AuditEvent.seq.desc())
        event = session.scalars(events).first()
        assert event is not None
        assert event.action == "login.session.refused"
        return event.address


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("1.2.3.4, 203.0.113.7", "203.0.113.7"),
        ("2001:db8::7", "2001:db8::7"),
        (None, "172.16.0.1"),
    ],
)
def test_the_address_is_the_one_that_the_trusted_proxy_saw(
    behind: Deployment, https_app: Flask, forwarded: str | None, address: str
) -> None:
    assert recorded_address(behind, https_app, forwarded) == address


def test_without_a_trusted_proxy_the_header_is_a_strangers_word(deployment_settings: Settings, clock: SettableClock) -> None:
    deployment = open_deployment(deployment_settings.model_copy(update={"public_url": HOST}), clock)
    assert recorded_address(deployment, create_app(deployment), "1.2.3.4") == "172.16.0.1"
    deployment.close()
