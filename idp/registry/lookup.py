"""From what a person types at sign-in to the person."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from idp.keys import Vault
from idp.registry import affiliations, contacts, person_number, persons
from idp.registry.errors import RegistryError
from idp.registry.institutions import InstitutionStatus
from idp.registry.persons import PersonStatus
from idp.registry.tables import Institution, Person


def person_for_account(session: Session, vault: Vault, account: str, institution: str | None, today: date) -> Person | None:
    """The active person that ``account`` means; ``None`` when it means nobody or more than one.

    A person number, a telephone number or an e-mail address; with ``institution`` (a code), a student or staff number there.
    A telephone number that a family shares names nobody: its members sign in by another of these.
    """
    person = _find(session, vault, account.strip(), institution, today)
    return person if person is not None and person.status == PersonStatus.ACTIVE else None


def schools(session: Session, query: str, limit: int = 20) -> Sequence[Institution]:
    """Active institutions whose name contains ``query`` or whose code begins with it, shorter names first."""
    text = query.strip()
    if not text:
        return []
    matches = or_(Institution.name.contains(text, autoescape=True), Institution.code.startswith(text, autoescape=True))
    statement = select(Institution).where(Institution.status == InstitutionStatus.ACTIVE.value, matches)
    rows = session.scalars(statement.limit(200)).all()
    return sorted(rows, key=lambda row: (len(row.name), row.code))[:limit]


def _find(session: Session, vault: Vault, account: str, institution: str | None, today: date) -> Person | None:
    if institution:
        holder = affiliations.holder_of(session, institution, account, today)
        return persons.by_id(session, holder) if holder is not None else None
    number = account.upper().replace(" ", "").replace("-", "")
    if person_number.looks_like_one(number):
        row = session.scalar(select(Person).where(Person.number == number))
        return persons.by_id(session, row.id) if row is not None else None
    try:
        if "@" in account:
            condition = Person.email_index == vault.blind_index("email", contacts.email(account))
        else:
            condition = Person.phone_index == vault.blind_index("phone", contacts.phone(account))
    except RegistryError:
        return None
    found = session.scalars(select(Person).where(condition, Person.status == PersonStatus.ACTIVE.value).limit(2)).all()
    return found[0] if len(found) == 1 else None
