"""How persons belong to institutions. The number stays; affiliations come and go."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, Date, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.i18n import N_
from idp.registry import institutions
from idp.registry.errors import InvalidField, LocalNumberTaken, NoSuchAffiliation, WrongState
from idp.registry.institutions import InstitutionStatus
from idp.registry.tables import Affiliation, Institution, Person

MAX_LOCAL_NUMBER = 32


class Role(StrEnum):
    """What a person is in an institution."""

    STUDENT = "student"
    TEACHER = "teacher"
    STAFF = "staff"
    GUARDIAN = "guardian"
    ALUMNUS = "alumnus"
    SCHOOL_ADMIN = "school_admin"
    REGION_ADMIN = "region_admin"


ADMINISTRATORS = (Role.SCHOOL_ADMIN, Role.REGION_ADMIN)
"""The roles that can change what others are."""


def current(session: Session, person_id: int, today: date) -> Sequence[tuple[Affiliation, Institution]]:
    """The affiliations that hold on ``today``, with their institutions, oldest first."""
    statement = (
        select(Affiliation, Institution)
        .join(Institution, Institution.code == Affiliation.institution)
        .where(Affiliation.person_id == person_id, *holds(today))
        .order_by(Affiliation.begins, Affiliation.id)
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


def belonging(session: Session, person_id: int, today: date) -> list[tuple[str, str, str]]:
    """As :func:`current`, each as province, code of the institution and role; every sign-in to every app asks for it."""
    return [(row[0], row[1], row[2]) for row in session.execute(_BELONGING, {"person": person_id, "today": today})]


def has_left(session: Session, person_id: int, today: date) -> bool:
    """Whether the person has belonged somewhere and on ``today`` belongs nowhere; an alumnus belongs."""
    return bool(session.scalar(_HAS_LEFT, {"person": person_id, "today": today}))


def is_administrator(session: Session, person_id: int, today: date) -> bool:
    """Whether the person is an administrator of any institution on ``today``."""
    return any(role in ADMINISTRATORS for _, _, role in belonging(session, person_id, today))


def administers(session: Session, person_id: int, subject_id: int, today: date) -> bool:
    """Whether the person may act for ``subject_id``: regional administrators for anybody, a school's for those who belong to it."""
    mine = [row for row, _ in current(session, person_id, today) if row.role in ADMINISTRATORS]
    theirs = {row.institution for row, _ in current(session, subject_id, today)}
    return any(row.role == Role.REGION_ADMIN or row.institution in theirs for row in mine)


def holder_of(session: Session, institution: str, local_number: str, today: date) -> int | None:
    """The row id of the person who has this student or staff number in the institution on ``today``."""
    statement = select(Affiliation.person_id).where(
        Affiliation.institution == institution, Affiliation.local_number == local_number, *holds(today)
    )
    holders = set(session.scalars(statement))
    return holders.pop() if len(holders) == 1 else None


def add(
    tx: Transaction,
    person: Person,
    institution: str,
    role: Role,
    *,
    local_number: str | None = None,
    begins: date | None = None,
    is_new: bool = False,
) -> Affiliation:
    """Makes the person one of the institution's from ``begins`` (default: today). Repeating it changes nothing.

    ``local_number`` is the student or staff number; among those who hold one now it is unique in the institution. Raises
    :class:`LocalNumberTaken`, :class:`WrongState` for an institution that is not active, or :class:`InvalidField`.
    ``is_new``: the caller has just made the person, who has no affiliation yet.
    """
    tx.serialise()
    row = institutions.by_code(tx.session, institution)
    if row.status != InstitutionStatus.ACTIVE:
        raise WrongState(name=row.name, value=row.code, state=row.status)
    local_number = _check_local_number(tx, person, institution, local_number)
    today = tx.now.date()
    for existing, _ in () if is_new else current(tx.session, person.id, today):
        if existing.institution == institution and existing.role == role:
            if local_number and existing.local_number != local_number:
                existing.local_number = local_number
                record(tx, Action.AFFILIATION_ADDED, person, existing)
            return existing
    affiliation = Affiliation(
        person_id=person.id, institution=institution, role=role.value, local_number=local_number, begins=begins or today
    )
    tx.session.add(affiliation)
    tx.session.flush()
    record(tx, Action.AFFILIATION_ADDED, person, affiliation)
    return affiliation


def renumber(tx: Transaction, person: Person, affiliation: Affiliation, local_number: str | None) -> bool:
    """Gives the person another student or staff number there, or none; returns whether that is a change.

    Raises :class:`LocalNumberTaken` or :class:`InvalidField`.
    """
    tx.serialise()
    tidy = _check_local_number(tx, person, affiliation.institution, local_number)
    if affiliation.local_number == tidy:
        return False
    affiliation.local_number = tidy
    record(tx, Action.AFFILIATION_RENUMBERED, person, affiliation)
    return True


def end(tx: Transaction, person: Person, institution: str, role: Role, *, on: date | None = None) -> Affiliation:
    """Ends the affiliation: ``on`` (default: today) is the first day it no longer holds. Raises :class:`NoSuchAffiliation`."""
    tx.serialise()
    day = on or tx.now.date()
    for affiliation, _ in current(tx.session, person.id, tx.now.date()):
        if affiliation.institution == institution and affiliation.role == role:
            if day < affiliation.begins:
                raise InvalidField(field="ends", reason=N_("it lies before the beginning"))
            affiliation.ends = day
            record(tx, Action.AFFILIATION_ENDED, person, affiliation)
            return affiliation
    raise NoSuchAffiliation(institution=institution)


def transfer(
    tx: Transaction, person: Person, role: Role, *, source: str, target: str, local_number: str | None = None
) -> Affiliation:
    """Ends the affiliation at ``source`` and begins one at ``target``, today. 籍随人走: the person's number stays."""
    end(tx, person, source, role)
    moved = add(tx, person, target, role, local_number=local_number)
    tx.record(
        Action.AFFILIATION_TRANSFERRED,
        subject=f"person:{person.number}",
        institution=target,
        detail={"from": source, "role": role.value},
    )
    return moved


def holds(today: date | ColumnElement[date]) -> tuple[ColumnElement[bool], ...]:
    """What is true of rows that hold on a day."""
    return Affiliation.begins <= today, or_(Affiliation.ends.is_(None), Affiliation.ends > today)


_BELONGING = (
    select(Institution.province, Affiliation.institution, Affiliation.role)
    .join(Institution, Institution.code == Affiliation.institution)
    .where(Affiliation.person_id == bindparam("person"), *holds(bindparam("today", type_=Date)))
    .order_by(Affiliation.begins, Affiliation.id)
)


_PLACES = select(Affiliation.id).where(Affiliation.person_id == bindparam("person"))
_HAS_LEFT = select(and_(_PLACES.exists(), ~_PLACES.where(*holds(bindparam("today", type_=Date))).exists()))


def check_form(local_number: str) -> None:
    """Raises :class:`InvalidField` for what cannot be a student or staff number."""
    if not 0 < len(local_number) <= MAX_LOCAL_NUMBER or not local_number.isprintable() or " " in local_number:
        raise InvalidField(field="local_number", reason=N_("it must have at most 32 characters and no space"))


def _check_local_number(tx: Transaction, person: Person, institution: str, local_number: str | None) -> str | None:
    if not local_number or not local_number.strip():
        return None
    tidy = local_number.strip()
    check_form(tidy)
    statement = select(Affiliation.person_id).where(
        Affiliation.institution == institution, Affiliation.local_number == tidy, *holds(tx.now.date())
    )
    if any(holder != person.id for holder in tx.session.scalars(statement)):
        raise LocalNumberTaken(value=tidy, institution=institution)
    return tidy


def record(tx: Transaction, action: Action, person: Person, affiliation: Affiliation) -> None:
    """Writes down what has happened to an affiliation."""
    detail = {"role": affiliation.role, "local_number": affiliation.local_number}
    tx.record(action, subject=f"person:{person.number}", institution=affiliation.institution, detail=detail)
