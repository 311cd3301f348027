"""Re-sealing: nothing is forgotten, nothing is lost, and an old key goes only when nothing needs it."""

import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from idp.audit.chain import breaks
from idp.crypto.errors import UnknownKey
from idp.deployment import Deployment, open_deployment
from idp.keys import destruction, resealing, rotation
from idp.keys.errors import KeyInUse, KeyKeptForever, KeyStillNeeded, NoSuchKey
from idp.keys.places import Found, Place
from idp.keys.states import Purpose
from idp.keys.tables import Key
from idp.registry.tables import Person
from idp.sealed import PLACES, VERIFIER
from idp.settings import Settings
from tests.at_once import at_once, refused, succeeded
from tests.clocks import SettableClock
from tests.people import OPERATOR
from tests.sealed_rows import fill, opened
from tests.unit.keys.killed import reseal_and_kill

KILLS = 30
# Of each sort one: it is killed between two rows, tables, keys and rooms.
KILLED_IN = ("person.phone_sealed", "escrowed_key.sealed", "outbox.payload.notice.also", "certificate_authority.key_sealed")


def renew(deployment: Deployment, *purposes: Purpose) -> list[str]:
    """New keys; returns those before."""
    before = [newest(deployment, purpose) for purpose in purposes]
    with deployment.transaction(OPERATOR) as tx:
        for purpose in purposes:
            rotation.renew_secret(tx, deployment.master, purpose)
    deployment.ring.forget()
    return before


def newest(deployment: Deployment, purpose: Purpose) -> str:
    return [row.kid for row in deployment.ring.newest().rows if row.purpose == purpose][-1]


def destroy(deployment: Deployment, kid: str) -> Key:
    with deployment.transaction(OPERATOR) as tx:
        return destruction.destroy(tx, PLACES, VERIFIER, kid, longest_token=deployment.settings.longest_token)


def reseal(deployment: Deployment) -> resealing.Resealed:
    return resealing.reseal(deployment.database, deployment.ring.vaults, PLACES)


def left(deployment: Deployment, places: Sequence[Place] = PLACES) -> dict[str, int]:
    return resealing.left(deployment.database, deployment.ring.vaults, places)


def test_everything_in_every_place_is_sealed_anew_and_only_then_the_old_keys_can_go(
    deployment: Deployment, clock: SettableClock
) -> None:
    secrets = fill(deployment, 2)
    assert left(deployment) == {}
    clock.forward(seconds=1)
    old = renew(deployment, Purpose.SEAL, Purpose.AUTHORITY)
    assert left(deployment) == {place.name: 2 for place in PLACES}
    for kid in old:
        with pytest.raises(KeyInUse):  # servers may not have seen yet that there is another one
            destroy(deployment, kid)
    clock.forward(seconds=61)
    for kid in old:
        with pytest.raises(KeyStillNeeded):
            destroy(deployment, kid)
    done = reseal(deployment)
    assert (done.done, done.unreadable) == ({place.name: 2 for place in PLACES}, [])
    assert left(deployment) == {}
    for kid in old:
        destroy(deployment, kid)
    deployment.ring.forget()
    assert opened(deployment) == secrets
    assert reseal(deployment).done.total() == 0


def test_what_the_key_of_people_sealed_for_authorities_opens_until_it_is_sealed_under_theirs(deployment: Deployment) -> None:
    sealed = deployment.ring.vault.seal("key", context="certificate_authority:school:key")
    assert deployment.ring.authority_vault.open(sealed, context="certificate_authority:school:key") == "key"
    assert deployment.ring.authority_vault.needs_reseal(sealed)


def test_the_key_of_people_opens_nothing_of_authorities(deployment: Deployment) -> None:
    sealed = deployment.ring.authority_vault.seal("key", context="certificate_authority:school:key")
    with pytest.raises(UnknownKey):
        deployment.ring.vault.open(sealed, context="certificate_authority:school:key")


def test_a_value_that_no_key_opens_is_named_and_left_and_the_others_are_done(deployment: Deployment, clock: SettableClock) -> None:
    fill(deployment, 3)
    with deployment.database.begin() as session:
        session.execute(update(Person).where(Person.id == 1001).values(phone_sealed="y1.seal-gone.AAAA.AAAA"))
    clock.forward(seconds=1)
    renew(deployment, Purpose.SEAL)
    done = reseal(deployment)
    assert done.unreadable == ["person.phone_sealed:1001"]
    assert left(deployment) == {"person.phone_sealed": 1}


def test_what_somebody_writes_while_it_runs_stays(
    deployment: Deployment, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(deployment, 1)
    clock.forward(seconds=1)
    renew(deployment, Purpose.SEAL)
    place = next(place for place in PLACES if place.name == "person.phone_sealed")
    there = type(place).stale

    def stale(self: Any, session: Session, kid: str, after: Any, limit: int) -> Sequence[Found]:
        """Looks, and then somebody writes."""
        found = there(self, session, kid, after, limit)
        if found and self == place:
            sealed = deployment.ring.vault.seal("+8613912345678", context="person:1000:phone")
            with deployment.database.begin() as other:
                other.execute(update(Person).where(Person.id == 1000).values(phone_sealed=sealed))
        return found

    monkeypatch.setattr(type(place), "stale", stale)
    reseal(deployment)
    monkeypatch.undo()
    assert opened(deployment)["person.phone_sealed", (1000,)] == "+8613912345678"


def test_run_several_times_at_once_it_does_each_value_once(deployment: Deployment, clock: SettableClock) -> None:
    secrets = fill(deployment, 1)
    clock.forward(seconds=1)
    renew(deployment, Purpose.SEAL, Purpose.AUTHORITY)
    results = at_once(lambda _: reseal(deployment).done.total(), tries=3)
    assert refused(results) == set()
    assert sum(succeeded(results)) == len(PLACES)
    assert opened(deployment) == secrets


def test_another_server_opens_what_a_key_sealed_that_it_has_not_seen(deployment: Deployment, clock: SettableClock) -> None:
    with closing(open_deployment(deployment.settings, clock)) as other:
        other.ring.current()
        clock.forward(seconds=1)
        renew(deployment, Purpose.SEAL)
        sealed = deployment.ring.vault.seal("secret", context="row:1")
        assert other.ring.vault.open(sealed, context="row:1") == "secret"


def test_a_key_is_destroyed_once(deployment: Deployment, clock: SettableClock) -> None:
    clock.forward(seconds=1)
    (old,) = renew(deployment, Purpose.SEAL)
    clock.forward(seconds=61)
    results = at_once(lambda _: destroy(deployment, old))
    assert refused(results) == {NoSuchKey}
    assert sum(isinstance(result, Key) for result in results) == 1


@pytest.mark.parametrize("purpose", [Purpose.INDEX, Purpose.SUBJECT, Purpose.AUDIT])
def test_keys_whose_work_is_never_done_anew_are_kept(deployment: Deployment, purpose: Purpose) -> None:
    with pytest.raises(KeyKeptForever):
        destroy(deployment, newest(deployment, purpose))


def test_keys_in_use_are_not_destroyed(deployment: Deployment) -> None:
    for purpose in (Purpose.SEAL, Purpose.AUTHORITY, Purpose.PASSWORD, Purpose.TOKEN):
        with pytest.raises(KeyInUse):
            destroy(deployment, newest(deployment, purpose))


def test_killed_thirty_times_it_loses_nothing_and_comes_to_its_end(sqlite_template: Path, tmp_path: Path) -> None:
    home = tmp_path / "killed"
    shutil.copytree(sqlite_template, home)
    settings = Settings(home=home)
    with closing(open_deployment(settings)) as deployment:
        places = [place for place in PLACES if place.name in KILLED_IN]
        secrets = fill(deployment, 30, places)
        for _ in range(KILLS):
            if not left(deployment, places):
                renew(deployment, Purpose.SEAL, Purpose.AUTHORITY)
            before = sum(left(deployment, places).values())
            said = reseal_and_kill(settings, KILLED_IN)
            assert sum(left(deployment, places).values()) <= before - said
        resealing.reseal(deployment.database, deployment.ring.vaults, places)
        assert left(deployment, places) == {}
        assert opened(deployment, places) == secrets
        with deployment.reading() as session:
            assert next(breaks(session, deployment.ring.current().audit.keys), None) is None
