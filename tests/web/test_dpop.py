"""Tokens bound to a key (RFC 9449): worth nothing without it, and each proof works once."""

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator

import pytest
from flask import Flask

from idp.app import create_app
from idp.crypto import base64url
from idp.crypto.jose import SoftwareSigner, generate_signer
from idp.crypto.jose.jwk import thumbprint
from idp.deployment import Deployment, open_deployment
from tests.at_once import at_once
from tests.clocks import SettableClock
from tests.people import Known
from tests.web.conftest import sign_in_to
from tests.web.pages import HOST, Browser
from tests.web.relying_party import CALLBACK, Answer, RelyingParty, register_app

TOKEN, USERINFO = f"{HOST}/oauth/token", f"{HOST}/oauth/userinfo"


@pytest.fixture(scope="module", params=["ES256", "SGD_SM3_SM2"])
def key(request: pytest.FixtureRequest) -> SoftwareSigner:
    return generate_signer(request.param)


def bare(signer: SoftwareSigner) -> dict[str, object]:
    return {name: value for name, value in signer.public_jwk().items() if name in ("kty", "crv", "x", "y", "n", "e")}


class Prover:
    """Makes proofs with a key, by a clock."""

    def __init__(self, signer: SoftwareSigner, clock: SettableClock) -> None:
        self.signer, self.clock = signer, clock

    @property
    def jkt(self) -> str:
        return thumbprint(bare(self.signer))

    def proof(
        self,
        url: str,
        method: str = "POST",
        *,
        token: str | None = None,
        typ: str = "dpop+jwt",
        jwk: object = None,
        **changes: object,
    ) -> str:
        claims: dict[str, object] = {
            "htm": method,
            "htu": url,
            "iat": int(self.clock.now().timestamp()),
            "jti": secrets.token_hex(8),
        }
        if token is not None:
            claims["ath"] = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
        claims = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        # Without a kid, as other libraries make them.
        header = {"alg": self.signer.alg, "typ": typ, "jwk": jwk if jwk is not None else bare(self.signer)}
        signing_input = f"{base64url.encode(json.dumps(header).encode())}.{base64url.encode(json.dumps(claims).encode())}"
        return f"{signing_input}.{base64url.encode(self.signer.sign(signing_input.encode()))}"


@pytest.fixture
def prover(key: SoftwareSigner, clock: SettableClock) -> Prover:
    return Prover(key, clock)


def exchange(rp: RelyingParty, code: str, proof: str | None) -> Answer:
    data = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": rp.verifier}
    return token(rp, data, proof)


def token(rp: RelyingParty, data: dict[str, str], proof: str | None) -> Answer:
    authentication = rp.basic() if rp.secret else {}
    data = data if rp.secret else {"client_id": rp.client_id, **data}
    return rp.call("token", data, headers={**authentication, **({"DPoP": proof} if proof is not None else {})})


def userinfo(rp: RelyingParty, text: str, proof: str | None, scheme: str = "DPoP") -> Answer:
    headers = {"Authorization": f"{scheme} {text}", **({"DPoP": proof} if proof is not None else {})}
    return rp.call("userinfo", method="GET", headers=headers)


@pytest.fixture
def bound(browser: Browser, trusted: RelyingParty, person: Known, prover: Prover) -> dict[str, str]:
    answer = exchange(trusted, sign_in_to(browser, trusted, person), prover.proof(TOKEN))
    assert answer.status == 200, answer.body
    return dict(answer.body)


def test_a_token_is_bound_to_the_key_of_the_proof_and_opens_with_it(
    trusted: RelyingParty, bound: dict[str, str], prover: Prover
) -> None:
    assert bound["token_type"] == "DPoP"
    text = bound["access_token"]
    assert userinfo(trusted, text, prover.proof(USERINFO, "GET", token=text)).body["name"] == "林小雨"
    seen = trusted.introspect(text).body
    assert seen["cnf"] == {"jkt": prover.jkt}
    assert seen["token_type"] == "DPoP"


def test_without_the_key_a_bound_token_is_worth_nothing(
    trusted: RelyingParty, bound: dict[str, str], prover: Prover, clock: SettableClock
) -> None:
    text = bound["access_token"]
    thief = Prover(generate_signer("ES256"), clock)
    for proof, scheme in (
        (None, "DPoP"),
        (None, "Bearer"),
        (prover.proof(USERINFO, "GET", token=text), "Bearer"),
        (thief.proof(USERINFO, "GET", token=text), "DPoP"),
        (prover.proof(USERINFO, "GET"), "DPoP"),
        (prover.proof(USERINFO, "GET", token="other"), "DPoP"),
        (prover.proof(TOKEN, "GET", token=text), "DPoP"),
        (prover.proof(USERINFO, "POST", token=text), "DPoP"),
    ):
        answer = userinfo(trusted, text, proof, scheme)
        assert answer.status == 401, (scheme, answer.body)
        assert answer.headers["WWW-Authenticate"]


def test_an_unbound_token_is_not_presented_as_a_bound_one(
    browser: Browser, trusted: RelyingParty, person: Known, prover: Prover
) -> None:
    text = trusted.exchange(sign_in_to(browser, trusted, person)).body["access_token"]
    assert userinfo(trusted, text, prover.proof(USERINFO, "GET", token=text)).status == 401


def test_a_proof_works_once(trusted: RelyingParty, bound: dict[str, str], prover: Prover) -> None:
    text = bound["access_token"]
    proof = prover.proof(USERINFO, "GET", token=text)
    assert userinfo(trusted, text, proof).status == 200
    again = userinfo(trusted, text, proof)
    assert (again.status, again.error) == (401, "invalid_dpop_proof")


def test_one_proof_sent_twenty_times_at_once_works_once(trusted: RelyingParty, bound: dict[str, str], prover: Prover) -> None:
    text = bound["access_token"]
    proof = prover.proof(USERINFO, "GET", token=text)
    statuses = at_once(lambda _: userinfo(trusted, text, proof).status)
    assert sorted(map(str, statuses)) == ["200"] + ["401"] * 19


@pytest.mark.parametrize(
    "changes",
    [
        {"htm": "GET"},
        {"htm": None},
        {"htu": "https://elsewhere.example/oauth/token"},
        {"htu": None},
        {"iat": 1},
        {"iat": 2**40},
        {"iat": None},
        {"iat": "now"},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 300},
        {"typ": "JWT"},
        {"jwk": {}},
        {"jwk": "key"},
        {"jwk": {"kty": "oct", "k": "AAAA"}},
    ],
)
def test_a_proof_that_is_not_for_this_request_is_refused_and_the_code_stays_good(
    browser: Browser, trusted: RelyingParty, person: Known, prover: Prover, changes: dict[str, object]
) -> None:
    code = sign_in_to(browser, trusted, person)
    answer = exchange(trusted, code, prover.proof(TOKEN, **changes))  # type: ignore[arg-type]
    assert (answer.status, answer.error) == (400, "invalid_dpop_proof")
    assert exchange(trusted, code, prover.proof(TOKEN + "?x=y")).status == 200


@pytest.mark.parametrize("proof", ["x", "x.y.z", "a, b", "e30.e30.e30", "中", "x" * 20_000])
def test_what_is_no_proof_is_refused(browser: Browser, trusted: RelyingParty, person: Known, proof: str) -> None:
    code = sign_in_to(browser, trusted, person)
    answer = exchange(trusted, code, proof.encode().decode("latin-1"))
    assert (answer.status, answer.error) == (400, "invalid_dpop_proof")


def test_a_private_key_in_the_proof_is_refused(browser: Browser, trusted: RelyingParty, person: Known, prover: Prover) -> None:
    code = sign_in_to(browser, trusted, person)
    assert exchange(trusted, code, prover.proof(TOKEN, jwk=prover.signer.private_jwk())).error == "invalid_dpop_proof"


def test_a_public_clients_refresh_token_is_bound_too(
    browser: Browser, app: Flask, deployment: Deployment, school: str, person: Known, prover: Prover, clock: SettableClock
) -> None:
    public = register_app(app, deployment, school, token_endpoint_auth_method="none", trusted=True)
    first = exchange(public, sign_in_to(browser, public, person), prover.proof(TOKEN)).body
    refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    thief = Prover(generate_signer("ES256"), clock)
    assert token(public, refresh, None).error == "invalid_grant"
    assert token(public, refresh, thief.proof(TOKEN)).error == "invalid_grant"
    second = token(public, refresh, prover.proof(TOKEN))
    assert second.body["token_type"] == "DPoP"


def test_a_code_asked_for_with_a_key_is_exchanged_with_that_key(
    browser: Browser, trusted: RelyingParty, person: Known, prover: Prover, clock: SettableClock
) -> None:
    code = sign_in_to(browser, trusted, person, dpop_jkt=prover.jkt)
    thief = Prover(generate_signer("ES256"), clock)
    assert exchange(trusted, code, None).error == "invalid_grant"
    assert exchange(trusted, code, thief.proof(TOKEN)).error == "invalid_grant"
    assert exchange(trusted, code, prover.proof(TOKEN)).status == 200


def test_an_app_may_take_bound_tokens_only(
    browser: Browser, app: Flask, deployment: Deployment, school: str, person: Known, prover: Prover
) -> None:
    strict = register_app(app, deployment, school, dpop_bound_access_tokens=True, trusted=True)
    code = sign_in_to(browser, strict, person)
    assert exchange(strict, code, None).error == "invalid_dpop_proof"
    assert exchange(strict, code, prover.proof(TOKEN)).status == 200


def test_a_token_of_the_app_itself_and_a_jwt_can_be_bound(app: Flask, deployment: Deployment, school: str, prover: Prover) -> None:
    machine = register_app(
        app, deployment, school, grant_types=("client_credentials",), redirect_uris=(), access_token_format="jwt"
    )
    answer = token(machine, {"grant_type": "client_credentials"}, prover.proof(TOKEN))
    assert answer.body["token_type"] == "DPoP"
    assert machine.claims_of(answer.body["access_token"])["cnf"] == {"jkt": prover.jkt}


@pytest.fixture
def with_nonces(deployment: Deployment, clock: SettableClock) -> Iterator[Flask]:
    changed = open_deployment(deployment.settings.model_copy(update={"dpop_nonces": True}), clock)
    yield create_app(changed)
    changed.close()


def test_where_nonces_are_asked_for_the_answer_brings_one_and_it_ends(
    with_nonces: Flask, browser: Browser, trusted: RelyingParty, person: Known, prover: Prover, clock: SettableClock
) -> None:
    code = sign_in_to(browser, trusted, person)
    trusted.app = with_nonces
    asked = exchange(trusted, code, prover.proof(TOKEN))
    assert (asked.status, asked.error) == (400, "use_dpop_nonce")
    nonce = asked.headers["DPoP-Nonce"]
    assert exchange(trusted, code, prover.proof(TOKEN, nonce="made-up")).error == "use_dpop_nonce"
    text = exchange(trusted, code, prover.proof(TOKEN, nonce=nonce)).body["access_token"]
    assert userinfo(trusted, text, prover.proof(USERINFO, "GET", token=text, nonce=nonce)).status == 200
    clock.forward(minutes=11)
    late = userinfo(trusted, text, prover.proof(USERINFO, "GET", token=text, nonce=nonce))
    assert (late.status, late.error) == (401, "use_dpop_nonce")
    assert late.headers["DPoP-Nonce"] != nonce
