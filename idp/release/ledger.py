"""Writing a release down, in the transaction that makes it."""

from collections.abc import Collection
from enum import StrEnum

from idp.audit import Transaction
from idp.crypto import sm3
from idp.database.upsert import PreparedUpsert
from idp.release.tables import DataRelease
from idp.web.locale import CHINA

_UPSERT = PreparedUpsert(DataRelease, lambda new: {"count": DataRelease.count + 1, "last_at": new.last_at})


class Place(StrEnum):
    """Where claims are told."""

    ID_TOKEN = "id_token"
    USERINFO = "userinfo"
    CAS = "cas"
    SAML = "saml"


def record(tx: Transaction, client_id: str, person_id: int, place: Place, claims: Collection[str]) -> None:
    """One release more of the claims with these names: one statement, however many at once.

    The day is China's, because people and auditors read it.
    """
    names = sorted(claims)
    day = tx.now.astimezone(CHINA).date()
    values = {
        "key": sm3.digest("\x00".join((str(person_id), client_id, day.isoformat(), place.value, *names)).encode()).hex(),
        "person_id": person_id,
        "client_id": client_id,
        "day": day,
        "place": place.value,
        "claims": names,
        "count": 1,
        "first_at": tx.now,
        "last_at": tx.now,
    }
    _UPSERT(tx.session, values)
