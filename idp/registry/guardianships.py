"""Guardians of minors, as a school has verified them."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from idp.audit import Action, Transaction
from idp.i18n import N_
from idp.keys import Vault
from idp.registry import institutions
from idp.registry.age import ADULT_AGE, age_on
from idp.registry.errors import GuardianshipRefused
from idp.registry.profile import birth_date_of
from idp.registry.tables import Guardianship, Person

RELATIONS = ("father", "mother", "grandparent", "other")


def add(tx: Transaction, vault: Vault, guardian: Person, ward: Person, *, relation: str, verified_by: str) -> Guardianship:
    """Records that ``guardian`` answers for ``ward``, as the institution ``verified_by`` has seen.

    Repeating it changes nothing. Raises :class:`GuardianshipRefused`: nobody is their own guardian, a ward is under 18, a
    guardian is not.
    """
    tx.serialise()
    institutions.by_code(tx.session, verified_by)
    today = tx.now.date()
    if guardian.id == ward.id:
        raise GuardianshipRefused(reason=N_("nobody is their own guardian"))
    if relation not in RELATIONS:
        raise GuardianshipRefused(reason=N_("the relation is father, mother, grandparent or other"))
    ward_birth, guardian_birth = birth_date_of(vault, ward), birth_date_of(vault, guardian)
    if ward_birth is None or age_on(ward_birth, today) >= ADULT_AGE:
        raise GuardianshipRefused(reason=N_("the ward must be known to be under 18"))
    if guardian_birth is not None and age_on(guardian_birth, today) < ADULT_AGE:
        raise GuardianshipRefused(reason=N_("a guardian is an adult"))
    for row in _between(tx.session, guardian.id, ward.id, today):
        return row
    row = Guardianship(guardian_id=guardian.id, ward_id=ward.id, relation=relation, verified_by=verified_by, begins=today)
    tx.session.add(row)
    tx.session.flush()
    tx.record(
        Action.GUARDIANSHIP_ADDED,
        subject=f"person:{ward.number}",
        institution=verified_by,
        detail={"guardian": guardian.number, "relation": relation},
    )
    return row


def end(tx: Transaction, guardian: Person, ward: Person) -> None:
    """Ends the guardianship today. Raises :class:`GuardianshipRefused` when there is none."""
    tx.serialise()
    rows = _between(tx.session, guardian.id, ward.id, tx.now.date())
    if not rows:
        raise GuardianshipRefused(reason=N_("there is none between these two"))
    for row in rows:
        row.ends = tx.now.date()
    tx.record(Action.GUARDIANSHIP_ENDED, subject=f"person:{ward.number}", detail={"guardian": guardian.number})


def wards(session: Session, guardian_id: int, today: date) -> Sequence[Person]:
    """The minors this person answers for."""
    return _others(session, Guardianship.guardian_id == guardian_id, Guardianship.ward_id, today)


def guardians(session: Session, ward_id: int, today: date) -> Sequence[Person]:
    """Who answers for this minor."""
    return _others(session, Guardianship.ward_id == ward_id, Guardianship.guardian_id, today)


def _holds(today: date) -> tuple[ColumnElement[bool], ...]:
    return Guardianship.begins <= today, or_(Guardianship.ends.is_(None), Guardianship.ends > today)


def _others(session: Session, condition: ColumnElement[bool], column: InstrumentedAttribute[int], today: date) -> Sequence[Person]:
    statement = select(Person).join(Guardianship, Person.id == column).where(condition, *_holds(today)).order_by(Guardianship.id)
    return session.scalars(statement).all()


def _between(session: Session, guardian_id: int, ward_id: int, today: date) -> Sequence[Guardianship]:
    statement = select(Guardianship).where(Guardianship.guardian_id == guardian_id, Guardianship.ward_id == ward_id)
    return session.scalars(statement.where(*_holds(today))).all()
