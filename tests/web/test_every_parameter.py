"""Every parameter of every endpoint: absent, empty, repeated, oversized, of the wrong kind or encoding. Never a 500."""

from urllib.parse import quote, urlencode

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis import Case

from idp.deployment import Deployment
from idp.oidc.description import FORMS
from idp.oidc.endpoints import HANDLERS
from tests.people import Known
from tests.web.conftest import app_with
from tests.web.pages import HOST
from tests.web.relying_party import CALLBACK, RelyingParty, register_app

FORM = "application/x-www-form-urlencoded"
NASTY = {
    "empty": "",
    "blank": " ",
    "oversized": "x" * 9000,
    "a number": "-1",
    "an object": '{"a":1}',
    "nested": "[" * 4000,
    "a lone surrogate": '{"userinfo":{"sub":{"value":"\\ud800"}}}',
    "a long number": "9" * 5000,
    "a token of nothing": "eyJhbGciOiJub25lIn0.e30.",
    "a null byte": "a\x00b",
    "a new line": "a\r\nSet-Cookie: b",
    "chinese": "一码",
}
RAW = {"not utf-8": b"%ff%fe", "broken escape": b"%zz", "latin-1": "ü".encode("latin-1"), "a bare byte": b"\xff"}


@pytest.fixture
def everything(app: Flask, deployment: Deployment, school: str) -> RelyingParty:
    """An app that may use every grant."""
    return register_app(
        app,
        deployment,
        school,
        introspects=True,
        trusted=True,
        token_endpoint_auth_method="client_secret_post",
        backchannel_token_delivery_mode="poll",
        grant_types=(
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code",
            "urn:openid:params:grant-type:ciba",
            "urn:ietf:params:oauth:grant-type:token-exchange",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
        ),
    )


def usual(party: RelyingParty, name: str) -> dict[str, str]:
    """A request that would do, as far as one can be without a person."""
    own = {"client_id": party.client_id, "client_secret": party.secret or ""}
    return {
        "token": {**own, "grant_type": "client_credentials"},
        "par": {**own, **party.parameters()},
        "device_authorization": {**own, "scope": "openid"},
        "bc-authorize": {**own, "scope": "openid", "login_hint": "nobody"},
        "introspect": {**own, "token": "x"},
        "revoke": {**own, "token": "x"},
        "userinfo": {"access_token": "x"},
    }[name]


def send(app: Flask, name: str, body: bytes) -> int:
    return app.test_client().post(f"/oauth/{name}", data=body, content_type=FORM, base_url=HOST).status_code


@pytest.mark.parametrize("name", FORMS)
def test_no_endpoint_for_programs_breaks_on_any_parameter(app: Flask, everything: RelyingParty, person: Known, name: str) -> None:
    given = usual(everything, name)
    for parameter in FORMS[name]:
        others = {key: value for key, value in given.items() if key != parameter}
        rest = urlencode(others).encode()
        key = quote(parameter).encode()
        tries = {"absent": rest}
        tries |= {label: rest + b"&" + urlencode({parameter: value}).encode() for label, value in NASTY.items()}
        tries |= {label: rest + b"&" + key + b"=" + value for label, value in RAW.items()}
        tries["repeated"] = rest + b"&" + urlencode([(parameter, "a"), (parameter, "b")]).encode()
        for label, body in tries.items():
            status = send(app, name, body)
            assert status < 500, (parameter, label)
            if label in ("oversized", "a null byte", "a new line", "not utf-8", "a bare byte"):
                assert status in (400, 401, 413), (parameter, label)
            if label == "repeated" and parameter != "resource":
                assert status in (400, 401), (parameter, label)


@pytest.mark.parametrize("parameter", FORMS["par"])
def test_the_authorization_endpoint_breaks_on_none_either_and_redirects_only_to_the_app(
    app: Flask, everything: RelyingParty, person: Known, parameter: str
) -> None:
    given = everything.parameters()
    others = urlencode({key: value for key, value in given.items() if key != parameter})
    tries = [others, *(f"{others}&{urlencode({parameter: value})}" for value in NASTY.values())]
    tries += [f"{others}&{parameter}={raw}" for raw in ("%ff%fe", "%zz")]
    tries.append(f"{others}&{parameter}=a&{parameter}=b")
    for query in tries:
        response = app.test_client().get(f"/oauth/authorize?{query}", base_url=HOST)
        location = response.headers.get("Location", "")
        assert response.status_code < 500, query
        if response.status_code in (302, 303):
            assert location.startswith((CALLBACK, "/login")), query
            assert parameter not in ("client_id", "redirect_uri") or query.endswith(others), query


@pytest.mark.parametrize("name", [*HANDLERS, "authorize", "logout"])
@pytest.mark.parametrize("body", [b"", b"\x00" * 100, b"=" * 1000, b"&" * 1000, b"a=" + b"x" * 300_000, b'{"a":1}'])
def test_a_body_that_is_no_form_is_refused_and_breaks_nothing(app: Flask, name: str, body: bytes) -> None:
    for content_type in (FORM, "application/json", "text/plain", "multipart/form-data; boundary=x", ""):
        response = app.test_client().post(f"/oauth/{name}", data=body, content_type=content_type, base_url=HOST)
        assert response.status_code < 500, content_type


def test_the_description_names_the_endpoints_that_there_are(app: Flask) -> None:
    for prefix in ("", "/intl"):
        described = app.test_client().get(f"{prefix}/oauth/openapi.json").get_json()
        assert {path.removeprefix("/oauth/") for path in described["paths"]} == set(HANDLERS)
        assert set(FORMS) | {"register"} == set(HANDLERS)
        for path, operations in described["paths"].items():
            allowed = HANDLERS[path.removeprefix("/oauth/")][0]
            assert {method.upper() for method in operations} == set(allowed)


@pytest.mark.parametrize("prefix", ["", "/intl"])
def test_no_endpoint_answers_500_whatever_is_made_up(deployment: Deployment, school: str, prefix: str) -> None:
    open_to_all = app_with(deployment, registration="open", registration_owner=school)
    schema = schemathesis.openapi.from_wsgi(f"{prefix}/oauth/openapi.json", open_to_all)
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(max_examples=8, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def ask(case: Case) -> None:
            assert case.call(base_url=HOST + prefix).status_code < 500

        ask()
        tried += 1
    assert tried == sum(len(methods) for methods, _handler in HANDLERS.values())
