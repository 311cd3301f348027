"""What an app keeps at an address of its own: its keys, and signed requests. Fetched when needed, never from our own network."""

import base64
import hashlib
import json
import time
from typing import Any

import pytest
from flask import Flask

from idp.apps import register
from idp.crypto.jose import SoftwareSigner, generate_signer, jwt
from idp.deployment import Deployment
from tests.clocks import SettableClock
from tests.people import Known
from tests.services.receiver import Receiver
from tests.web.conftest import sign_in_to
from tests.web.pages import HOST, Browser
from tests.web.relying_party import CALLBACK, Answer, RelyingParty, register_app

OLD, NEW = generate_signer("SGD_SM3_SM2"), generate_signer("ES256")


def assertion(party: RelyingParty, signer: SoftwareSigner, clock: SettableClock, jti: str) -> dict[str, str]:
    claims = {"iss": party.client_id, "sub": party.client_id, "aud": HOST, "jti": jti, "exp": int(clock.now().timestamp()) + 60}
    return {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode(claims, signer),
        "grant_type": "client_credentials",
    }


def publish(receiver: Receiver, *signers: SoftwareSigner) -> None:
    receiver.documents["/jwks"] = json.dumps({"keys": [signer.public_jwk() for signer in signers]}).encode()


@pytest.fixture
def keyed(fetching: Flask, deployment: Deployment, school: str, receiver: Receiver) -> RelyingParty:
    """An app whose keys lie at its own address."""
    changes: dict[str, Any] = {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": f"{receiver.url}/jwks"}
    return register_app(fetching, deployment, school, grant_types=("client_credentials",), redirect_uris=(), **changes)


def test_keys_at_an_address_are_fetched_once_for_many_requests(
    keyed: RelyingParty, receiver: Receiver, clock: SettableClock
) -> None:
    publish(receiver, OLD)
    for number in range(3):
        assert keyed.call("token", assertion(keyed, OLD, clock, f"j{number}")).status == 200
    assert receiver.fetched == ["/jwks"]


def test_an_app_that_changes_its_keys_is_understood_at_once(
    keyed: RelyingParty, receiver: Receiver, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(receiver, OLD)
    assert keyed.call("token", assertion(keyed, OLD, clock, "a")).status == 200
    publish(receiver, NEW)
    # A stranger's token must not make us fetch again and again: not within ten seconds.
    assert keyed.call("token", assertion(keyed, NEW, clock, "b")).status == 401
    later = time.monotonic() + 11
    monkeypatch.setattr("idp.oidc.clients.remote.time.monotonic", lambda: later)
    assert keyed.call("token", assertion(keyed, NEW, clock, "c")).status == 200
    assert receiver.fetched == ["/jwks"] * 2


@pytest.mark.parametrize("document", [None, b"", b"[]", b'{"keys":1}', b'{"keys":[]}', b"\xff", b"x" * 300_000])
def test_an_address_without_usable_keys_authenticates_nobody(
    keyed: RelyingParty, receiver: Receiver, clock: SettableClock, document: bytes | None
) -> None:
    if document is not None:
        receiver.documents["/jwks"] = document
    assert keyed.call("token", assertion(keyed, OLD, clock, "a")).error == "invalid_client"


def test_keys_in_our_own_network_are_not_fetched(
    app: Flask, deployment: Deployment, school: str, receiver: Receiver, clock: SettableClock
) -> None:
    publish(receiver, OLD)
    changes: dict[str, Any] = {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": f"{receiver.url}/jwks"}
    party = register_app(app, deployment, school, grant_types=("client_credentials",), redirect_uris=(), **changes)
    assert party.call("token", assertion(party, OLD, clock, "a")).error == "invalid_client"
    assert receiver.fetched == []


@pytest.fixture
def by_reference(fetching: Flask, deployment: Deployment, school: str, receiver: Receiver) -> RelyingParty:
    """A trusted app that keeps its requests at its own address."""
    uris = (f"{receiver.url}/request", f"{receiver.url}/other")
    return register_app(fetching, deployment, school, trusted=True, jwks={"keys": [OLD.public_jwk()]}, request_uris=uris)


def keep(receiver: Receiver, party: RelyingParty, path: str = "/request", **changes: object) -> bytes:
    claims = {**party.parameters(), "iss": party.client_id, "aud": HOST, **changes}
    receiver.documents[path] = jwt.encode(claims, OLD).encode()
    return receiver.documents[path]


def test_a_request_at_its_address_is_fetched_and_obeyed(by_reference: RelyingParty, receiver: Receiver, person: Known) -> None:
    text = keep(receiver, by_reference, nonce="from the address")
    browser = Browser(by_reference.app)
    sign_in_to(browser, by_reference, person)
    digest = base64.urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b"=").decode()
    for uri in (f"{receiver.url}/request", f"{receiver.url}/request#{digest}"):
        page = browser.get(by_reference.authorize_url(request_uri=uri, nonce="outside"))
        tokens = by_reference.exchange(page.query["code"]).body
        assert by_reference.claims_of(tokens["id_token"])["nonce"] == "from the address"


@pytest.mark.parametrize("path", ["/elsewhere", "/other", "/request#wrongdigest", "/request?x=1", "/request/"])
def test_an_address_that_is_not_registered_or_holds_something_else_is_refused(
    by_reference: RelyingParty, receiver: Receiver, path: str
) -> None:
    keep(receiver, by_reference)
    page = Browser(by_reference.app, language="en").get(by_reference.authorize_url(request_uri=f"{receiver.url}{path}"))
    assert page.status == 400
    assert not page.location


def test_a_redirect_is_not_followed(by_reference: RelyingParty, receiver: Receiver) -> None:
    keep(receiver, by_reference)
    receiver.status, receiver.headers = 302, {"Location": f"{receiver.url}/other"}
    assert Browser(by_reference.app).get(by_reference.authorize_url(request_uri=f"{receiver.url}/request")).status == 400
    assert receiver.fetched == ["/request"]


def test_a_request_and_an_address_of_one_exclude_each_other(by_reference: RelyingParty, receiver: Receiver) -> None:
    url = by_reference.authorize_url(request_uri=f"{receiver.url}/request", request="x.y.z")
    assert Browser(by_reference.app).get(url).status == 400
    assert receiver.fetched == []


def test_an_app_may_promise_to_sign_every_request(app: Flask, deployment: Deployment, school: str, browser: Browser) -> None:
    party = register_app(app, deployment, school, jwks={"keys": [OLD.public_jwk()]}, require_signed_request_object=True)
    assert browser.get(party.authorize_url()).status == 400
    text = jwt.encode({**party.parameters(), "iss": party.client_id, "aud": HOST}, OLD)
    assert browser.get(f"{HOST}/oauth/authorize?client_id={party.client_id}&request={text}").status == 200


def test_an_algorithm_that_the_app_named_is_the_only_one(
    app: Flask, deployment: Deployment, school: str, browser: Browser, clock: SettableClock
) -> None:
    keys = {"keys": [OLD.public_jwk(), NEW.public_jwk()]}
    party = register_app(app, deployment, school, jwks=keys, request_object_signing_alg="ES256")
    for signer, status in ((OLD, 400), (NEW, 200)):
        text = jwt.encode({**party.parameters(), "iss": party.client_id, "aud": HOST}, signer)
        assert browser.get(f"{HOST}/oauth/authorize?client_id={party.client_id}&request={text}").status == status


def test_an_app_with_a_secret_may_be_excused_from_pkce(
    app: Flask, deployment: Deployment, school: str, browser: Browser, person: Known
) -> None:
    party = register_app(app, deployment, school, trusted=True, requires_pkce=False)
    without = {"code_challenge": None, "code_challenge_method": None}
    code = sign_in_to(browser, party, person, **without)
    data = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    # RFC 9700 §2.1.1: without a challenge no verifier, or an attacker could take the challenge out of the request.
    assert party.authenticated("token", {**data, "code_verifier": party.verifier}).error == "invalid_grant"
    answer: Answer = party.authenticated("token", data)
    assert answer.status == 200
    with_challenge = browser.get(party.authorize_url()).query["code"]
    assert party.authenticated("token", {**data, "code": with_challenge}).error == "invalid_grant"
    assert party.exchange(with_challenge).status == 200


def test_the_consent_page_tells_what_each_piece_of_data_is_for(
    app: Flask, deployment: Deployment, school: str, person: Known
) -> None:
    particulars = register.Particulars(
        "图书馆", school, "it@example.edu.cn", "借书", {"openid", "email"}, reasons={"email": "发催还通知"}
    )
    changes: dict[str, Any] = {"policy_uri": "https://app.example.edu.cn/privacy"}
    party = register_app(app, deployment, school, particulars=particulars, **changes)
    browser = Browser(app)
    browser.get(party.authorize_url(scope="openid email"))
    page = browser.sign_in(person.number, "violet-tram-93")
    assert "发催还通知" in page.text
    assert "https://app.example.edu.cn/privacy" in page.text
