"""Many who are certainly new at once: the registrations of :mod:`persons` and :mod:`affiliations`, in a few statements for all.

Whoever is not certainly new, and whatever is not certainly right, is left to those two, which look at one at a time and say what
is wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from idp.audit import Action, Transaction
from idp.errors import YimaError
from idp.keys import Vault
from idp.registry import affiliations, contacts, institutions, persons
from idp.registry.affiliations import Role
from idp.registry.documents import Document
from idp.registry.institutions import InstitutionStatus
from idp.registry.persons import Details
from idp.registry.tables import Affiliation, Person


@dataclass(frozen=True)
class Newcomer:
    """Somebody an institution has seen the document of. The representation shows the role only."""

    document: Document
    details: Details
    role: Role
    local_number: str | None

    def __repr__(self) -> str:
        return f"Newcomer({self.role})"


def enrol(tx: Transaction, vault: Vault, institution: str, newcomers: Sequence[Newcomer]) -> list[Person | None]:
    """Registers them and makes them the institution's from today; ``None`` in the place of each who was left alone."""
    tx.serialise()
    school = institutions.by_code(tx.session, institution)
    if school.status != InstitutionStatus.ACTIVE:
        return [None] * len(newcomers)
    plain = _plain(tx, vault, institution, newcomers)
    made = {place: persons.make(tx, newcomers[place].details) for place in plain}
    tx.session.flush()
    for place, person in made.items():
        one = newcomers[place]
        persons.fill_in(tx, vault, person, one.details, birth_date=one.document.birth_date)
        persons.keep_document(tx, vault, person, one.document, verified_by=institution)
        persons.note_registered(tx, person, one.document, verified_by=institution)
        affiliation = Affiliation(
            person_id=person.id,
            institution=institution,
            role=one.role.value,
            local_number=one.local_number,
            begins=tx.now.date(),
        )
        tx.session.add(affiliation)
        affiliations.record(tx, Action.AFFILIATION_ADDED, person, affiliation)
    tx.session.flush()
    return [made.get(place) for place in range(len(newcomers))]


def _plain(tx: Transaction, vault: Vault, institution: str, newcomers: Sequence[Newcomer]) -> list[int]:
    known = set(persons.by_documents(tx.session, vault, [one.document for one in newcomers]))
    wanted = {one.local_number for one in newcomers if one.local_number}
    statement = select(Affiliation.local_number).where(
        Affiliation.institution == institution,
        Affiliation.local_number.in_(wanted),
        *affiliations.holds(tx.now.date()),
    )
    taken: set[str | None] = set(tx.session.scalars(statement)) if wanted else set()
    found = []
    for place, one in enumerate(newcomers):
        if one.document in known or (one.local_number and one.local_number in taken) or not _is_right(tx, one):
            continue
        known.add(one.document)
        taken.add(one.local_number)
        found.append(place)
    return found


def _is_right(tx: Transaction, one: Newcomer) -> bool:
    born = one.document.birth_date or one.details.birth_date
    try:
        persons.tidy_name(one.details.name)
        persons.check_sex(one.details.sex)
        if one.local_number is not None:
            affiliations.check_form(one.local_number)
        if one.details.phone:
            contacts.phone(one.details.phone)
        if one.details.email:
            contacts.email(one.details.email)
    except YimaError:
        return False
    return born is None or born <= tx.now.date()
