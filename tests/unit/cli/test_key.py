"""``yima key``: re-sealing and destroying."""

from sqlalchemy import update

from idp.audit import Action
from idp.deployment import open_deployment
from idp.registry.tables import Person
from idp.sealed import PLACES
from idp.settings import Settings
from tests.sealed_rows import fill
from tests.unit.cli.conftest import Yima


def test_after_a_rotation_everything_is_sealed_anew_and_it_says_so(yima: Yima, deployment_settings: Settings) -> None:
    deployment = open_deployment(deployment_settings)
    fill(deployment, 1)
    old = next(row["kid"] for row in yima("key", "list", "--json").json if row["purpose"] == "seal")
    assert yima("key", "reseal").out == "Everything is sealed under the newest keys.\n"
    assert yima("key", "rotate", "seal").code == 0
    assert yima("key", "rotate", "ca").code == 0
    advice = [one["advice"] for one in yima("doctor", "--json").json["findings"] if one["what"] == "Old keys that seal are gone"]
    assert [old in one for one in advice] == [True, False]
    assert next(row for row in yima("key", "list", "--json").json if row["kid"] == old)["state"] == "retired"
    waiting = yima("key", "reseal", "--count", "--json").json
    assert waiting["left"] == {place.name: 1 for place in PLACES}
    assert yima("key", "destroy", old, "--yes").code == 1  # it was in use a moment ago
    done = yima("key", "reseal", "--json")
    assert (done.code, done.json["left"], done.json["resealed"]) == (0, {}, waiting["left"])
    assert yima("audit", "list", "--action", Action.SECRETS_RESEALED.value, "--json").code == 0
    with deployment.database.begin() as session:
        session.execute(update(Person).values(phone_sealed="y1.seal-gone.AAAA.AAAA"))
    broken = yima("key", "reseal")
    assert (broken.code, "person.phone_sealed:1000" in broken.err) == (3, True)
    refused = yima("key", "destroy", "no", "--yes", lang="zh")
    assert (refused.code, refused.err) == (1, "没有密钥 no。\n")
    deployment.close()


def test_a_key_in_wrong_hands_is_revoked_in_one_command(yima: Yima, deployment_settings: Settings) -> None:
    deployment = open_deployment(deployment_settings)
    fill(deployment, 1)
    keys = {row["kid"]: row for row in yima("key", "list", "--json").json}
    seal = next(kid for kid, row in keys.items() if row["purpose"] == "seal")
    assert yima("key", "revoke", seal).code == 2  # a reason is due
    assert yima("key", "revoke", seal, "--reason", "x", typed="n\n").code == 1
    done = yima("key", "revoke", seal, "--reason", "disk lost", "--yes")
    assert (done.code, f"yima key destroy {seal}" in done.err) == (0, True)
    assert yima("key", "reseal", "--count", "--json").json["left"] == {}
    told = [one["advice"] for one in yima("doctor", "--json").json["findings"] if one["what"] == "No key was in wrong hands"]
    assert ["disk lost" in one for one in told] == [True]
    index = next(kid for kid, row in keys.items() if row["purpose"] == "index")
    assert yima("key", "revoke", index, "--reason", "x", "--yes").code == 1
    deployment.close()


def test_an_emergency_changes_every_key_and_the_master_key(yima: Yima, deployment_settings: Settings) -> None:
    deployment = open_deployment(deployment_settings)
    sealed, before = deployment.ring.vault.seal("secret", context="row:1"), deployment.ring.current().master.current
    done = yima("key", "emergency", "--reason", "disk copied", "--end-sessions", "--yes", "--json")
    assert (done.code, done.json["sessions_ended"]) == (0, 0)
    assert len(done.json["revoked"]) == 13
    assert deployment.ring.newest().master.current != before
    assert deployment.ring.vault.open(sealed, context="row:1") == "secret"
    deployment.close()
