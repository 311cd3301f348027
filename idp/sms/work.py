"""An obstacle before another message so soon: the browser computes for a moment, or the person waits.

Our policy, and why it is no picture to read: docs/decisions/0014-work-or-wait.md. From the second message in an hour on, to one
number or for one person, a request brings a number whose SM3 together with a seed begins with so many zero bits. The seed changes
with every message, so that each piece of work is good for one. Whose browser runs no script waits instead.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy.orm import Session

from idp.crypto import sm3
from idp.keys import Vault
from idp.sms.errors import WorkNeeded
from idp.sms.limits import HOUR, number_key, person_key
from idp.sms.tables import SmsCounter

FIRST_BITS = 16  # some 65,000 digests: a moment on a telephone
LAST_BITS = 18
WAIT = timedelta(minutes=20)  # without work three messages an hour instead of five


@dataclass(frozen=True)
class Work:
    """What a browser is given: find ``n`` so that SM3 of ``seed:n`` begins with ``bits`` zero bits."""

    seed: str
    bits: int


def asked(session: Session, vault: Vault, person_id: int) -> Work:
    """The work for this person's next message. The same until a message goes out."""
    row = session.get(SmsCounter, person_key(person_id, HOUR), populate_existing=True)
    count, until = (row.count, row.until.isoformat()) if row is not None else (0, "")
    seed = vault.blind_index("sms_work", f"{person_id}\x00{until}\x00{count}")
    return Work(seed[:32], min(FIRST_BITS + count, LAST_BITS))


def check(session: Session, vault: Vault, now: datetime, *, person_id: int, phone_index: str, answer: str) -> None:
    """Raises :class:`WorkNeeded` for one more message without work, unless the last ones are long enough ago."""
    free_at = [_free_at(session, key) for key in (person_key(person_id, HOUR), number_key(phone_index, HOUR))]
    latest = max((moment for moment in free_at if moment is not None), default=now)
    if latest > now and not done(asked(session, vault, person_id), answer):
        raise WorkNeeded(minutes=ceil((latest - now) / timedelta(minutes=1)))


def done(work: Work, answer: str) -> bool:
    """Whether ``answer`` is the number that was asked for."""
    if not re.fullmatch(r"[0-9]{1,12}", answer):
        return False
    digest = sm3.digest(f"{work.seed}:{answer}".encode())
    return int.from_bytes(digest[:4], "big") >> (32 - work.bits) == 0


def _free_at(session: Session, key: str) -> datetime | None:
    """When one more message needs no work: the first at once, each other twenty minutes later, all after the hour."""
    row = session.get(SmsCounter, key, populate_existing=True)
    return None if row is None else min(row.until - HOUR + row.count * WAIT, row.until)
