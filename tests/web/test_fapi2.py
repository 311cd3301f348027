"""The FAPI 2.0 Security Profile as a rule of an app: it cannot be registered, or used, in contradiction with it."""

import secrets

import pytest
from flask import Flask

from idp.apps.errors import InvalidRegistration
from idp.crypto.jose import SoftwareSigner, generate_signer, jwt
from idp.deployment import Deployment
from tests.clocks import SettableClock
from tests.people import PASSWORD, Known
from tests.web.pages import HOST, Browser
from tests.web.relying_party import CALLBACK, Answer, RelyingParty, register_app
from tests.web.test_dpop import Prover

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PROFILE: dict[str, object] = {
    "profile": "fapi2",
    "token_endpoint_auth_method": "private_key_jwt",
    "require_pushed_authorization_requests": True,
    "dpop_bound_access_tokens": True,
    "trusted": True,
}


@pytest.fixture(scope="module")
def key() -> SoftwareSigner:
    return generate_signer("PS256")


@pytest.fixture(params=["sm", "intl"])
def bank(request: pytest.FixtureRequest, app: Flask, deployment: Deployment, school: str, key: SoftwareSigner) -> RelyingParty:
    """The school's payment app, on each issuer."""
    jwks = {"keys": [key.public_jwk()]}
    return register_app(app, deployment, school, **{**PROFILE, "issuer": request.param, "jwks": jwks})


@pytest.fixture
def prover(clock: SettableClock) -> Prover:
    return Prover(generate_signer("ES256"), clock)


def call(
    bank: RelyingParty, key: SoftwareSigner, clock: SettableClock, name: str, data: dict[str, str], proof: str | None = None,
    **claims: object,
) -> Answer:  # fmt: skip
    usual: dict[str, object] = {
        "iss": bank.client_id,
        "sub": bank.client_id,
        "aud": HOST + bank.prefix,
        "exp": int(clock.now().timestamp()) + 60,
        "jti": secrets.token_hex(8),
    }
    assertion = jwt.encode({**usual, **claims}, key)
    headers = {"DPoP": proof} if proof is not None else {}
    data = {**data, "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
    return bank.call(name, data, headers=headers)


def push(bank: RelyingParty, key: SoftwareSigner, clock: SettableClock, **changes: str | None) -> Answer:
    return call(bank, key, clock, "par", bank.parameters(**changes))


def code_for(bank: RelyingParty, browser: Browser, person: Known, pushed: Answer) -> str:
    browser.get(f"{HOST}{bank.prefix}/oauth/authorize?client_id={bank.client_id}&request_uri={pushed.body['request_uri']}")
    return browser.sign_in(person.number, PASSWORD).query["code"]


def exchange(bank: RelyingParty, key: SoftwareSigner, clock: SettableClock, code: str, prover: Prover) -> Answer:
    data = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": bank.verifier}
    return call(bank, key, clock, "token", data, prover.proof(f"{HOST}{bank.prefix}/oauth/token"))


def test_the_whole_way_under_the_profile(
    browser: Browser, bank: RelyingParty, key: SoftwareSigner, clock: SettableClock, person: Known, prover: Prover
) -> None:
    answer = exchange(bank, key, clock, code_for(bank, browser, person, push(bank, key, clock)), prover)
    assert (answer.status, answer.body["token_type"]) == (200, "DPoP")
    assert bank.claims_of(answer.body["id_token"])["aud"] == bank.client_id


def test_a_lost_answer_does_not_lock_the_app_out_because_refresh_tokens_are_not_rotated(
    browser: Browser, bank: RelyingParty, key: SoftwareSigner, clock: SettableClock, person: Known, prover: Prover
) -> None:
    tokens = exchange(bank, key, clock, code_for(bank, browser, person, push(bank, key, clock)), prover).body
    for _ in range(2):
        proof = prover.proof(f"{HOST}{bank.prefix}/oauth/token")
        data = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        answer = call(bank, key, clock, "token", data, proof)
        assert answer.status == 200
        assert "refresh_token" not in answer.body


def test_a_code_lives_for_a_minute_even_where_the_installation_allows_more(
    app: Flask, browser: Browser, bank: RelyingParty, key: SoftwareSigner, clock: SettableClock, person: Known, prover: Prover
) -> None:
    code = code_for(bank, browser, person, push(bank, key, clock))
    clock.forward(seconds=61)
    assert exchange(bank, key, clock, code, prover).error == "invalid_grant"


def test_only_pushed_requests_are_answered(browser: Browser, bank: RelyingParty) -> None:
    assert browser.get(bank.authorize_url()).status == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"redirect_uri": None}, "invalid_request"),
    ],
)
def test_a_pushed_request_outside_the_profile_is_refused(
    bank: RelyingParty, key: SoftwareSigner, clock: SettableClock, changes: dict[str, str | None], error: str
) -> None:
    answer = push(bank, key, clock, **changes)
    assert answer.status == 400
    assert answer.error in (error, "unauthorized_client")


def test_a_proof_with_the_pushed_request_binds_the_code(
    browser: Browser, bank: RelyingParty, key: SoftwareSigner, clock: SettableClock, person: Known, prover: Prover
) -> None:
    proof = prover.proof(f"{HOST}{bank.prefix}/oauth/par")
    pushed = call(bank, key, clock, "par", bank.parameters(), proof)
    code = code_for(bank, browser, person, pushed)
    assert exchange(bank, key, clock, code, Prover(generate_signer("ES256"), clock)).error == "invalid_grant"


def test_a_proof_that_contradicts_dpop_jkt_is_refused(
    bank: RelyingParty, key: SoftwareSigner, clock: SettableClock, prover: Prover
) -> None:
    other = Prover(generate_signer("ES256"), clock).jkt
    proof = prover.proof(f"{HOST}{bank.prefix}/oauth/par")
    answer = call(bank, key, clock, "par", bank.parameters(dpop_jkt=other), proof)
    assert answer.error == "invalid_dpop_proof"


@pytest.mark.parametrize("audience", ["token", "list"])
def test_an_assertion_names_the_issuer_alone(bank: RelyingParty, key: SoftwareSigner, clock: SettableClock, audience: str) -> None:
    url = HOST + bank.prefix
    wrong = f"{url}/oauth/token" if audience == "token" else [url]
    assert call(bank, key, clock, "par", bank.parameters(), aud=wrong).error == "invalid_client"


def test_a_token_without_a_proof_is_never_given(
    browser: Browser, bank: RelyingParty, key: SoftwareSigner, clock: SettableClock, person: Known
) -> None:
    code = code_for(bank, browser, person, push(bank, key, clock))
    data = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": bank.verifier}
    assert call(bank, key, clock, "token", data).error == "invalid_dpop_proof"


@pytest.mark.parametrize(
    "contradiction",
    [
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"token_endpoint_auth_method": "none"},
        {"require_pushed_authorization_requests": False},
        {"dpop_bound_access_tokens": False},
        {"response_types": ("code", "code id_token"), "grant_types": ("authorization_code", "implicit")},
        {"grant_types": ("authorization_code", "implicit")},
        {"requires_pkce": False},
        {"issuer": "intl", "id_token_signed_response_alg": "RS256"},
        {"issuer": "intl", "userinfo_signed_response_alg": "RS256"},
        {"token_endpoint_auth_signing_alg": "RS256"},
    ],
)
def test_an_app_under_the_profile_cannot_be_registered_in_contradiction_with_it(
    app: Flask, deployment: Deployment, school: str, key: SoftwareSigner, contradiction: dict[str, object]
) -> None:
    with pytest.raises(InvalidRegistration):
        register_app(app, deployment, school, **{**PROFILE, "jwks": {"keys": [key.public_jwk()]}, **contradiction})


def test_an_assertion_by_an_algorithm_outside_the_profile_is_refused(
    app: Flask, deployment: Deployment, school: str, clock: SettableClock
) -> None:
    old = generate_signer("RS256")
    bank = register_app(app, deployment, school, **{**PROFILE, "jwks": {"keys": [old.public_jwk()]}})
    assert push(bank, old, clock).error == "invalid_client"
