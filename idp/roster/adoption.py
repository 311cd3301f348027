"""Those whom the school has by another way — an import, a transfer, a merger of numbers — come onto its roster."""

from sqlalchemy import select

from idp.audit import Transaction
from idp.registry import affiliations, persons
from idp.registry.affiliations import Role
from idp.registry.tables import Affiliation, Person
from idp.roster.entry import ROLES
from idp.roster.members import Roster, new_id, of_person
from idp.roster.tables import RosterUser


def adopt(tx: Transaction, roster: Roster) -> int:
    """Gives each of the school's people who has none a row, unclaimed; returns how many. Repeating it changes nothing.

    Administrators without another role stay off: a school's system has no say about them.
    """
    tx.serialise()
    _follow_mergers(tx, roster.institution)
    known = select(RosterUser.person_id).where(RosterUser.institution == roster.institution)
    statement = (
        select(Affiliation, Person)
        .join(Person, Person.id == Affiliation.person_id)
        .where(
            Affiliation.institution == roster.institution,
            Affiliation.role.in_([role.value for role in ROLES]),
            *affiliations.holds(tx.now.date()),
            Affiliation.person_id.not_in(known),
        )
        .order_by(Affiliation.id)
    )
    found: dict[int, tuple[Affiliation, Person]] = {}
    for affiliation, person in tx.session.execute(statement):
        found.setdefault(person.id, (affiliation, person))
    taken = set(tx.session.scalars(select(RosterUser.user_name_key).where(RosterUser.institution == roster.institution)))
    for affiliation, person in found.values():
        tx.session.add(_row(tx, roster.institution, affiliation, person, taken))
    tx.session.flush()
    return len(found)


def _row(tx: Transaction, institution: str, affiliation: Affiliation, person: Person, taken: set[str]) -> RosterUser:
    user_id = new_id()
    wanted = affiliation.local_number or user_id
    name = wanted if wanted.casefold() not in taken else user_id
    taken.add(name.casefold())
    return RosterUser(
        id=user_id,
        institution=institution,
        person_id=person.id,
        user_name=name,
        user_name_key=name.casefold(),
        name=person.name,
        role=Role(affiliation.role).value,
        number=affiliation.local_number,
        claimed=False,
        version=1,
        created_at=tx.now,
        modified_at=tx.now,
    )


def _follow_mergers(tx: Transaction, institution: str) -> None:
    statement = (
        select(RosterUser)
        .join(Person, Person.id == RosterUser.person_id)
        .where(RosterUser.institution == institution, Person.merged_into.is_not(None))
    )
    for row in tx.session.scalars(statement).all():
        survivor = persons.by_id(tx.session, row.person_id)
        if of_person(tx.session, institution, survivor.id) is None:  # else the row shows somebody who has left
            row.person_id = survivor.id
            tx.session.flush()
