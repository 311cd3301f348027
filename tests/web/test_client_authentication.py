"""Who calls an endpoint for programs: by the one way that was registered, and by no other."""

import base64
import secrets

import pytest
from flask import Flask

from idp.app import create_app
from idp.crypto.jose import SoftwareSigner, generate_signer, jwt
from idp.deployment import Deployment
from idp.oidc.clients import registration
from tests.at_once import at_once
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known
from tests.web.conftest import sign_in_to
from tests.web.pages import HOST, Browser
from tests.web.relying_party import CALLBACK, RelyingParty, register_app


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "none"])
def test_a_client_authenticates_by_the_method_it_registered_and_no_other(
    app: Flask, deployment: Deployment, school: str, browser: Browser, person: Known, method: str
) -> None:
    party = register_app(app, deployment, school, token_endpoint_auth_method=method, trusted=True)
    verifier = {"code_verifier": party.verifier, "grant_type": "authorization_code", "redirect_uri": CALLBACK}
    ways = {
        "client_secret_basic": lambda data: party.call(
            "token",
            data,
            headers={"Authorization": "Basic " + base64.b64encode(f"{party.client_id}:{party.secret}".encode()).decode()},
        ),
        "client_secret_post": lambda data: party.call(
            "token", {**data, "client_id": party.client_id, "client_secret": party.secret or "x"}
        ),
        "none": lambda data: party.call("token", {**data, "client_id": party.client_id}),
    }
    for name, way in ways.items():
        answer = way({**verifier, "code": sign_in_to(browser, party, person)})
        assert (answer.status == 200) == (name == method), (name, answer.body)
        if name != method:
            assert answer.error == "invalid_client"
            assert answer.status == 401
        if {name, method} == {"client_secret_basic", "client_secret_post"}:
            assert f"registered for {method}" in answer.body["error_description"]


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic !", "Basic eA==", "Basic " + base64.b64encode(b"app:wrong").decode(), "Basic /w==", "Bearer x", "x" * 5000],
)
def test_a_wrong_authorization_header_is_refused_with_the_scheme(rp: RelyingParty, code: str, header: str) -> None:
    answer = rp.call("token", {"grant_type": "authorization_code", "code": code}, headers={"Authorization": header})
    assert (answer.status, answer.error) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert rp.exchange(code).status == 200


def test_a_wrong_secret_an_unknown_client_and_two_methods_at_once_are_refused(rp: RelyingParty, code: str) -> None:
    right = rp.secret
    rp.secret = "wrong"
    wrong = rp.exchange(code)
    rp.secret = right
    unknown = rp.call("token", {"grant_type": "authorization_code", "client_id": "app_unknown", "client_secret": "x"})
    assert wrong.error == unknown.error == "invalid_client"
    assert wrong.body["error_description"] == unknown.body["error_description"]
    both = rp.call("token", {"grant_type": "authorization_code", "code": code, "client_secret": right or ""}, headers=rp.basic())
    assert both.error == "invalid_request"


def test_an_old_secret_works_for_a_day_after_a_new_one_was_made(
    rp: RelyingParty, deployment: Deployment, app: Flask, clock: SettableClock
) -> None:
    with deployment.transaction(OPERATOR) as tx:
        fresh = registration.rotate_secret(tx, rp.client_id)
    rp.app = create_app(deployment)  # a worker that has not kept the registration

    def error_with(secret: str | None) -> str:
        rp.secret = secret
        return rp.refresh("unknown").error

    old = rp.secret
    assert error_with(old) == error_with(fresh) == "invalid_grant"
    clock.forward(days=1)
    assert (error_with(old), error_with(fresh)) == ("invalid_client", "invalid_grant")


def assertion(rp: RelyingParty, signer: SoftwareSigner, clock: SettableClock, **changes: object) -> dict[str, str]:
    now = int(clock.now().timestamp())
    claims: dict[str, object] = {
        "iss": rp.client_id,
        "sub": rp.client_id,
        "aud": "http://localhost:8000",
        "exp": now + 60,
        "jti": secrets.token_hex(8),
    }
    return {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode({name: value for name, value in {**claims, **changes}.items() if value is not None}, signer),
    }


@pytest.fixture(scope="module", params=["SGD_SM3_SM2", "RS256", "ES256", "PS256"])
def key(request: pytest.FixtureRequest) -> SoftwareSigner:
    return generate_signer(request.param)


def machine(app: Flask, deployment: Deployment, school: str, signer: SoftwareSigner) -> RelyingParty:
    return register_app(
        app,
        deployment,
        school,
        token_endpoint_auth_method="private_key_jwt",
        jwks={"keys": [signer.public_jwk()]},
        grant_types=("client_credentials",),
        redirect_uris=(),
        post_logout_redirect_uris=(),
    )


def test_a_client_proves_itself_by_a_signed_assertion_that_works_once(
    app: Flask, deployment: Deployment, school: str, clock: SettableClock, key: SoftwareSigner
) -> None:
    party = machine(app, deployment, school, key)
    proof = assertion(party, key, clock)
    assert party.call("token", {"grant_type": "client_credentials", **proof}).status == 200
    again = party.call("token", {"grant_type": "client_credentials", **proof})
    assert (again.status, again.error) == (401, "invalid_client")


def test_one_assertion_sent_twenty_times_at_once_works_once(
    app: Flask, deployment: Deployment, school: str, clock: SettableClock
) -> None:
    signer = generate_signer("ES256")
    party = machine(app, deployment, school, signer)
    proof = assertion(party, signer, clock)
    answers = at_once(lambda _: party.call("token", {"grant_type": "client_credentials", **proof}).status)
    assert sorted(map(str, answers)) == ["200"] + ["401"] * 19


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "other"},
        {"sub": "other"},
        {"aud": "https://elsewhere.example"},
        {"aud": None},
        {"exp": None},
        {"exp": 1},
        {"exp": "soon"},
        {"exp": 10**30},
        {"exp": 10**11},
        {"jti": None},
        {"jti": ""},
        {"jti": 5},
        {"jti": "x" * 300},
    ],
)
def test_an_assertion_with_a_wrong_claim_is_refused(
    app: Flask, deployment: Deployment, school: str, clock: SettableClock, changes: dict[str, object]
) -> None:
    signer = generate_signer("ES256")
    party = machine(app, deployment, school, signer)
    answer = party.call("token", {"grant_type": "client_credentials", **assertion(party, signer, clock, **changes)})
    assert (answer.status, answer.error) == (401, "invalid_client")


def test_an_assertion_by_another_key_or_of_another_kind_is_refused(
    app: Flask, deployment: Deployment, school: str, clock: SettableClock
) -> None:
    signer, stranger = generate_signer("ES256"), generate_signer("ES256")
    party = machine(app, deployment, school, signer)
    good = assertion(party, signer, clock)
    for wrong in (
        assertion(party, stranger, clock),
        {**good, "client_assertion_type": "urn:other"},
        {**good, "client_assertion": "x.y.z"},
        {**good, "client_assertion": "x"},
        {**good, "client_assertion": ""},
    ):
        answer = party.call("token", {"grant_type": "client_credentials", **wrong})
        assert answer.status == 401, answer.body


@pytest.mark.parametrize("name", ["token", "introspect", "revoke"])
def test_an_endpoint_for_programs_refuses_what_is_no_form_of_its_own(rp: RelyingParty, name: str) -> None:
    client = rp.app.test_client()
    path = f"/oauth/{name}"
    assert client.get(path, base_url=HOST).status_code == 405
    for body, kind in (
        (b'{"token": "x"}', "application/json"),
        (b"a=1&a=2", "application/x-www-form-urlencoded"),
        (b"a=%ff", "application/x-www-form-urlencoded"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"", "application/x-www-form-urlencoded"),
        (b"", ""),
    ):
        response = client.post(path, data=body, content_type=kind, base_url=HOST, headers=rp.basic())
        assert response.status_code in (400, 401), (body, kind)
        assert response.get_json()["error"] in ("invalid_request", "invalid_client")
    large = client.post(path, data=b"a=" + b"x" * 70_000, content_type="application/x-www-form-urlencoded", base_url=HOST)
    assert large.status_code == 413


def test_parameters_in_the_query_of_the_token_endpoint_are_refused(rp: RelyingParty) -> None:
    response = rp.app.test_client().post("/oauth/token?grant_type=client_credentials", data={}, base_url=HOST, headers=rp.basic())
    assert response.get_json()["error"] == "invalid_request"
