"""Taking every second factor of a person away takes two people, who each prove who they are (four eyes).

One administrator asks, another approves; neither is the person, and neither is believed by name alone: each gives a one-time code
of a factor that they have had for a day. For an administrator it is carried out a day after the approval; until then they can
stop it, and so can anybody at the command line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.clock import BEIJING
from idp.database.compare_and_set import compare_and_set
from idp.mfa import credentials, engine
from idp.mfa.errors import NoSuchFactor, NoSuchReset, NotEntitled, OneHandOnly, ResetUnderWay, WitnessTooNew
from idp.mfa.factor import Occasion, Purpose, Site
from idp.mfa.factors import kind_of
from idp.mfa.tables import Credential, FactorReset
from idp.notices import book
from idp.notices.events import Event
from idp.registry.affiliations import administers, is_administrator
from idp.registry.tables import Person

APPROVED_WITHIN = timedelta(hours=72)
ADMINISTRATORS_WAIT = timedelta(hours=24)
# Whoever runs this machine could set a factor up for somebody else and answer by it. Its owner is told of it on every channel,
# and has this long to say no.
FACTOR_HELD_FOR = timedelta(hours=24)
MAX_REASON = 200


class ResetState(StrEnum):
    """Where a reset stands."""

    REQUESTED = "requested"
    WAITING = "waiting"
    DONE = "done"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Witness:
    """Somebody who has just proven who they are. Made by :func:`witness` only."""

    person_id: int
    number: str
    credential_id: int


def witness(tx: Transaction, site: Site, person: Person, code: str, kind: str = "") -> Witness:
    """Proves ``person`` by a one-time code of theirs; ``kind`` says of which factor, where they have several.

    Raises :class:`NoSuchFactor` for somebody who has none that gives codes, :class:`WitnessTooNew`, or what
    :func:`idp.mfa.engine.answer` raises; a wrong code is counted if the caller keeps the transaction.
    """
    kinds = [choice.kind for choice in credentials.choices(credentials.held_by(tx.session, person.id))]
    able = [one for one in kinds if not kind_of(one).challenged and not kind_of(one).last_resort and kind in ("", one)]
    if not able:
        raise NoSuchFactor
    proof = engine.answer(tx, site, able[0], person.id, {"code": code}, occasion=Occasion("cli:reset", Purpose.CONFIRM))
    if tx.session.get_one(Credential, proof.credential_id).created_at > tx.now - FACTOR_HELD_FOR:
        raise WitnessTooNew
    return Witness(person.id, person.number, proof.credential_id)


def request(tx: Transaction, person: Person, by: Witness, reason: str) -> FactorReset:
    """Asks for a reset. Raises :class:`NotEntitled`, :class:`OneHandOnly`, :class:`ResetUnderWay` or :class:`NoSuchFactor`."""
    tx.serialise()  # two requests at once would be two resets
    _check_entitled(tx, by, person)
    if under_way(tx, person.id) is not None:
        raise ResetUnderWay
    if not credentials.held_by(tx.session, person.id):
        raise NoSuchFactor
    row = FactorReset(
        person_id=person.id,
        reason=" ".join(reason.split())[:MAX_REASON],
        state=ResetState.REQUESTED,
        requested_by=by.person_id,
        requested_at=tx.now,
        expires_at=tx.now + APPROVED_WITHIN,
    )
    tx.session.add(row)
    tx.session.flush()
    _record(tx, Action.RESET_REQUESTED, person, row, by=by.number, reason=row.reason)
    book.give(tx, person.id, Event.RESET_REQUESTED)
    return row


def approve(tx: Transaction, reset_id: int, by: Witness) -> FactorReset:
    """Approves what somebody else has asked for; carries it out, or has an administrator wait for it.

    Raises :class:`NoSuchReset` for one that is not open any more, :class:`NotEntitled`, or :class:`OneHandOnly`.
    """
    row = _find(tx, reset_id)
    person = tx.session.get_one(Person, row.person_id)
    _check_entitled(tx, by, person)
    if row.requested_by == by.person_id:
        raise OneHandOnly
    waits = is_administrator(tx.session, person.id, tx.now.astimezone(BEIJING).date())
    state, due = (ResetState.WAITING, tx.now + ADMINISTRATORS_WAIT) if waits else (ResetState.DONE, tx.now)
    _advance(tx, row, ResetState.REQUESTED, state=state, due_at=due, approved_by=by.person_id, approved_at=tx.now)
    _record(tx, Action.RESET_APPROVED, person, row, by=by.number)
    if waits:
        book.give(tx, person.id, Event.RESET_WAITING, detail={"due": due.isoformat()})
    else:
        _carry_out(tx, row, person)
    return row


def stop(tx: Transaction, reset_id: int, *, by: str, person_id: int | None = None) -> FactorReset:
    """Ends a reset that is not carried out yet. ``by`` is for people to read; with ``person_id`` only one of that person's.

    Raises :class:`NoSuchReset`.
    """
    row = _find(tx, reset_id)
    if person_id not in (None, row.person_id) or row.state not in (ResetState.REQUESTED, ResetState.WAITING):
        raise NoSuchReset
    _advance(tx, row, ResetState(row.state), state=ResetState.STOPPED, stopped_by=by[:96], ended_at=tx.now)
    _record(tx, Action.RESET_STOPPED, tx.session.get_one(Person, row.person_id), row, by=by)
    book.give(tx, row.person_id, Event.RESET_STOPPED)
    return row


def carry_out_due(tx: Transaction) -> int:
    """Carries out what has waited long enough; returns how many that were. Whichever server comes first does each."""
    due = select(FactorReset).where(FactorReset.state == ResetState.WAITING, FactorReset.due_at <= tx.now)
    done = 0
    for row in tx.session.scalars(due).all():
        taking = update(FactorReset).where(FactorReset.id == row.id, FactorReset.state == ResetState.WAITING)
        if compare_and_set(tx.session, taking.values(state=ResetState.DONE)):
            tx.session.refresh(row)
            _carry_out(tx, row, tx.session.get_one(Person, row.person_id))
            done += 1
    return done


def force(tx: Transaction, person: Person, reason: str) -> int:
    """Break-glass: one operator alone takes every factor away, where nobody is left to ask; returns how many there were.

    The journal has a word of its own for it.
    """
    removed = credentials.remove_all(tx, person)
    detail = {"reason": " ".join(reason.split())[:MAX_REASON], "factors": removed}
    tx.record(Action.RESET_FORCED, subject=f"person:{person.number}", detail=detail)
    return removed


def under_way(tx: Transaction, person_id: int) -> FactorReset | None:
    """The person's reset that may still be carried out."""
    return next((row for row in listed(tx.session) if row.person_id == person_id and _is_open(tx, row)), None)


def listed(session: Session, *, all_states: bool = False) -> Sequence[FactorReset]:
    """Resets, the newest first: those that may still be carried out, or all."""
    rows = select(FactorReset).order_by(FactorReset.id.desc())
    if not all_states:
        rows = rows.where(FactorReset.state.in_((ResetState.REQUESTED, ResetState.WAITING)))
    return session.scalars(rows).all()


def _is_open(tx: Transaction, row: FactorReset) -> bool:
    return row.state == ResetState.WAITING or (row.state == ResetState.REQUESTED and row.expires_at > tx.now)


def _check_entitled(tx: Transaction, by: Witness, person: Person) -> None:
    if by.person_id == person.id:
        raise OneHandOnly
    if not administers(tx.session, by.person_id, person.id, tx.now.astimezone(BEIJING).date()):
        raise NotEntitled


def _find(tx: Transaction, reset_id: int) -> FactorReset:
    row = tx.session.get(FactorReset, reset_id, populate_existing=True)
    if row is None or not _is_open(tx, row):
        raise NoSuchReset
    return row


def _advance(tx: Transaction, row: FactorReset, before: ResetState, **values: object) -> None:
    moving = update(FactorReset).where(FactorReset.id == row.id, FactorReset.state == before).values(**values)
    if not compare_and_set(tx.session, moving):
        raise NoSuchReset
    tx.session.refresh(row)


def _carry_out(tx: Transaction, row: FactorReset, person: Person) -> None:
    row.ended_at = tx.now
    removed = credentials.remove_all(tx, person)
    _record(tx, Action.RESET_DONE, person, row, factors=removed)


def _record(tx: Transaction, action: Action, person: Person, row: FactorReset, **detail: object) -> None:
    tx.record(action, subject=f"person:{person.number}", detail={"reset": row.id, **detail})
