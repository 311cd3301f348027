"""The factors that a person has: listed, chosen from, named, locked, and taken away."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.database.compare_and_set import compare_and_set
from idp.mfa import changes, limits
from idp.mfa.errors import NoSuchFactor
from idp.mfa.factor import HELD, State
from idp.mfa.factors import FACTORS, kind_of
from idp.mfa.tables import Credential
from idp.registry.tables import Person

MAX_LABEL = 64

_HELD_BY = select(Credential).where(Credential.person_id == bindparam("person"), Credential.state.in_(HELD)).order_by(Credential.id)


@dataclass(frozen=True)
class Choice:
    """One way to take the second step. ``credential_id`` only where several of a kind are told apart; ``label`` then names it."""

    kind: str
    title: str
    credential_id: int | None = None
    label: str = ""


def held_by(session: Session, person_id: int) -> Sequence[Credential]:
    """The factors that the person has set up, locked ones among them, oldest first."""
    return [row for row in session.scalars(_HELD_BY, {"person": person_id}) if row.kind in FACTORS]


def choices(asked: Sequence[Credential], *, at_least: int = 0) -> list[Choice]:
    """How the second step to level ``at_least`` can be taken by these: what was used last comes first, the last resort last."""
    rows = [row for row in asked if kind_of(row.kind).level >= at_least]
    rows.sort(key=lambda row: (row.last_used_at or row.created_at, row.id), reverse=True)
    rows.sort(key=lambda row: kind_of(row.kind).last_resort)
    found: dict[tuple[str, int | None], Choice] = {}
    for row in rows:
        factor = kind_of(row.kind)
        one = Choice(row.kind, factor.title, row.id, row.label) if factor.choose_each else Choice(row.kind, factor.title)
        found.setdefault((one.kind, one.credential_id), one)
    return list(found.values())


def find(session: Session, person_id: int, credential_id: int) -> Credential:
    """One of the person's own. Raises :class:`NoSuchFactor`."""
    row = next((row for row in held_by(session, person_id) if row.id == credential_id), None)
    if row is None:
        raise NoSuchFactor
    return row


def rename(tx: Transaction, person: Person, credential_id: int, label: str) -> None:
    """Gives a factor the name that the person knows the thing by; an empty one gives the kind's back."""
    row = find(tx.session, person.id, credential_id)
    row.label = " ".join(label.split())[:MAX_LABEL]
    tx.record(Action.FACTOR_RENAMED, subject=f"person:{person.number}", detail={"kind": row.kind, "factor": row.id})


def remove(tx: Transaction, person: Person, credential_id: int) -> None:
    """Takes a factor away; the last resort goes with the last other one. Raises :class:`NoSuchFactor`."""
    target = find(tx.session, person.id, credential_id)
    rows = held_by(tx.session, person.id)
    others = [row for row in rows if row.id != credential_id and not kind_of(row.kind).last_resort]
    changes.removed(tx, target, kind_of(target.kind))
    for row in [target] if others else rows:
        _revoke(tx, row, person.number)


def remove_all(tx: Transaction, person: Person) -> int:
    """Takes every factor away, for somebody whose phone is gone; returns how many there were."""
    rows = held_by(tx.session, person.id)
    for row in rows:
        _revoke(tx, row, person.number)
    if rows:
        changes.all_removed(tx, person.id)
    return len(rows)


def revoke(tx: Transaction, row: Credential, person_number: str) -> None:
    """Ends a credential for ever, and tells the person."""
    changes.removed(tx, row, kind_of(row.kind))
    _revoke(tx, row, person_number)


def lock(tx: Transaction, row: Credential, reason: str) -> None:
    """Makes every further answer wrong until :func:`unlock`. ``reason`` is a word for the journal. Repeating it is harmless."""
    locking = (
        update(Credential)
        .where(Credential.id == row.id, Credential.state == State.ACTIVE)
        .values(state=State.LOCKED, lock_reason=reason[:32])
    )
    if compare_and_set(tx.session, locking):
        number = tx.session.scalar(select(Person.number).where(Person.id == row.person_id))
        detail = {"kind": row.kind, "factor": row.id, "reason": reason}
        tx.record(Action.FACTOR_LOCKED, subject=f"person:{number}", outcome="failure", detail=detail)
        changes.locked(tx, row, kind_of(row.kind))
    tx.session.expire(row)


def unlock(tx: Transaction, person: Person) -> int:
    """Lets every factor of the person be tried again, and forgets the account's wrong answers; returns how many were locked."""
    locked = 0
    for row in held_by(tx.session, person.id):
        locked += row.state == State.LOCKED
        row.state, row.lock_reason, row.fails, row.retry_at = State.ACTIVE, None, 0, None
    limits.clear(tx, limits.account_key(person.id))
    tx.session.flush()
    tx.record(Action.FACTOR_UNLOCKED, subject=f"person:{person.number}", detail={"factors": locked})
    return locked


def _revoke(tx: Transaction, row: Credential, person_number: str) -> None:
    """Its secret goes, the row stays, because evidence and the journal name it."""
    kind_of(row.kind).forget(tx, row)
    row.state, row.revoked_at, row.secret_sealed, row.handle = State.REVOKED, tx.now, None, None
    tx.session.flush()
    tx.record(Action.FACTOR_REMOVED, subject=f"person:{person_number}", detail={"kind": row.kind, "factor": row.id})
