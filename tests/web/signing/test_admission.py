"""Who may come in, with what, how often; and what is refused at each entrance."""

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from sqlalchemy import select

from idp.apps import register
from idp.audit.tables import AuditEvent
from idp.crypto import sm3
from idp.crypto.errors import DecryptionFailed
from idp.crypto.jose import generate_signer
from idp.crypto.x509.reasons import Reason
from idp.mfa import limits
from idp.signing import keys, permissions
from idp.signing.endpoints import OPERATIONS
from idp.signing.permissions import Operation
from idp.signing.requests import MAX_BODY, MAX_DOCUMENT
from tests.at_once import TRIES, at_once
from tests.people import OPERATOR
from tests.web.pages import HOST
from tests.web.relying_party import register_app
from tests.web.signing.conftest import DOCUMENT, SigningSchool, binary, diploma_app, text, token_of
from tests.web.test_dpop import Prover

DIGEST = sm3.digest(DOCUMENT).hex()
GOOD: dict[str, dict[str, Any]] = {
    "sign": {"key": "seal", "digest": DIGEST},
    "verify": {"signature": text(b"0\x00")},
    "digest": {"document": text(DOCUMENT)},
    "timestamp": {"authority": "province", "digest": DIGEST},
    "encrypt": {"document": text(DOCUMENT), "keys": ["letters"]},
    "open": {"key": "letters", "envelope": text(b"0\x00")},
}


@pytest.mark.parametrize("name", [*OPERATIONS, "keys"])
def test_nobody_comes_in_without_a_token_for_the_service(asked: SigningSchool, name: str) -> None:
    method = "GET" if name == "keys" else "POST"
    other = register_app(asked.app, asked.deployment, asked.schools.school, grant_types=("client_credentials",), redirect_uris=())
    plain = other.authenticated("token", {"grant_type": "client_credentials"}).body["access_token"]
    for headers, status in (
        ({}, 401),
        ({"Authorization": "Bearer nothing"}, 401),
        ({"Authorization": f"DPoP {asked.token}"}, 401),
        ({"Authorization": f"Bearer {plain}"}, 403),
    ):
        answer = asked.call(name, GOOD.get(name), headers=headers, method=method)
        assert answer.status == status
        assert answer.headers["WWW-Authenticate"]
    assert asked.call(name, GOOD.get(name), method="PUT").status == 405


def test_the_scope_is_for_apps_that_are_registered_for_it(asked: SigningSchool) -> None:
    other = register_app(asked.app, asked.deployment, asked.schools.school, grant_types=("client_credentials",), redirect_uris=())
    for party, scope in ((other, "signing"), (asked.party, "openid"), (asked.party, "signing openid"), (asked.party, "sign")):
        answer = party.authenticated("token", {"grant_type": "client_credentials", "scope": scope})
        assert (answer.status, answer.error) == (400, "invalid_scope")
    answer = asked.party.authenticated("token", {"grant_type": "client_credentials", "scope": "signing"})
    assert answer.body["scope"] == "signing"


def test_an_app_of_the_other_issuer_comes_in_too(asked: SigningSchool) -> None:
    party = diploma_app(asked.app, asked.deployment, asked.schools.school, issuer="intl", access_token_format="jwt")
    headers = {"Authorization": f"Bearer {token_of(party)}"}
    assert asked.call("digest", GOOD["digest"], headers=headers).body == {"digest": DIGEST}


def test_a_bound_token_needs_its_key(asked: SigningSchool) -> None:
    party = diploma_app(asked.app, asked.deployment, asked.schools.school, dpop_bound_access_tokens=True)
    prover = Prover(generate_signer("SGD_SM3_SM2"), asked.deployment.clock)  # type: ignore[arg-type]
    headers = {**party.basic(), "DPoP": prover.proof(f"{HOST}/oauth/token")}
    made = party.call("token", {"grant_type": "client_credentials", "scope": "signing"}, headers=headers)
    token = made.body["access_token"]
    assert made.body["token_type"] == "DPoP"
    assert asked.call("digest", GOOD["digest"], headers={"Authorization": f"Bearer {token}"}).status == 401
    assert asked.call("digest", GOOD["digest"], headers={"Authorization": f"DPoP {token}"}).status == 401
    for url in ("digest", "sign"):
        proof = prover.proof(f"{HOST}/signing/v1/{url}", token=token)
        sent = {"Authorization": f"DPoP {token}", "DPoP": proof}
        assert asked.call("digest", GOOD["digest"], headers=sent).status == (200 if url == "digest" else 401)
    assert asked.call("digest", GOOD["digest"], headers=sent).status == 401


def test_without_a_permission_an_app_may_do_nothing_with_a_key(asked: SigningSchool) -> None:
    party = diploma_app(asked.app, asked.deployment, asked.schools.school)
    headers = {"Authorization": f"Bearer {token_of(party)}"}
    raw = {"raw": True, "key": "seal", "document": text(b"x"), "signature": text(bytes(64))}
    wanted = [("sign", GOOD["sign"]), ("encrypt", GOOD["encrypt"]), ("open", GOOD["open"]), ("verify", raw)]
    wanted.append(("sign", {"key": "no-such-key", "digest": DIGEST}))
    for name, members in wanted:
        answer = asked.call(name, members, headers=headers)
        assert (answer.status, answer.error) == (403, "not_allowed")
    assert asked.call("keys", method="GET", headers=headers).body == {"keys": []}
    # One operation is no other.
    asked.allow(party, "seal", Operation.SIGN)
    assert asked.call("sign", GOOD["sign"], headers=headers).status == 200
    assert asked.call("sign", {"key": "seal", "document": text(b"x"), "format": "raw"}, headers=headers).status == 403
    with asked.deployment.transaction(OPERATOR) as tx:
        permissions.deny(tx, party.client_id, keys.by_name(tx.session, "seal"))
    assert asked.call("sign", GOOD["sign"], headers=headers).status == 403


BAD: list[tuple[str, Any, int]] = [
    *((name, None, 400) for name in OPERATIONS),
    *((name, {}, 400) for name in OPERATIONS),
    *((name, {**GOOD[name], "more": 1}, 400) for name in OPERATIONS),
    *((name, [GOOD[name]], 400) for name in OPERATIONS),
    *((name, json.dumps(GOOD[name])[:-1].encode(), 400) for name in OPERATIONS),
    *((name, json.dumps(GOOD[name])[:-1].encode() + b',"document":"","document":""}', 400) for name in OPERATIONS),
    *((name, b"\xff\xfe{}", 400) for name in OPERATIONS),
    *((name, b"[" * 100_000, 400) for name in OPERATIONS),
    *((name, b" " * (MAX_BODY + 1), 413) for name in OPERATIONS),
    ("sign", {"key": "seal"}, 400),
    ("sign", {"key": "seal", "document": text(b"x"), "digest": DIGEST}, 400),
    ("sign", {"key": "", "digest": DIGEST}, 400),
    ("sign", {"key": "Seal", "digest": DIGEST}, 400),
    ("sign", {"key": "x" * 41, "digest": DIGEST}, 400),
    ("sign", {"key": ["seal"], "digest": DIGEST}, 400),
    ("sign", {"key": "seal", "digest": DIGEST.upper()}, 400),
    ("sign", {"key": "seal", "digest": DIGEST[:-2]}, 400),
    ("sign", {"key": "seal", "digest": "g" * 64}, 400),
    ("sign", {"key": "seal", "digest": DIGEST, "attached": True}, 400),
    ("sign", {"key": "seal", "digest": DIGEST, "attached": "yes"}, 400),
    ("sign", {"key": "seal", "digest": DIGEST, "format": "raw"}, 400),
    ("sign", {"key": "seal", "digest": DIGEST, "format": "pdf"}, 400),
    ("sign", {"key": "seal", "document": text(b"x"), "format": "raw", "timestamp": True}, 400),
    ("sign", {"key": "seal", "document": "not base64"}, 400),
    ("sign", {"key": "seal", "document": "eA"}, 400),
    ("sign", {"key": "seal", "document": "eB=="}, 400),
    ("sign", {"key": "seal", "document": "eA==\n"}, 400),
    ("sign", {"key": "seal", "document": 7}, 400),
    ("sign", {"key": "seal", "document": text(bytes(MAX_DOCUMENT + 1))}, 400),
    ("sign", {"key": "letters", "digest": DIGEST}, 409),
    ("verify", {"signature": text(b"x"), "document": text(b"x"), "digest": DIGEST}, 400),
    ("verify", {"signature": text(b"x"), "key": "seal"}, 400),
    ("verify", {"signature": text(b"x"), "raw": True, "document": text(b"x")}, 400),
    ("verify", {"signature": text(b"x"), "raw": True, "digest": DIGEST, "key": "seal"}, 400),
    ("verify", {"signature": text(b"x"), "raw": True, "document": text(b"x"), "key": "seal", "public_key": "x"}, 400),
    ("verify", {"signature": text(b"x"), "raw": True, "document": text(b"x"), "certificate": "x"}, 400),
    ("verify", {"signature": text(b"x"), "lists": [text(b"x")]}, 400),
    ("verify", {"signature": text(b"x"), "lists": [text(b"x")] * 17}, 400),
    ("verify", {"signature": text(b"x"), "certificates": ["x"]}, 400),
    ("encrypt", {"document": text(b"x")}, 400),
    ("encrypt", {"document": text(b"x"), "keys": []}, 400),
    ("encrypt", {"document": text(b"x"), "keys": ["letters"] * 17}, 400),
    ("encrypt", {"document": text(b"x"), "recipients": [""]}, 400),
    ("encrypt", {"document": text(b"x"), "recipients": ["-----BEGIN CERTIFICATE-----"]}, 400),
    ("open", {"key": "letters", "envelope": ""}, 400),
    ("open", {"key": "seal", "envelope": text(b"0\x00")}, 400),
    ("timestamp", {"authority": "../x", "digest": DIGEST}, 400),
]


@pytest.mark.parametrize(("name", "body", "status"), BAD, ids=range(len(BAD)))
def test_what_is_not_as_described_is_refused_and_never_told_back(asked: SigningSchool, name: str, body: Any, status: int) -> None:
    answer = asked.call(name, body)
    assert (answer.status, set(answer.body)) == (status, {"error", "error_description"}), answer.body
    assert "Reference" not in answer.body["error_description"]
    assert len(answer.body["error_description"]) < 120


def test_no_endpoint_answers_500_whatever_is_made_up(asked: SigningSchool) -> None:
    schema = schemathesis.openapi.from_wsgi("/signing/v1/openapi.json", asked.app)
    headers, tried = {"Authorization": f"Bearer {asked.token}"}, 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(max_examples=4, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def ask(case: Case) -> None:
            assert case.call(base_url=f"{HOST}/signing/v1", headers=headers).status_code < 500

        ask()
        tried += 1
    assert tried == len(OPERATIONS) + 1


def test_only_json_is_read(asked: SigningSchool) -> None:
    for kind in ("text/plain", "", "application/octet-stream"):
        assert asked.call("digest", GOOD["digest"], content_type=kind).status == 415
    form = {"content_type": "application/x-www-form-urlencoded"}
    assert asked.call("digest", b"document=eA==", **form).status == 415  # type: ignore[arg-type]


def test_a_limit_holds_for_an_app_and_a_key_and_says_when_to_come_again(here: SigningSchool) -> None:
    here.allow(here.party, "seal", Operation.SIGN, per_minute=2)
    codes = [here.call("sign", GOOD["sign"]).status for _ in range(3)]
    assert codes == [200, 200, 429]
    refused = here.call("sign", GOOD["sign"])
    assert refused.error == "too_many_requests"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert here.call("encrypt", GOOD["encrypt"]).status == 200
    here.deployment.clock.forward(seconds=int(refused.headers["Retry-After"]))  # type: ignore[attr-defined]
    assert here.call("sign", GOOD["sign"]).status == 200
    limited = here.deployment.settings.signing_requests_per_minute
    with here.deployment.transaction(OPERATOR) as tx:
        limits.count(tx, f"signing:{here.party.client_id}:", permissions.MINUTE, limited)
    assert here.call("digest", GOOD["digest"]).status == 429


def test_of_twenty_at_once_as_many_sign_as_are_allowed_and_each_is_in_the_journal(signing_school: SigningSchool) -> None:
    signing_school.allow(signing_school.party, "seal", Operation.SIGN, per_minute=5)
    statuses = at_once(lambda _: signing_school.call("sign", GOOD["sign"]).status)
    assert sorted(map(str, statuses)) == ["200"] * 5 + ["429"] * (TRIES - 5)
    with signing_school.deployment.reading() as session:
        told = session.scalars(select(AuditEvent).where(AuditEvent.action == "signing.document.signed")).all()
    assert len(told) == 5
    event = told[0]
    assert (event.actor_kind, event.actor_id) == ("app", signing_school.party.client_id)
    assert (event.subject, event.institution) == ("signing_key:seal", signing_school.schools.school)
    assert event.detail["digest"] == DIGEST
    assert event.detail["operation"] == "sign"


def test_an_envelope_that_does_not_open_counts_and_is_in_the_journal(here: SigningSchool) -> None:
    here.allow(here.party, "letters", Operation.OPEN, Operation.ENCRYPT, per_minute=4)
    envelope = binary(here.ask("encrypt", **GOOD["encrypt"])["envelope"])
    broken = envelope[:-1] + bytes([envelope[-1] ^ 1])
    answers = [here.call("open", {"key": "letters", "envelope": text(broken)}) for _ in range(4)]
    assert [one.status for one in answers][3] == 429
    with here.deployment.reading() as session:
        told = session.scalars(select(AuditEvent).where(AuditEvent.action == "signing.envelope.opened")).all()
    assert len(told) == 3
    failed = [one for one in told if one.outcome == "failure"]
    assert all(one.detail["error"] == DecryptionFailed.code for one in failed)


def test_a_key_that_is_stopped_signs_nothing_and_what_it_signed_tells_why(here: SigningSchool) -> None:
    stamped = here.ask("sign", key="seal", digest=DIGEST, timestamp=True)["signature"]
    plain = here.ask("sign", key="seal", digest=DIGEST)["signature"]
    here.deployment.clock.forward(minutes=5)  # type: ignore[attr-defined]
    here.change(keys.hold, "seal")
    assert here.call("sign", GOOD["sign"]).error == "key_not_usable"
    here.change(keys.release, "seal")
    here.change(keys.revoke, "seal", Reason.KEY_COMPROMISE)
    assert here.call("sign", GOOD["sign"]).error == "key_not_usable"
    # What was stamped before stays good; what only says itself when it was signed does not.
    assert here.ask("verify", signature=stamped, digest=DIGEST)["valid"]
    said = here.ask("verify", signature=plain, digest=DIGEST)["signatures"][0]
    assert said["refusal"]["code"] == "x509.revoked"
    with here.deployment.transaction(OPERATOR) as tx:
        keys.rotate(tx, here.office, keys.by_name(tx.session, "seal"))
    assert here.ask("sign", **GOOD["sign"])["version"] == 2
    here.change(keys.retire, "seal")
    assert here.call("sign", GOOD["sign"]).status == 409


def test_an_app_that_loses_its_scope_or_is_switched_off_is_out_at_once(here: SigningSchool) -> None:
    provider = here.app.extensions["yima_oidc"]
    with here.deployment.transaction(OPERATOR) as tx:
        register.approve(tx, here.party.client_id, {"openid"})
    provider.clients.forget(here.party.client_id)
    assert here.call("digest", GOOD["digest"]).status == 403
    with here.deployment.transaction(OPERATOR) as tx:
        register.suspend(tx, here.party.client_id)
    provider.clients.forget(here.party.client_id)
    assert here.call("digest", GOOD["digest"]).status == 401
