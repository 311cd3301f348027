"""Remembered devices: a browser that spares its person the second step for a while, and how a copy of what it keeps is noticed.

A browser keeps ``series:counter:seal``. The seal is an HMAC-SM3 over series, person and counter, so that nobody makes the next
one from the last, and so that a counter which *was* good can be told from one that was made up. Each use moves the counter on by
compare-and-set: whoever comes with one that is past holds a copy, or was copied from. Then nobody knows which of the two is the
thief, so every remembered device of the person ends, and the person is told.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.clock import BEIJING
from idp.crypto import sm3
from idp.database.compare_and_set import compare_and_set
from idp.keys import Vault
from idp.mfa.errors import DeviceStolen, NoSuchDevice, NotRemembered
from idp.mfa.tables import RememberedDevice
from idp.notices import book
from idp.notices.events import Event
from idp.registry.affiliations import is_administrator
from idp.registry.persons import PersonStatus
from idp.registry.tables import Person
from idp.settings import Settings

METHOD = "rba"  # RFC 8176 §2: no factor; it never makes "mfa"
LIMIT = 10
# Two tabs of one browser send the same counter at once: the second is not a thief. A thief who is as quick is noticed next time.
GRACE = timedelta(seconds=60)


@dataclass(frozen=True)
class Remembered:
    """What the browser keeps from now on, and until when."""

    cookie: str = field(repr=False)
    expires_at: datetime


def is_offered(session: Session, settings: Settings, person_id: int, now: datetime) -> bool:
    """Whether the person may have a device remembered here. Our policy: never an administrator."""
    return settings.remembered_device_days > 0 and not is_administrator(session, person_id, now.astimezone(BEIJING).date())


def remember(tx: Transaction, vault: Vault, settings: Settings, person_id: int, device: str) -> Remembered:
    """A new series for a browser at which the person has just proven a second factor. Raises :class:`NotRemembered`."""
    if not is_offered(tx.session, settings, person_id, tx.now):
        raise NotRemembered
    for row in active(tx.session, person_id, tx.now)[LIMIT - 1 :]:
        _end(tx, RememberedDevice.id == row.id, "too_many")
    series = secrets.token_urlsafe(32)
    row = RememberedDevice(
        person_id=person_id,
        series_hash=_digest(series),
        counter=0,
        moved_at=tx.now,
        device=device[:64],
        created_at=tx.now,
        expires_at=tx.now + timedelta(days=settings.remembered_device_days),
    )
    tx.session.add(row)
    tx.session.flush()
    tx.record(Action.DEVICE_REMEMBERED, subject=_subject(tx, person_id), detail={"device": row.device, "remembered": row.id})
    book.give(tx, person_id, Event.DEVICE_REMEMBERED, detail={"device": row.device})
    return _kept(vault, row, series)


def redeem(tx: Transaction, vault: Vault, settings: Settings, person_id: int, cookie: str) -> Remembered:
    """Accepts what the browser keeps, once the password is proven, and gives it the next.

    Raises :class:`NotRemembered` for anything that is not good, and :class:`DeviceStolen` for what was good once. What a theft
    changed is in the transaction: the caller keeps it.
    """
    series, counter, seal = _read(cookie)
    found = select(RememberedDevice).where(RememberedDevice.series_hash == _digest(series), RememberedDevice.person_id == person_id)
    row = tx.session.scalar(found.execution_options(populate_existing=True))
    if row is None or not secrets.compare_digest(seal, _seal(vault, series, person_id, counter)):
        raise NotRemembered
    _check_good(tx, settings, row)
    moving = update(RememberedDevice).where(
        RememberedDevice.id == row.id, RememberedDevice.counter == counter, RememberedDevice.ended_at.is_(None)
    )
    moved = compare_and_set(tx.session, moving.values(counter=counter + 1, moved_at=tx.now))
    tx.session.refresh(row)
    if moved:
        return _kept(vault, row, series)
    _check_good(tx, settings, row)
    if row.counter == counter + 1 and tx.now <= row.moved_at + GRACE:
        return _kept(vault, row, series)  # the other tab was first: both leave with the same
    if counter > row.counter:
        raise NotRemembered  # the database is older than the cookie: it was restored
    _stolen(tx, row)
    raise DeviceStolen


def active(session: Session, person_id: int, now: datetime) -> Sequence[RememberedDevice]:
    """The person's remembered devices, the last used first."""
    mine = select(RememberedDevice).where(
        RememberedDevice.person_id == person_id, RememberedDevice.ended_at.is_(None), RememberedDevice.expires_at > now
    )
    return session.scalars(mine.order_by(RememberedDevice.moved_at.desc(), RememberedDevice.id.desc())).all()


def forget(tx: Transaction, person_id: int, device_id: int) -> None:
    """Ends one of the person's own. Raises :class:`NoSuchDevice`."""
    if not _end(tx, (RememberedDevice.id == device_id) & (RememberedDevice.person_id == person_id), "by_the_person"):
        raise NoSuchDevice
    tx.record(Action.DEVICE_FORGOTTEN, subject=_subject(tx, person_id), detail={"reason": "by_the_person", "devices": 1})


def forget_cookie(tx: Transaction, person_id: int, cookie: str) -> None:
    """Ends what this browser keeps for the person, because something newer takes its place. One that is no good is nothing."""
    try:
        series, _counter, _seal = _read(cookie)
    except NotRemembered:
        return
    _end(tx, (RememberedDevice.series_hash == _digest(series)) & (RememberedDevice.person_id == person_id), "replaced")


def forget_all(tx: Transaction, person_id: int, reason: str) -> int:
    """Ends every remembered device of the person; returns how many. ``reason`` is a word for the journal."""
    count = _end(tx, RememberedDevice.person_id == person_id, reason)
    if count:
        tx.record(Action.DEVICE_FORGOTTEN, subject=_subject(tx, person_id), detail={"reason": reason, "devices": count})
    return count


def _check_good(tx: Transaction, settings: Settings, row: RememberedDevice) -> None:
    status = tx.session.scalar(select(Person.status).where(Person.id == row.person_id))
    if row.ended_at is not None or row.expires_at <= tx.now or status != PersonStatus.ACTIVE:
        raise NotRemembered
    if not is_offered(tx.session, settings, row.person_id, tx.now):
        raise NotRemembered


def _stolen(tx: Transaction, row: RememberedDevice) -> None:
    # Of any number of stale ones at once, one ends the series and raises the alarm.
    if not _end(tx, RememberedDevice.id == row.id, "stolen"):
        return
    others = _end(tx, RememberedDevice.person_id == row.person_id, "another_stolen")
    detail = {"device": row.device, "remembered": row.id, "ended": others + 1}
    tx.record(Action.DEVICE_STOLEN, subject=_subject(tx, row.person_id), outcome="failure", detail=detail)
    book.give(tx, row.person_id, Event.DEVICE_STOLEN, detail={"device": row.device})


def _end(tx: Transaction, which: ColumnElement[bool], reason: str) -> int:
    ending = update(RememberedDevice).where(which, RememberedDevice.ended_at.is_(None), RememberedDevice.expires_at > tx.now)
    values = {"ended_at": tx.now, "end_reason": reason[:24]}
    result = tx.session.execute(ending.values(values).execution_options(synchronize_session="fetch"))
    return cast(CursorResult[Any], result).rowcount


def _kept(vault: Vault, row: RememberedDevice, series: str) -> Remembered:
    seal = _seal(vault, series, row.person_id, row.counter)
    return Remembered(f"{series}:{row.counter}:{seal}", row.expires_at)


def _read(cookie: str) -> tuple[str, int, str]:
    found = re.fullmatch(r"([A-Za-z0-9_-]{43}):([0-9]{1,9}):([0-9a-f]{64})", cookie)
    if found is None:
        raise NotRemembered
    return found[1], int(found[2]), found[3]


def _seal(vault: Vault, series: str, person_id: int, counter: int) -> str:
    return vault.blind_index("remembered_device", f"{series}:{person_id}:{counter}")


def _digest(series: str) -> str:
    return sm3.digest(series.encode()).hex()


def _subject(tx: Transaction, person_id: int) -> str:
    return f"person:{tx.session.scalar(select(Person.number).where(Person.id == person_id))}"
