"""Rotation by time: which key is due when, and the rotation itself, once however many servers find it due.

Keys for SAML stay out of it: our metadata has to reach every app by hand or by a feed first, and only people know when it has.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import select

from idp.audit import Transaction
from idp.crypto.envelope import Envelope
from idp.keys import rotation
from idp.keys.errors import DeviceKeysUsedUp
from idp.keys.states import SAML_ALGORITHM, TOKEN_ALGORITHMS, Purpose, State, state
from idp.keys.tables import Key

# Our policy: from then on `yima doctor` reminds of it.
SAML_OLD = timedelta(days=2 * 365)


class Ages(Protocol):
    """The settings that say how old keys may become."""

    key_token_days: int
    key_seal_days: int
    key_password_days: int
    key_audit_days: int
    key_web_days: int
    jwks_max_age: int


@dataclass(frozen=True, slots=True)
class Due:
    """The key in use for ``what``, an algorithm of tokens or a purpose, and when another takes its place."""

    what: str
    kid: str
    at: datetime


def due(rows: Sequence[Key], ages: Ages, now: datetime) -> list[Due]:
    """What the schedule says of the keys in use, soonest first; nothing of those that it leaves alone."""
    days = {
        Purpose.TOKEN: ages.key_token_days,
        Purpose.SEAL: ages.key_seal_days,
        Purpose.AUTHORITY: ages.key_seal_days,
        Purpose.PASSWORD: ages.key_password_days,
        Purpose.AUDIT: ages.key_audit_days,
        Purpose.WEB: ages.key_web_days,
    }
    found = []
    for what, purpose in _kinds():
        row = in_use(rows, what, now)
        if row is not None and row.activated_at is not None and days[purpose]:
            found.append(Due(what, row.kid, row.activated_at + timedelta(days=days[purpose])))
    return sorted(found, key=lambda one: one.at)


def in_use(rows: Sequence[Key], what: str, now: datetime) -> Key | None:
    """The key that works for ``what`` now."""
    mine = [row for row in rows if what in (row.algorithm, row.purpose) and state(row, now) is State.ACTIVE]
    return max(mine, key=lambda row: row.activated_at or row.created_at, default=None)


def rotate_due(tx: Transaction, master: Envelope, ages: Ages) -> list[Key]:
    """Rotates what is due, and nothing that another process has just rotated; returns the keys that take over."""
    tx.serialise()
    rows = tx.session.scalars(select(Key).order_by(Key.created_at).execution_options(populate_existing=True)).all()
    made = []
    for one in due(rows, ages, tx.now):
        if one.at > tx.now:
            break
        if one.what in rotation.ALGORITHMS:
            ahead = timedelta(seconds=ages.jwks_max_age)
            with suppress(DeviceKeysUsedUp):  # the next one is for a person to choose, and `yima doctor` asks for it
                made.append(rotation.rotate(tx, master, one.what, publish_ahead=ahead))
        else:
            made.append(rotation.renew_secret(tx, master, Purpose(one.what)))
    return made


def old_saml_key(rows: Sequence[Key], now: datetime) -> Key | None:
    """The key that signs for SAML, where it is so old that somebody should plan a rotation."""
    row = in_use(rows, SAML_ALGORITHM, now)
    return row if row is not None and (row.activated_at or row.created_at) <= now - SAML_OLD else None


def _kinds() -> list[tuple[str, Purpose]]:
    tokens = [(algorithm, Purpose.TOKEN) for names in TOKEN_ALGORITHMS.values() for algorithm in names]
    return [*tokens, *((purpose.value, purpose) for purpose in rotation.RENEWABLE)]
