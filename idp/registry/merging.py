"""Two numbers found to be one person."""

from sqlalchemy import select, update

from idp.audit import Action, Transaction
from idp.i18n import N_
from idp.keys import Vault
from idp.registry import affiliations
from idp.registry.affiliations import Role
from idp.registry.errors import InvalidField
from idp.registry.persons import PersonStatus
from idp.registry.tables import Affiliation, Guardianship, Person, PersonDocument


def merge(tx: Transaction, vault: Vault, person: Person, into: Person, *, reason: str) -> Person:
    """Makes ``person``'s number an alias of ``into``'s, and returns the latter.

    Documents, affiliations and guardianships go over; contact details are kept where the survivor has none. The number that is
    given up still finds the person and is never given to another.
    """
    tx.serialise()
    if person.id == into.id:
        raise InvalidField(field="into", reason=N_("these are one person already"))
    for table, column in (
        (PersonDocument, PersonDocument.person_id),
        (Guardianship, Guardianship.guardian_id),
        (Guardianship, Guardianship.ward_id),
    ):
        tx.session.execute(update(table).where(column == person.id).values({column.key: into.id}))
    _move_affiliations(tx, person, into)
    _move_contacts(vault, person, into)
    person.status, person.merged_into = PersonStatus.MERGED.value, into.id
    tx.session.flush()
    tx.record(Action.PERSON_MERGED, subject=f"person:{person.number}", detail={"into": into.number, "reason": reason[:200]})
    return into


def _move_affiliations(tx: Transaction, person: Person, into: Person) -> None:
    today = tx.now.date()
    have = {(row.institution, row.role) for row, _ in affiliations.current(tx.session, into.id, today)}
    for row in tx.session.scalars(select(Affiliation).where(Affiliation.person_id == person.id)):
        if row.ends is None and (row.institution, Role(row.role)) in have:
            row.ends = today
        row.person_id = into.id


def _move_contacts(vault: Vault, person: Person, into: Person) -> None:
    for column, index in (("birth_date", None), ("phone", "phone_index"), ("email", "email_index")):
        sealed = getattr(person, f"{column}_sealed")
        if sealed and not getattr(into, f"{column}_sealed"):
            # Sealed values are bound to their row: they are opened and sealed again for the other.
            opened = vault.open(sealed, context=f"person:{person.id}:{column}")
            setattr(into, f"{column}_sealed", vault.seal(opened, context=f"person:{into.id}:{column}"))
            if index:
                setattr(into, index, getattr(person, index))
            if column == "email":
                into.email_confirmed_at = person.email_confirmed_at
        setattr(person, f"{column}_sealed", None)
        if index:
            setattr(person, index, None)
    person.email_confirmed_at = None
