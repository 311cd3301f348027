"""Re-sealing: everything that an older key has sealed is sealed under the newest, while the installation runs.

There is no list of what is done: what is left is what still names an older key. So it can be stopped anywhere, killed too, and be
begun anew; it can run twice at once; and whatever somebody writes meanwhile stays.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from idp.crypto.errors import CryptoError
from idp.database import Database
from idp.keys.places import Found, Place
from idp.keys.vault import Vault

BATCH = 50  # rows of one transaction: on SQLite nobody else writes meanwhile
# A server goes on sealing under the key before for as long as it keeps what it has read: another pass finds that.
PASSES = 3


@dataclass
class Resealed:
    """What was done: how many values by place, and which rows hold what no key opens."""

    done: Counter[str] = field(default_factory=Counter)
    unreadable: list[str] = field(default_factory=list)


def left(database: Database, vaults: Mapping[str, Vault], places: Sequence[Place]) -> dict[str, int]:
    """How many values in each place are not sealed under the newest key; places where there are none are left out."""
    keys = {purpose: vault.sealing_key for purpose, vault in vaults.items()}
    with database.read() as session:
        counted = {place.name: place.count(session, keys[place.purpose])[1] for place in places}
    return {name: count for name, count in counted.items() if count}


def reseal(
    database: Database,
    vaults: Mapping[str, Vault],
    places: Sequence[Place],
    tell: Callable[[int], None] = lambda _: None,
    *,
    batch: int = BATCH,
) -> Resealed:
    """Seals everything under the newest keys; ``vaults`` by purpose. ``tell`` hears of each batch how many values it had.

    A value that does not open is left as it is and named. Raises nothing for it: the others matter no less.
    """
    result = Resealed()
    for _ in range(PASSES):
        before = result.done.total()
        result.unreadable.clear()
        keys = {purpose: vault.sealing_key for purpose, vault in vaults.items()}
        for place in places:
            for count in _reseal(database, vaults[place.purpose], keys[place.purpose], place, result, batch):
                tell(count)
        if result.done.total() == before:
            break
    return result


def _reseal(database: Database, vault: Vault, kid: str, place: Place, result: Resealed, batch: int) -> Iterator[int]:
    after = None
    while True:
        with database.read() as session:
            found = place.stale(session, kid, after, batch)
        if not found:
            return
        fresh = [(one, sealed) for one in found if (sealed := _anew(vault, place, one, result)) is not None]
        with database.begin() as session:
            result.done[place.name] += sum(place.replace(session, one, sealed) for one, sealed in fresh)
        after = found[-1].row
        yield len(found)


def _anew(vault: Vault, place: Place, found: Found, result: Resealed) -> str | None:
    try:
        return vault.seal(vault.open(found.sealed, context=found.context), context=found.context)
    except CryptoError:
        result.unreadable.append(f"{place.name}:{','.join(str(part) for part in found.row)}")
        return None
