"""The JWT bearer grant (RFC 7523 §2.1): an app goes on working for people who agreed to that, and for nobody else."""

import secrets

import pytest
from flask import Flask

from idp.crypto.jose import SoftwareSigner, generate_signer, jwt
from idp.deployment import Deployment
from idp.registry.tables import Person
from tests.at_once import at_once
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known
from tests.web.conftest import sign_in_to
from tests.web.pages import HOST, Browser
from tests.web.relying_party import Answer, RelyingParty, register_app

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture(scope="module", params=["ES256", "SGD_SM3_SM2"])
def key(request: pytest.FixtureRequest) -> SoftwareSigner:
    return generate_signer(request.param)


@pytest.fixture
def worker(app: Flask, deployment: Deployment, school: str, key: SoftwareSigner) -> RelyingParty:
    """An app that works at night."""
    grants = ("authorization_code", "refresh_token", GRANT)
    return register_app(app, deployment, school, grant_types=grants, jwks={"keys": [key.public_jwk()]})


@pytest.fixture
def sub(browser: Browser, worker: RelyingParty, person: Known) -> str:
    """Whom the app knows, after they agreed to be worked for."""
    code = sign_in_to(browser, worker, person, scope="openid profile offline_access")
    return str(worker.claims_of(worker.exchange(code).body["id_token"])["sub"])


def claims_for(worker: RelyingParty, sub: str, clock: SettableClock) -> dict[str, object]:
    now = int(clock.now().timestamp())
    return {"iss": worker.client_id, "sub": sub, "aud": HOST, "exp": now + 60, "jti": secrets.token_hex(8)}


def ask(worker: RelyingParty, assertion: str, **more: str) -> Answer:
    return worker.authenticated("token", {"grant_type": GRANT, "assertion": assertion, **more})


def test_the_app_gets_a_token_for_whoever_agreed_and_no_more_than_that(
    worker: RelyingParty, key: SoftwareSigner, sub: str, clock: SettableClock
) -> None:
    answer = ask(worker, jwt.encode(claims_for(worker, sub, clock), key), scope="openid profile")
    assert answer.status == 200
    assert set(answer.body) == {"access_token", "token_type", "expires_in", "scope"}
    assert worker.userinfo(answer.body["access_token"]).body["name"] == "林小雨"
    refused = ask(worker, jwt.encode(claims_for(worker, sub, clock), key), scope="openid email")
    assert refused.error == "invalid_scope"


def test_a_consent_that_is_taken_back_ends_it(
    browser: Browser, worker: RelyingParty, key: SoftwareSigner, sub: str, clock: SettableClock
) -> None:
    token = ask(worker, jwt.encode(claims_for(worker, sub, clock), key)).body["access_token"]
    browser.get("/me")
    browser.submit(form=browser.page.form("app"), app=worker.client_id)
    assert worker.userinfo(token).status == 401
    assert ask(worker, jwt.encode(claims_for(worker, sub, clock), key)).error == "invalid_grant"


def test_somebody_who_did_not_agree_to_it_is_nobody(
    browser: Browser, worker: RelyingParty, key: SoftwareSigner, person: Known, clock: SettableClock
) -> None:
    code = sign_in_to(browser, worker, person, scope="openid profile")
    sub = worker.claims_of(worker.exchange(code).body["id_token"])["sub"]
    assert ask(worker, jwt.encode(claims_for(worker, str(sub), clock), key)).error == "invalid_grant"


def test_a_disabled_person_is_nobody(
    deployment: Deployment, worker: RelyingParty, key: SoftwareSigner, person: Known, sub: str, clock: SettableClock
) -> None:
    with deployment.transaction(OPERATOR) as tx:
        tx.session.get_one(Person, person.id).status = "disabled"
    assert ask(worker, jwt.encode(claims_for(worker, sub, clock), key)).error == "invalid_grant"


def test_one_assertion_sent_twenty_times_at_once_works_once(
    worker: RelyingParty, key: SoftwareSigner, sub: str, clock: SettableClock
) -> None:
    assertion = jwt.encode(claims_for(worker, sub, clock), key)
    statuses = at_once(lambda _: ask(worker, assertion).status)
    assert sorted(map(str, statuses)) == ["200"] + ["400"] * 19


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "app_other"},
        {"iss": None},
        {"sub": "nobody"},
        {"sub": None},
        {"aud": "https://other.example"},
        {"aud": None},
        {"exp": None},
        {"exp": "soon"},
        {"exp": 1},
        {"exp": 1e300},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 256},
    ],
)
def test_an_assertion_with_a_wrong_claim_is_refused(
    worker: RelyingParty, key: SoftwareSigner, sub: str, clock: SettableClock, changes: dict[str, object]
) -> None:
    claims = {name: value for name, value in {**claims_for(worker, sub, clock), **changes}.items() if value is not None}
    assert ask(worker, jwt.encode(claims, key)).error == "invalid_grant"


@pytest.mark.parametrize("assertion", ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "." * 50])
def test_what_is_no_assertion_is_refused(worker: RelyingParty, sub: str, assertion: str) -> None:
    assert ask(worker, assertion).error == "invalid_grant"


def test_an_assertion_by_another_key_is_refused(worker: RelyingParty, key: SoftwareSigner, sub: str, clock: SettableClock) -> None:
    assert ask(worker, jwt.encode(claims_for(worker, sub, clock), generate_signer(key.alg))).error == "invalid_grant"


def test_an_app_cannot_name_the_people_of_another(
    browser: Browser, app: Flask, deployment: Deployment, school: str, worker: RelyingParty, sub: str, key: SoftwareSigner,
    clock: SettableClock,
) -> None:  # fmt: skip
    other = register_app(app, deployment, school, grant_types=(GRANT,), redirect_uris=(), jwks={"keys": [key.public_jwk()]})
    assert ask(other, jwt.encode(claims_for(other, sub, clock), key)).error == "invalid_grant"


def test_only_apps_that_are_registered_for_it_and_have_a_key_use_it(
    app: Flask, deployment: Deployment, school: str, rp: RelyingParty
) -> None:
    assert ask(rp, "x").error == "unauthorized_client"
    keyless = register_app(app, deployment, school, grant_types=(GRANT,), redirect_uris=())
    assert ask(keyless, "x").error == "invalid_grant"
