"""``yima app``, ``yima key``, ``yima audit``, ``yima init`` and ``yima doctor``."""

import json
from pathlib import Path

import pytest
from sqlalchemy import update

from idp.audit.tables import AuditEvent
from idp.crypto.jose import generate_signer
from idp.deployment import Deployment
from idp.outbox import queue
from idp.outbox.tables import Message
from idp.settings import Settings
from tests.people import OPERATOR
from tests.unit.cli.conftest import Yima


@pytest.fixture
def school(yima: Yima) -> str:
    return str(yima("school", "issue", "--category", "21", "--province", "11", "第一小学", "--json").json["code"])


def register(yima: Yima, school: str, *more: str) -> tuple[str, ...]:
    return ("app", "register", "图书馆", "--owner", school, "--contact", "it@example.edu.cn", "--purpose", "借书", *more)


CALLBACK = ("--redirect-uri", "https://app.example.edu.cn/callback")


def test_registering_an_app_prints_what_to_paste_on_the_other_side(yima: Yima, school: str) -> None:
    done = yima(*register(yima, school, *CALLBACK, "--issuer", "intl"))
    assert done.code == 0
    for words in ("http://localhost:8000/intl/.well-known/openid-configuration", "client_id", "client_secret", "S256"):
        assert words in done.out
    listed = yima("app", "list", "--json").json
    assert [app["name"] for app in listed] == ["图书馆"]
    assert "client_secret" not in listed[0]


def test_a_secret_is_shown_once_replaced_and_never_listed(yima: Yima, school: str) -> None:
    made = yima(*register(yima, school, *CALLBACK, "--json")).json
    fresh = yima("app", "rotate-secret", made["client_id"], "--json").json["client_secret"]
    assert fresh != made["client_secret"]
    shown = yima("app", "show", made["client_id"], "--json")
    assert made["client_secret"] not in shown.out
    assert fresh not in shown.out


def test_an_app_with_a_key_has_no_secret(yima: Yima, school: str, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [generate_signer("SGD_SM3_SM2").public_jwk()]}))
    made = yima(
        *register(yima, school, "--auth", "private_key_jwt", "--jwks", str(path), "--grant", "client_credentials", "--json")
    )
    assert made.code == 0
    assert made.json["client_secret"] is None
    path.write_text("not json")
    assert yima(*register(yima, school, "--auth", "private_key_jwt", "--jwks", str(path), *CALLBACK)).code == 1


def test_an_app_is_switched_off_after_a_question(yima: Yima, school: str) -> None:
    client_id = yima(*register(yima, school, *CALLBACK, "--json")).json["client_id"]
    assert yima("app", "disable", client_id, typed="n\n").code == 1
    assert yima("app", "disable", client_id, "--yes").code == 0
    assert yima("app", "show", client_id, "--json").json["status"] == "disabled"
    assert yima("app", "disable", "app_nothing", "--yes").code == 1


def test_keys_are_listed_rotated_and_withdrawn(yima: Yima) -> None:
    before = yima("key", "list", "--json").json
    assert {row["state"] for row in before} >= {"active", "next"}
    assert "private" not in json.dumps(before)
    rotated = yima("key", "rotate", "ES256")
    assert rotated.code == 0
    active = next(row for row in yima("key", "list", "--json").json if row["algorithm"] == "ES256" and row["state"] == "active")
    assert yima("key", "retire", active["kid"], typed="n\n").code == 1
    assert yima("key", "retire", active["kid"], "--yes").code == 0
    states = {row["kid"]: row["state"] for row in yima("key", "list", "--json").json}
    assert states[active["kid"]] == "withdrawn"
    assert yima("key", "rotate", "seal").code == 0
    assert yima("key", "retire", "nothing", "--yes").code == 1


def test_the_journal_is_listed_and_verified_and_a_change_is_named(yima: Yima, school: str, deployment: Deployment) -> None:
    good = yima("audit", "verify")
    assert good.code == 0
    events = yima("audit", "list", "--action", "registry.institution", "--json").json
    assert events[-1]["subject"] == f"institution:{school}"
    assert events[-1]["actor"].startswith("operator:")
    with deployment.database.begin() as session:
        session.execute(update(AuditEvent).where(AuditEvent.seq == events[-1]["seq"]).values(actor_id="somebody"))
    bad = yima("audit", "verify")
    assert bad.code == 1
    assert f"event {events[-1]['seq']} was changed" in bad.err
    assert yima("audit", "verify", "--json").json["breaks"] == [{"seq": events[-1]["seq"], "kind": "changed"}]
    doctor = yima("doctor", "--json")
    assert doctor.code == 1


def test_init_can_be_repeated(yima: Yima) -> None:
    before = len(yima("key", "list", "--json").json)
    assert yima("init").code == 0
    assert len(yima("key", "list", "--json").json) == before


def test_the_doctor_finds_a_healthy_installation_healthy_and_shows_no_secret(yima: Yima, deployment_settings: Settings) -> None:
    done = yima("doctor", "--settings", "--json")
    assert done.code == 0
    assert {finding["state"] for finding in done.json["findings"]} == {"ok", "look"}
    assert (deployment_settings.home / "master.key").read_text().strip() not in done.out


def test_the_doctor_names_an_app_that_could_not_be_told(yima: Yima, deployment: Deployment) -> None:
    with deployment.transaction(OPERATOR) as tx:
        queue.put(tx, "back_channel_logout", {}, subject="app:app_1")
        tx.session.flush()
        tx.session.execute(update(Message).values(given_up_at=tx.now, last_error="status 503"))
    done = yima("doctor")
    assert done.code == 0
    assert "app:app_1 was not reached: status 503" in done.out


@pytest.mark.parametrize("fault", ["key", "empty"])
def test_the_doctor_names_what_is_wrong_and_what_to_do(yima: Yima, deployment_settings: Settings, fault: str) -> None:
    path = deployment_settings.home / "master.key"
    if fault == "key":
        path.chmod(0o644)
    else:
        path.unlink()
    done = yima("doctor")
    assert done.code == 1
    assert "chmod 600" in done.out or "yima init" in done.out


def test_the_password_of_the_database_is_not_for_the_doctors_report(yima: Yima, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIMA_DATABASE_URL", "postgresql://yima:hunter2@127.0.0.1:1/yima?connect_timeout=1")
    done = yima("doctor", "--settings")
    assert done.code == 1
    assert "hunter2" not in done.out + done.err
