"""``yima app``, ``yima key``, ``yima audit``, ``yima init`` and ``yima doctor``."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from idp.apps.tables import App
from idp.audit.tables import AuditEvent
from idp.crypto.jose import generate_signer
from idp.deployment import Deployment
from idp.oidc.tables import InitialAccessToken
from idp.outbox import queue
from idp.outbox.tables import Message
from idp.settings import Settings
from tests.clocks import SettableClock
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


def test_an_app_that_asks_people_on_their_phone_asks_again_until_they_have_answered(yima: Yima, school: str) -> None:
    made = yima(*register(yima, school, "--grant", "urn:openid:params:grant-type:ciba", "--json"))
    assert made.json["metadata"]["backchannel_token_delivery_mode"] == "poll"


def test_an_app_is_switched_off_after_a_question(yima: Yima, school: str) -> None:
    client_id = yima(*register(yima, school, *CALLBACK, "--json")).json["client_id"]
    assert yima("app", "suspend", client_id, typed="n\n").code == 1
    assert yima("app", "suspend", client_id, "--yes").code == 0
    assert yima("app", "show", client_id, "--json").json["status"] == "suspended"
    assert yima("app", "approve", client_id).code == 0
    assert yima("app", "show", client_id, "--json").json["status"] == "approved"
    assert yima("app", "retire", client_id, "--yes").code == 0
    assert yima("app", "approve", client_id).code == 1
    assert yima("app", "suspend", "app_nothing", "--yes").code == 1


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


def test_an_app_gets_little_data_until_more_is_named_and_explained(yima: Yima, school: str) -> None:
    little = yima(*register(yima, school, *CALLBACK, "--json")).json
    assert little["scopes"] == ["openid", "profile"]
    more = yima(*register(yima, school, *CALLBACK, "--scope", "email", "--why", "email", "发催还通知", "--json")).json
    assert (more["scopes"], more["reasons"]) == (["email", "openid"], {"email": "发催还通知"})
    assert yima(*register(yima, school, *CALLBACK, "--why", "nonsense", "x")).code == 1
    approved = yima("app", "approve", little["client_id"], "--scope", "school")
    assert approved.code == 0
    assert yima("app", "show", little["client_id"], "--json").json["scopes"] == ["openid", "school"]


def test_metadata_without_an_option_comes_from_a_file_and_can_be_changed(yima: Yima, school: str, tmp_path: Path) -> None:
    path = tmp_path / "metadata.json"
    path.write_text(json.dumps({"default_max_age": 600, "policy_uri": "https://app.example.edu.cn/privacy"}))
    made = yima(*register(yima, school, *CALLBACK, "--metadata", str(path), "--json")).json
    assert made["metadata"]["default_max_age"] == 600
    path.write_text(json.dumps({"redirect_uris": ["https://app.example.edu.cn/new"]}))
    assert yima("app", "change", made["client_id"], str(path)).code == 0
    shown = yima("app", "show", made["client_id"], "--json").json["metadata"]
    assert shown["redirect_uris"] == ["https://app.example.edu.cn/new"]
    assert "policy_uri" not in shown
    for text in ("not json", '{"redirect_uris": []}', '{"redirect_uris": ["http://a.example/"]}'):
        path.write_text(text)
        assert yima("app", "change", made["client_id"], str(path)).code == 1
    assert yima("app", "change", "app_nothing", str(path)).code == 1


def test_the_report_names_what_somebody_should_look_after(
    yima: Yima, school: str, deployment: Deployment, clock: SettableClock
) -> None:
    assert yima("school", "domains", school, "Example.edu.cn").out.strip() == "example.edu.cn"
    assert yima("school", "domains", school, "no domain").code == 1
    good = yima(*register(yima, school, *CALLBACK, "--json")).json["client_id"]
    stray = yima(*register(yima, school, "--redirect-uri", "https://app.example.com/callback", "--json")).json["client_id"]
    findings = {(row["client_id"], row["finding"]) for row in yima("app", "report", "--json").json}
    assert findings == {(stray, "outside_domains")}
    with deployment.transaction(OPERATOR) as tx:
        tx.session.execute(update(App).values(created_at=tx.now - timedelta(days=400)))
    findings = {(row["client_id"], row["finding"]) for row in yima("app", "report", "--json").json}
    assert findings == {(stray, "outside_domains"), (stray, "unused"), (good, "unused")}
    assert yima("app", "retire", stray, "--yes").code == 0
    assert {row["client_id"] for row in yima("app", "report", "--json").json} == {good}


def test_a_token_for_registration_is_printed_once(yima: Yima, school: str, deployment: Deployment) -> None:
    token = yima("app", "allow-registration", school, "--uses", "3", "--json").json["initial_access_token"]
    with deployment.reading() as session:
        row = session.query(InitialAccessToken).one()
    assert (row.uses_left, row.owner) == (3, school)
    assert token not in row.token_hash
    assert yima("app", "allow-registration", "2111999999").code == 1


def test_the_rules_of_an_app_are_shown_and_changed(yima: Yima, school: str, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [generate_signer("ES256").public_jwk()]}))
    made = yima(*register(yima, school, *CALLBACK, "--auth", "private_key_jwt", "--jwks", str(path), "--json")).json
    shown = yima("app", "rules", made["client_id"], "--json").json
    assert (shown["profile"], shown["resources"], shown["requires_pkce"]) == ("", [], True)
    uri = "https://grades.example.edu.cn/api"
    changes = ("--resource-server", "--resource", uri, "--details", "transcript", "查看成绩单", "--profile", "fapi2")
    changed = yima("app", "rules", made["client_id"], *changes, "--json").json
    assert changed["resources"] == [uri]
    assert changed["authorization_types"] == {"transcript": "查看成绩单"}
    metadata = yima("app", "show", made["client_id"], "--json").json["metadata"]
    assert metadata["require_pushed_authorization_requests"] is metadata["dpop_bound_access_tokens"] is True
    assert yima("app", "rules", made["client_id"], "--profile", "none", "--json").json["profile"] == ""


def test_rules_that_contradict_the_registration_are_refused_and_change_nothing(yima: Yima, school: str) -> None:
    made = yima(*register(yima, school, *CALLBACK, "--json")).json
    done = yima("app", "rules", made["client_id"], "--profile", "fapi2")
    assert done.code == 1
    assert "token_endpoint_auth_method" in done.err
    assert yima("app", "rules", made["client_id"], "--resource", "grades").code == 1
    assert yima("app", "rules", made["client_id"], "--json").json["profile"] == ""
    assert yima("app", "rules", "app_unknown").code == 1


def test_whoever_looks_at_what_an_app_was_told_stands_in_the_journal(yima: Yima, school: str, deployment: Deployment) -> None:
    made = yima(*register(yima, school, *CALLBACK, "--json")).json
    assert yima("app", "releases", made["client_id"], "--year", "2026", "--minors", "--json").json == []
    assert yima("app", "releases", "app_unknown", "--year", "2026").code == 1
    with deployment.reading() as session:
        row = session.scalars(select(AuditEvent).where(AuditEvent.action == "oidc.releases.read")).one()
    assert (row.subject, row.detail["rows"]) == (f"app:{made['client_id']}", 0)
