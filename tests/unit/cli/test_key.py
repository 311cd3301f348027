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
