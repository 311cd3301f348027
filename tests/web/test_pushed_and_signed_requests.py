"""Requests that the app hands over itself (RFC 9126), and requests that it has signed (RFC 9101)."""

import json
import secrets

import pytest
from flask import Flask

from idp.crypto import base64url
from idp.crypto.jose import SoftwareSigner, generate_signer, jwt
from idp.deployment import Deployment
from tests.at_once import at_once
from tests.clocks import SettableClock
from tests.people import PASSWORD, Known
from tests.web.conftest import sign_in_to
from tests.web.pages import HOST, Browser
from tests.web.relying_party import CALLBACK, Answer, RelyingParty, register_app

NONE = b'{"alg":"none"}'


def push(party: RelyingParty, **changes: str | None) -> Answer:
    return party.authenticated("par", {name: v for name, v in party.parameters(**changes).items() if name != "client_id"})


def reference(party: RelyingParty, answer: Answer) -> str:
    return f"{HOST}{party.prefix}/oauth/authorize?client_id={party.client_id}&request_uri={answer.body['request_uri']}"


def test_a_pushed_request_signs_in_like_one_in_the_address(browser: Browser, rp: RelyingParty, person: Known) -> None:
    answer = push(rp)
    assert (answer.status, answer.body["expires_in"]) == (201, 60)
    assert answer.headers["Cache-Control"] == "no-store"
    browser.get(reference(rp, answer))
    browser.sign_in(person.number, PASSWORD)
    page = browser.submit(decision="agree")
    assert page.query["state"] == rp.state
    assert rp.claims_of(rp.exchange(page.query["code"]).body["id_token"])["nonce"] == rp.nonce


def test_what_stands_beside_the_reference_is_not_used(browser: Browser, trusted: RelyingParty, person: Known) -> None:
    sign_in_to(browser, trusted, person)
    page = browser.get(reference(trusted, push(trusted)) + "&state=other&redirect_uri=https%3A%2F%2Fevil.example&scope=openid")
    assert page.location.startswith(CALLBACK)
    assert page.query["state"] == trusted.state


def test_a_reference_works_once(browser: Browser, trusted: RelyingParty, person: Known) -> None:
    sign_in_to(browser, trusted, person)
    url = reference(trusted, push(trusted))
    assert browser.get(url).query["code"]
    assert browser.get(url).status == 400


def test_one_reference_sent_twenty_times_at_once_works_once(app: Flask, trusted: RelyingParty, person: Known) -> None:
    url = reference(trusted, push(trusted)).removeprefix(HOST)
    statuses = at_once(lambda number: app.test_client().get(url, base_url=HOST).status_code)
    assert sorted(map(str, statuses)) == ["302"] + ["400"] * 19


def test_a_reference_ends_after_a_minute(browser: Browser, trusted: RelyingParty, clock: SettableClock) -> None:
    url = reference(trusted, push(trusted))
    clock.forward(seconds=60)
    assert browser.get(url).status == 400


def test_a_reference_of_another_client_or_issuer_is_nothing(
    browser: Browser, app: Flask, deployment: Deployment, school: str, trusted: RelyingParty
) -> None:
    answer = push(trusted)
    for other in (register_app(app, deployment, school), register_app(app, deployment, school, issuer="intl")):
        assert browser.get(reference(other, answer)).status == 400
    assert "password" in browser.get(reference(trusted, answer)).form("account").fields


@pytest.mark.parametrize(
    "uri",
    ["urn:ietf:params:oauth:request_uri:unknown", "urn:ietf:params:oauth:request_uri:", "https://app.example.edu.cn/r", "x" * 5000],
)
def test_a_reference_that_is_none_is_refused(browser: Browser, rp: RelyingParty, uri: str) -> None:
    page = browser.get(f"{HOST}/oauth/authorize?client_id={rp.client_id}&request_uri={uri}")
    assert page.status == 400
    assert not page.location


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "openid everything"}, "invalid_scope"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
        ({"prompt": "maybe"}, "invalid_request"),
        ({"acr_values": "urn:yima:acr:4"}, "unmet_authentication_requirements"),
    ],
)
def test_a_wrong_request_is_refused_when_it_is_pushed(rp: RelyingParty, changes: dict[str, str | None], error: str) -> None:
    answer = push(rp, **changes)
    assert (answer.status, answer.error) == (400, error)


def test_pushing_needs_the_clients_authentication(rp: RelyingParty) -> None:
    assert rp.call("par", rp.parameters()).status == 401
    rp.secret = "wrong"
    assert push(rp).status == 401
    assert rp.call("par", method="GET").status == 405


def test_an_app_may_take_pushed_requests_only(browser: Browser, app: Flask, deployment: Deployment, school: str) -> None:
    strict = register_app(app, deployment, school, require_pushed_authorization_requests=True)
    assert browser.get(strict.authorize_url()).status == 400
    assert "password" in browser.get(reference(strict, push(strict))).form("account").fields


@pytest.fixture(scope="module", params=["SGD_SM3_SM2", "ES256"])
def signer(request: pytest.FixtureRequest) -> SoftwareSigner:
    return generate_signer(request.param)


@pytest.fixture
def signing(app: Flask, deployment: Deployment, school: str, signer: SoftwareSigner) -> RelyingParty:
    """A trusted app with a secret and a key for its requests."""
    return register_app(app, deployment, school, trusted=True, jwks={"keys": [signer.public_jwk()]})


def signed(party: RelyingParty, signer: SoftwareSigner, clock: SettableClock, **changes: object) -> str:
    now = int(clock.now().timestamp())
    claims: dict[str, object] = {
        **party.parameters(),
        "iss": party.client_id,
        "aud": HOST,
        "exp": now + 60,
        "jti": secrets.token_hex(4),
    }
    return jwt.encode({name: v for name, v in {**claims, **changes}.items() if v is not None}, signer, typ="oauth-authz-req+jwt")


def test_a_signed_request_is_the_request_and_what_stands_outside_is_not(
    browser: Browser, signing: RelyingParty, signer: SoftwareSigner, clock: SettableClock, person: Known
) -> None:
    text = signed(signing, signer, clock, max_age=300, claims={"userinfo": {"email": None}})
    browser.get(
        f"{HOST}/oauth/authorize?client_id={signing.client_id}&request={text}&state=other&redirect_uri=https%3A%2F%2Fevil.example"
    )
    page = browser.sign_in(person.number, PASSWORD)
    assert page.location.startswith(CALLBACK)
    assert page.query["state"] == signing.state
    token = signing.exchange(page.query["code"]).body["access_token"]
    assert signing.userinfo(token).body["email"] == "lin@example.edu.cn"


def test_a_signed_request_can_be_pushed(
    browser: Browser, signing: RelyingParty, signer: SoftwareSigner, clock: SettableClock
) -> None:
    answer = signing.authenticated("par", {"request": signed(signing, signer, clock)})
    assert answer.status == 201, answer.body
    assert "password" in browser.get(reference(signing, answer)).form("account").fields


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"},
        {"aud": "https://elsewhere.example"},
        {"exp": 1},
        {"exp": "soon"},
        {"nbf": 2**40},
        {"client_id": "app_other"},
        {"request": "x.y.z"},
        {"request_uri": "urn:x"},
        {"state": "a\nb"},
    ],
)
def test_a_signed_request_that_is_not_for_here_and_now_is_refused(
    browser: Browser, signing: RelyingParty, signer: SoftwareSigner, clock: SettableClock, changes: dict[str, object]
) -> None:
    answer = signing.authenticated("par", {"request": signed(signing, signer, clock, **changes)})
    assert (answer.status, answer.error) == (400, "invalid_request_object")
    page = browser.get(f"{HOST}/oauth/authorize?client_id={signing.client_id}&request={signed(signing, signer, clock, **changes)}")
    assert page.status in (400, 414)
    assert not page.location


def test_a_request_signed_by_a_stranger_or_by_nobody_is_refused(
    browser: Browser, signing: RelyingParty, rp: RelyingParty, signer: SoftwareSigner, clock: SettableClock
) -> None:
    stranger = signed(signing, generate_signer(signer.alg), clock)
    unsigned = f"{base64url.encode(NONE)}.{base64url.encode(json.dumps(signing.parameters()).encode())}."
    for text in (stranger, unsigned, "x", stranger[:-3]):
        assert signing.authenticated("par", {"request": text}).error == "invalid_request_object"
    assert rp.authenticated("par", {"request": signed(rp, signer, clock)}).error == "invalid_request_object"
