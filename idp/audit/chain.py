"""The hash chain: HMAC-SM3 over each event and the seal of the event before it.

Keyed, so that whoever can write to the database but does not hold the audit key cannot forge a chain that verifies. The seal
does not cover ``seq``: an event moved to another place is still whole, but no longer follows the event it names, and so a
moved event can be told from a changed one.
"""

import json
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from idp.audit.errors import AuditKeyMissing
from idp.audit.tables import AuditEvent, AuditHead
from idp.crypto import sm3
from idp.database.prepared import Prepared

GENESIS = "0" * 64
_EVENT, _HEAD = cast(Table, AuditEvent.__table__), cast(Table, AuditHead.__table__)
# An UPDATE queues writers on both databases; SELECT … FOR UPDATE does so on one of them only.
_LOCK = Prepared(update(_HEAD).where(_HEAD.c.id == 1).values(seq=_HEAD.c.seq).returning(_HEAD.c.seq, _HEAD.c.mac))
_APPEND, _COLUMNS = Prepared(insert(_EVENT)), tuple(_EVENT.c.keys())
_MOVE = Prepared(update(_HEAD).where(_HEAD.c.id == 1).values(seq=bindparam("to"), mac=bindparam("seal")))


@dataclass(frozen=True)
class AuditKeys:
    """The keys of the chain by id; ``current`` names the one that seals new events."""

    keys: Mapping[str, bytes]
    current: str


@dataclass(frozen=True)
class Break:
    """One place where the chain does not hold. ``kind`` is ``changed``, ``removed``, ``moved`` or ``unknown_key``."""

    seq: int
    kind: str


@dataclass(slots=True)
class Entry:
    """An event that is about to be written: the columns of its row."""

    at: datetime
    actor_kind: str
    actor_id: str
    address: str | None
    action: str
    subject: str
    institution: str | None
    outcome: str
    detail: dict[str, Any]
    key_id: str = ""
    previous: str = ""
    mac: str = ""
    seq: int = 0


class ChainWriter:
    """Appends events within one transaction. Locks the head at the first event, moves it at :meth:`finish`."""

    def __init__(self, session: Session, keys: AuditKeys) -> None:
        self._session = session
        self._keys = keys
        self._seq: int | None = None
        self._mac = GENESIS
        self._events: list[dict[str, Any]] = []

    def lock(self) -> int:
        """Waits until no other transaction holds the head, and holds it; returns the number of the last event."""
        if self._seq is None:
            self._seq, self._mac = self._lock_head()
        return self._seq

    def append(self, event: Entry) -> None:
        """Seals ``event``. All are written together at :meth:`finish`, by one statement."""
        self._seq = self.lock() + 1
        event.seq, event.key_id, event.previous = self._seq, self._keys.current, self._mac
        event.mac = self._mac = _seal(event, self._keys.keys[self._keys.current])
        self._events.append({column: getattr(event, column) for column in _COLUMNS})

    def mark(self) -> tuple[int, str, int]:
        """Where the chain stands now, for :meth:`back_to`."""
        return self.lock(), self._mac, len(self._events)

    def back_to(self, mark: tuple[int, str, int]) -> None:
        """Forgets the events appended since ``mark``."""
        self._seq, self._mac, kept = mark
        del self._events[kept:]

    def finish(self) -> None:
        """Writes the events, and moves the head to the last of them. Does nothing if there was none."""
        if self._events:
            _APPEND.many(self._session, self._events)
            self._events.clear()
        if self._seq is not None:
            _MOVE.count(self._session, to=self._seq, seal=self._mac)

    def _lock_head(self) -> tuple[int, str]:
        head = _LOCK.first(self._session)
        if head is None:
            self._session.add(AuditHead(id=1, seq=0, mac=GENESIS))
            self._session.flush()
            return 0, GENESIS
        seq, mac = head
        return seq, mac


def breaks(session: Session, keys: Mapping[str, bytes]) -> Generator[Break]:
    """Every place where the chain does not hold, in order; nothing if it is whole.

    Reads the whole journal. An event whose key is not in ``keys`` is named, not skipped. It does not see an attacker who holds
    the audit key, nor a database put back whole to an earlier day: note the head elsewhere for that.
    """
    expected, mac = 1, GENESIS
    # Closed also when the reader has seen enough: on PostgreSQL a cursor stands behind it.
    with closing(session.scalars(select(AuditEvent).order_by(AuditEvent.seq).execution_options(yield_per=1000))) as events:
        for event in events:
            yield from (Break(seq, "removed") for seq in range(expected, event.seq))
            key = keys.get(event.key_id)
            if key is None:
                yield Break(event.seq, "unknown_key")
            elif not compare_digest(event.mac, _seal(event, key)):
                yield Break(event.seq, "changed")
            elif event.seq == expected and event.previous != mac:
                yield Break(event.seq, "moved")
            expected, mac = event.seq + 1, event.mac
    end = head(session)
    yield from (Break(seq, "removed") for seq in range(expected, end.seq + 1))
    if end.seq == expected - 1 and end.mac != mac:
        yield Break(end.seq, "changed")


@dataclass(frozen=True)
class Head:
    """The last event's number and seal. Noted elsewhere, it shows later that nothing before it was put back or cut off."""

    seq: int
    mac: str


def head(session: Session) -> Head:
    """Where the chain ends now."""
    row = session.get(AuditHead, 1)
    return Head(row.seq, row.mac) if row is not None else Head(0, GENESIS)


def require(keys: Mapping[str, bytes], current: str) -> AuditKeys:
    """The chain's keys as a value. Raises :class:`AuditKeyMissing` when ``current`` is not among them."""
    if current not in keys:
        raise AuditKeyMissing(key_id=current)
    return AuditKeys(keys, current)


def _seal(event: AuditEvent | Entry, key: bytes) -> str:
    fields = [
        event.previous,
        event.at.isoformat(timespec="microseconds"),
        event.actor_kind,
        event.actor_id,
        event.address,
        event.action,
        event.subject,
        event.institution,
        event.outcome,
        event.detail,
        event.key_id,
    ]
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return sm3.hmac(key, text.encode()).hex()
