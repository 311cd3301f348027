"""Sessions on the server. The browser holds a random token, the database its digest."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.crypto import sm3
from idp.database.compare_and_set import compare_and_set
from idp.login.device import describe
from idp.login.errors import NoSuchSession
from idp.login.tables import BrowserSession
from idp.mfa.policy import acr_of, amr_of
from idp.registry.persons import PersonStatus
from idp.registry.tables import Person

# Columns, not objects, and built once: every page begins with this.
_OPENED_BY = (
    select(
        BrowserSession.sid,
        BrowserSession.person_id,
        BrowserSession.level,
        BrowserSession.methods,
        BrowserSession.auth_time,
        BrowserSession.created_at,
        BrowserSession.seen_at,
        Person.number,
    )
    .join(Person, Person.id == BrowserSession.person_id)
    .where(
        BrowserSession.token_hash == bindparam("token"),
        BrowserSession.ended_at.is_(None),
        Person.status == PersonStatus.ACTIVE.value,
    )
)
_INSERT = insert(BrowserSession)

# Being seen is written down at most this often, so that reading a page rarely writes.
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Limits:
    """How long a session lasts without use, and in any case."""

    idle: timedelta
    absolute: timedelta


@dataclass(frozen=True)
class SignedIn:
    """A session that holds, as other rooms see it."""

    sid: str
    person_id: int
    person_number: str
    level: int
    methods: tuple[str, ...]
    auth_time: datetime

    @property
    def acr(self) -> str:
        """The ``acr`` value of its level."""
        return acr_of(self.level)

    @property
    def amr(self) -> tuple[str, ...]:
        """The ``amr`` values of what was proven."""
        return amr_of(self.methods)


Ending = Callable[[Transaction, str], None]
"""What another room does in the same transaction when the session named by its ``sid`` ends."""


def find(session: Session, token: str, limits: Limits, now: datetime) -> SignedIn | None:
    """The session this token opens, if it holds: not ended, not idle too long, not too old, its person still active."""
    row = session.execute(_OPENED_BY, {"token": digest(token)}).one_or_none()
    if row is None or not _lasts(row.seen_at, row.created_at, limits, now):
        return None
    return SignedIn(row.sid, row.person_id, row.number, row.level, tuple(row.methods), row.auth_time)


def touch(tx: Transaction, token: str) -> None:
    """Notes that the session is in use."""
    tx.session.execute(
        update(BrowserSession)
        .where(BrowserSession.token_hash == digest(token), BrowserSession.seen_at < tx.now - SEEN_EVERY)
        .values(seen_at=tx.now)
    )


def start(tx: Transaction, person: Person, *, level: int, methods: Sequence[str], user_agent: str) -> str:
    """A new session; returns the token for the cookie. A browser never keeps a token across a sign-in (session fixation)."""
    token = secrets.token_urlsafe(32)
    row = {
        "sid": secrets.token_urlsafe(24),
        "token_hash": digest(token),
        "person_id": person.id,
        "level": level,
        "methods": sorted(methods),
        "auth_time": tx.now,
        "created_at": tx.now,
        "seen_at": tx.now,
        "device": describe(user_agent),
        "address": tx.actor.address,
    }
    tx.session.connection().execute(_INSERT, row)
    tx.record(
        Action.SIGNED_IN,
        subject=f"person:{person.number}",
        detail={"level": level, "device": row["device"], "amr": list(amr_of(methods))},
    )
    return token


def raise_level(tx: Transaction, token: str, *, level: int, methods: Sequence[str]) -> str:
    """Lifts a session to what has been proven now, under a new token; the old one stops working. Returns the new one."""
    row = _row(tx.session, token)
    if row is None:
        raise NoSuchSession
    fresh = secrets.token_urlsafe(32)
    lifting = (
        update(BrowserSession)
        .where(BrowserSession.token_hash == digest(token), BrowserSession.ended_at.is_(None))
        .values(token_hash=digest(fresh), level=level, methods=sorted(methods), auth_time=tx.now, seen_at=tx.now)
    )
    if not compare_and_set(tx.session, lifting):
        raise NoSuchSession
    tx.record(Action.SESSION_RAISED, subject=f"person:{row[1].number}", detail={"level": level, "amr": list(amr_of(methods))})
    return fresh


def active(session: Session, person_id: int, limits: Limits, now: datetime) -> Sequence[BrowserSession]:
    """The person's sessions that hold, the most recently used first."""
    mine = select(BrowserSession).where(BrowserSession.person_id == person_id, BrowserSession.ended_at.is_(None))
    rows = session.scalars(mine.order_by(BrowserSession.seen_at.desc())).all()
    return [row for row in rows if _lasts(row.seen_at, row.created_at, limits, now)]


def end(tx: Transaction, person_id: int, sid: str, endings: Sequence[Ending] = ()) -> None:
    """Ends one of the person's sessions. Raises :class:`NoSuchSession` for one that has ended or is another's."""
    closing = (
        update(BrowserSession)
        .where(BrowserSession.sid == sid, BrowserSession.person_id == person_id, BrowserSession.ended_at.is_(None))
        .values(ended_at=tx.now)
    )
    if not compare_and_set(tx.session, closing):
        raise NoSuchSession
    for ending in endings:
        ending(tx, sid)
    number = tx.session.scalar(select(Person.number).where(Person.id == person_id))
    tx.record(Action.SIGNED_OUT, subject=f"person:{number}")


def end_all(
    tx: Transaction, person_id: int, endings: Sequence[Ending] = (), *, but: str | None = None, by: str | None = None
) -> int:
    """Ends every session of the person, except the one with the ``sid`` ``but``; returns how many that were.

    With ``by`` only those that were opened by this authentication method among others.
    """
    mine = select(BrowserSession).where(BrowserSession.person_id == person_id, BrowserSession.ended_at.is_(None))
    sids = [row.sid for row in tx.session.scalars(mine) if row.sid != but and (by is None or by in row.methods)]
    for sid in sids:
        end(tx, person_id, sid, endings)
    return len(sids)


def digest(token: str) -> str:
    """What the database holds of a token. The token is random, so that a plain digest cannot be turned back."""
    return sm3.digest(token.encode()).hex()


def _row(session: Session, token: str) -> tuple[BrowserSession, Person] | None:
    statement = select(BrowserSession, Person).join(Person, Person.id == BrowserSession.person_id)
    row = session.execute(statement.where(BrowserSession.token_hash == digest(token))).one_or_none()
    return (row[0], row[1]) if row is not None else None


def _lasts(seen_at: datetime, created_at: datetime, limits: Limits, now: datetime) -> bool:
    return now < seen_at + limits.idle and now < created_at + limits.absolute
