"""The token endpoint: codes and refresh tokens spent once, stolen ones worth nothing."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import event, func, select, text

from idp.deployment import Deployment
from idp.keys import rotation
from idp.oidc.tables import AccessToken
from tests.at_once import at_once
from tests.clocks import SettableClock
from tests.people import OPERATOR, PASSWORD, Known
from tests.web.conftest import sign_in_to
from tests.web.pages import Browser
from tests.web.relying_party import Answer, RelyingParty, register_app


def test_a_code_gives_tokens_and_the_id_token_says_who_how_and_for_whom(
    rp: RelyingParty, tokens: dict[str, str], person: Known, clock: SettableClock
) -> None:
    claims = rp.claims_of(tokens["id_token"])
    now = int(clock.now().timestamp())
    assert claims["iss"] == "http://localhost:8000"
    assert claims["aud"] == rp.client_id
    assert claims["nonce"] == rp.nonce
    assert claims["acr"] == "urn:yima:acr:1"
    assert claims["amr"] == ["pwd"]
    assert (claims["iat"], claims["exp"], claims["auth_time"]) == (now, now + 3600, now)
    assert person.number not in json.dumps(claims)
    assert tokens["token_type"] == "Bearer"
    assert json.loads(base64.urlsafe_b64decode(tokens["id_token"].split(".")[0] + "=="))["alg"] == "SGD_SM3_SM2"


def test_the_answer_with_tokens_is_not_kept_by_anyone(rp: RelyingParty, code: str) -> None:
    headers = rp.exchange(code).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize(("algorithm", "key_type"), [("RS256", RSAKey), ("ES256", ECKey), ("PS256", RSAKey)])
def test_the_international_issuer_signs_what_common_libraries_verify(
    browser: Browser, app: Flask, deployment: Deployment, school: str, person: Known, algorithm: str, key_type: type
) -> None:
    other = register_app(app, deployment, school, issuer="intl", id_token_signed_response_alg=algorithm)
    token = other.exchange(sign_in_to(browser, other, person)).body["id_token"]
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    keys = other.call("jwks", method="GET").body["keys"]
    assert {key.get("crv") for key in keys} <= {None, "P-256"}
    key = key_type.import_key(next(key for key in keys if key["kid"] == header["kid"]))  # type: ignore[attr-defined]
    claims = joserfc_jwt.decode(token, key, algorithms=[algorithm]).claims
    assert claims["iss"] == "http://localhost:8000/intl"


def test_a_code_used_twice_takes_back_everything_it_gave(rp: RelyingParty, code: str) -> None:
    first = rp.exchange(code)
    assert rp.userinfo(first.body["access_token"]).status == 200
    second = rp.exchange(code)
    assert (second.status, second.error) == (400, "invalid_grant")
    assert rp.userinfo(first.body["access_token"]).status == 401
    assert rp.refresh(first.body["refresh_token"]).error == "invalid_grant"


def test_one_code_sent_twenty_times_at_once_is_exchanged_once(rp: RelyingParty, code: str) -> None:
    answers = [answer for answer in at_once(lambda _: rp.exchange(code)) if isinstance(answer, Answer)]
    assert sorted(answer.status for answer in answers) == [200] + [400] * 19
    assert {answer.error for answer in answers if answer.status == 400} == {"invalid_grant"}


def test_one_refresh_token_sent_twenty_times_at_once_is_spent_once(rp: RelyingParty, tokens: dict[str, str]) -> None:
    answers = [answer for answer in at_once(lambda _: rp.refresh(tokens["refresh_token"])) if isinstance(answer, Answer)]
    assert sorted(answer.status for answer in answers) == [200] + [400] * 19


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": "unknown"}, "invalid_grant"),
        ({"code": ""}, "invalid_request"),
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"code_verifier": "short"}, "invalid_request"),
        ({"code_verifier": "!" * 43}, "invalid_request"),
        ({"code_verifier": "x" * 129}, "invalid_request"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"redirect_uri": "https://app.example.edu.cn/other"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
        ({"grant_type": ""}, "invalid_request"),
    ],
)
def test_a_wrong_exchange_is_refused_and_the_code_stays_good(
    rp: RelyingParty, code: str, changes: dict[str, str], error: str
) -> None:
    answer = rp.exchange(changes.get("code", code), **{name: value for name, value in changes.items() if name != "code"})
    assert (answer.status, answer.error) == (400, error)
    assert rp.exchange(code).status == 200


def test_an_expired_code_is_refused(rp: RelyingParty, code: str, clock: SettableClock) -> None:
    clock.forward(seconds=60)
    assert rp.exchange(code).error == "invalid_grant"


def test_a_stolen_code_is_worth_nothing_to_another_client_and_stays_good_for_its_own(
    app: Flask, deployment: Deployment, school: str, rp: RelyingParty, code: str
) -> None:
    thief = register_app(app, deployment, school)
    thief.verifier = rp.verifier
    assert thief.exchange(code).error == "invalid_grant"
    assert rp.exchange(code).status == 200


def test_a_code_of_one_issuer_is_unknown_to_the_other(rp: RelyingParty, code: str) -> None:
    rp.issuer = "intl"
    assert rp.exchange(code).error == "invalid_client"


def test_a_refresh_token_is_replaced_at_each_use_and_its_replay_ends_the_family(rp: RelyingParty, tokens: dict[str, str]) -> None:
    second = rp.refresh(tokens["refresh_token"])
    assert second.status == 200
    assert second.body["refresh_token"] != tokens["refresh_token"]
    assert rp.userinfo(second.body["access_token"]).status == 200
    assert rp.refresh(tokens["refresh_token"]).error == "invalid_grant"
    assert rp.userinfo(second.body["access_token"]).status == 401
    assert rp.refresh(second.body["refresh_token"]).error == "invalid_grant"


def test_a_refresh_may_ask_for_less_and_not_for_more(rp: RelyingParty, tokens: dict[str, str]) -> None:
    assert rp.refresh(tokens["refresh_token"], scope="openid email").error == "invalid_scope"
    answer = rp.refresh(tokens["refresh_token"], scope="openid")
    assert answer.status == 200
    assert set(rp.userinfo(answer.body["access_token"]).body) == {"sub"}


def test_a_refresh_token_of_another_client_is_refused(
    app: Flask, deployment: Deployment, school: str, rp: RelyingParty, tokens: dict[str, str]
) -> None:
    thief = register_app(app, deployment, school)
    assert thief.refresh(tokens["refresh_token"]).error == "invalid_grant"
    assert rp.refresh(tokens["refresh_token"]).status == 200


def test_refresh_tokens_end_without_use_and_in_any_case(
    browser: Browser, rp: RelyingParty, person: Known, clock: SettableClock, deployment: Deployment
) -> None:
    token = rp.exchange(sign_in_to(browser, rp, person, scope="openid offline_access")).body["refresh_token"]
    idle = timedelta(seconds=deployment.settings.refresh_token_idle)
    for _ in range(6):
        clock.forward(seconds=idle.total_seconds() - 60)
        token = rp.refresh(token).body["refresh_token"]
    clock.forward(seconds=idle.total_seconds() - 60)
    assert rp.refresh(token).error == "invalid_grant"


def test_signing_out_ends_tokens_except_those_given_for_longer(
    browser: Browser, rp: RelyingParty, person: Known, tokens: dict[str, str]
) -> None:
    longer = rp.exchange(sign_in_to(browser, rp, person, scope="openid offline_access")).body
    browser.get("/logout")
    browser.submit(form=next(form for form in browser.page.forms if form.action.endswith("/logout")))
    assert rp.userinfo(tokens["access_token"]).status == 401
    assert rp.refresh(tokens["refresh_token"]).error == "invalid_grant"
    assert rp.refresh(longer["refresh_token"]).status == 200


@pytest.fixture
def statements(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What reaches the database, seen at the driver, below everything of ours."""
    seen: list[str] = []
    if deployment.database.is_sqlite:

        def traced(connection: Any, *_: Any) -> None:
            connection.set_trace_callback(seen.append)

        event.listen(deployment.database.engine, "checkout", traced)
        yield seen
        event.remove(deployment.database.engine, "checkout", traced)
        return
    execute, commit = psycopg.Cursor.execute, psycopg.Connection.commit
    monkeypatch.setattr(
        psycopg.Cursor,
        "execute",
        lambda self, query, *rest, **more: (seen.append(str(query)), execute(self, query, *rest, **more))[1],
    )
    monkeypatch.setattr(psycopg.Connection, "commit", lambda self: (seen.append("COMMIT"), commit(self))[1])
    yield seen


def test_client_credentials_are_for_apps_without_a_person_and_cost_one_write(
    app: Flask, deployment: Deployment, school: str, statements: list[str]
) -> None:
    party = register_app(
        app, deployment, school, grant_types=("client_credentials",), redirect_uris=(), post_logout_redirect_uris=()
    )
    assert party.authenticated("token", {"grant_type": "client_credentials"}).status == 200
    statements.clear()
    answer = party.authenticated("token", {"grant_type": "client_credentials"})
    assert answer.status == 200
    assert 1 <= len(statements) <= 3, statements
    assert sum("INSERT" in statement for statement in statements) == 1
    assert "refresh_token" not in answer.body
    assert party.userinfo(answer.body["access_token"]).status == 403
    assert party.introspect(answer.body["access_token"]).body["active"] is True
    assert party.authenticated("token", {"grant_type": "client_credentials", "scope": "openid"}).error == "invalid_scope"


def test_nothing_that_opens_anything_stands_in_the_database(deployment: Deployment, rp: RelyingParty, code: str) -> None:
    tokens = rp.exchange(code).body
    with deployment.reading() as session:
        dump = ""
        for table in ("authorization_code", "access_token", "refresh_token", "oidc_client", "audit_event", "oidc_grant"):
            dump += repr(session.execute(text(f"SELECT * FROM {table}")).all())
        assert session.scalar(select(func.count()).select_from(AccessToken)) == 1
    for secret in (code, tokens["access_token"], tokens["refresh_token"], rp.secret or "", rp.verifier, PASSWORD):
        assert secret not in dump


def test_a_key_rotation_fails_nobodys_verification(
    rp: RelyingParty, browser: Browser, person: Known, deployment: Deployment, clock: SettableClock, tokens: dict[str, str]
) -> None:
    clock.forward(hours=1)
    with deployment.transaction(OPERATOR) as tx:
        rotation.rotate(tx, deployment.master, "SGD_SM3_SM2", publish_ahead=timedelta(seconds=300))
    deployment.ring.forget()
    fresh = rp.exchange(sign_in_to(browser, rp, person)).body
    old_kid, new_kid = (json.loads(base64.urlsafe_b64decode(t["id_token"].split(".")[0] + "=="))["kid"] for t in (tokens, fresh))
    assert old_kid != new_kid
    assert rp.claims_of(tokens["id_token"])
    assert rp.claims_of(fresh["id_token"])
