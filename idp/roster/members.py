"""A school's people as it sees them: entered, changed, removed. The registry's services decide who is one person."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.errors import YimaError
from idp.i18n import N_
from idp.keys import Vault
from idp.registry import affiliations, contacts, persons
from idp.registry.affiliations import Role
from idp.registry.documents import DocumentKind
from idp.registry.errors import InvalidField, PersonsDiffer
from idp.registry.newcomers import Newcomer, enrol
from idp.registry.persons import Details
from idp.registry.tables import Affiliation, Person
from idp.roster import entry as entries
from idp.roster.departure import Departures
from idp.roster.entry import Entry
from idp.roster.errors import HeldElsewhere, MemberExists, NoSuchMember, UserNameTaken
from idp.roster.tables import RosterGroup, RosterMembership, RosterUser


@dataclass(frozen=True)
class Roster:
    """One school's roster in one transaction's reach: whose it is, what seals, and what a departure sets off."""

    institution: str
    vault: Vault
    departures: Departures


def by_id(session: Session, institution: str, user_id: str) -> RosterUser:
    """The school's row with this id. Raises :class:`NoSuchMember`, for another school's too."""
    row = session.scalar(select(RosterUser).where(RosterUser.id == user_id, RosterUser.institution == institution))
    if row is None:
        raise NoSuchMember
    return row


def create(tx: Transaction, roster: Roster, entry: Entry) -> RosterUser:
    """Enters somebody: registers the person or finds them by their document, and makes them one of the school's.

    Somebody the school has already is not entered again (:class:`MemberExists`), unless its system has never spoken of them.
    Raises :class:`UserNameTaken`, and what ``persons.register`` and ``affiliations.add`` raise.
    """
    tx.serialise()
    entries.check(entry)
    if entry.document is None:
        raise InvalidField(field="documentNumber", reason=N_("a person is known by a document that the school has seen"))
    registered = persons.register(tx, roster.vault, entry.document, _details(entry), verified_by=roster.institution)
    person = registered.person
    row = None if registered.is_new else of_person(tx.session, roster.institution, person.id)
    _check_user_name(tx.session, roster, entry, row)
    if row is not None:
        if row.claimed:
            raise MemberExists
        _change(tx, roster, row, person, entry)
    else:
        _add_state_code(tx, roster, person, entry)
        row = _new_row(tx, roster, person, entry)
        if entry.active:
            affiliations.add(tx, person, roster.institution, entry.role, local_number=entry.number, is_new=registered.is_new)
    row.claimed = True
    _record(tx, Action.ROSTER_MEMBER_CREATED, row, person)
    tx.session.flush()
    return row


def create_many(tx: Transaction, roster: Roster, wanted: Sequence[Entry | None]) -> list[RosterUser | None]:
    """Enters those who are certainly new, in a few statements for all; ``None`` in the place of each who is left to :func:`create`.

    A ``None`` in ``wanted`` is passed over.
    """
    tx.serialise()
    free = _free_names(tx.session, roster, [one.user_name for one in wanted if one is not None])
    places: list[int] = []
    for place, one in enumerate(wanted):
        if one is not None and one.user_name.casefold() in free and _is_plain(one):
            free.discard(one.user_name.casefold())
            places.append(place)
    chosen = [(place, one) for place in places if (one := wanted[place]) is not None and one.document is not None]
    newcomers = [Newcomer(one.document, _details(one), one.role, one.number) for _, one in chosen if one.document is not None]
    found: list[RosterUser | None] = [None] * len(wanted)
    for (place, one), person in zip(chosen, enrol(tx, roster.vault, roster.institution, newcomers), strict=True):
        if person is not None:
            found[place] = row = _new_row(tx, roster, person, one)
            _record(tx, Action.ROSTER_MEMBER_CREATED, row, person)
    tx.session.flush()
    return found


def _is_plain(entry: Entry) -> bool:
    try:
        entries.check(entry)
    except YimaError:
        return False
    return entry.active and entry.document is not None and entry.state_code is None


def _free_names(session: Session, roster: Roster, names: Sequence[str]) -> set[str]:
    keys = {name.casefold() for name in names}
    statement = select(RosterUser.user_name_key).where(
        RosterUser.institution == roster.institution, RosterUser.user_name_key.in_(keys)
    )
    return keys - set(session.scalars(statement)) if keys else keys


def _new_row(tx: Transaction, roster: Roster, person: Person, entry: Entry) -> RosterUser:
    row = RosterUser(id=new_id(), institution=roster.institution, person_id=person.id, created_at=tx.now)
    _fill(tx, roster, row, entry)
    row.claimed = True
    tx.session.add(row)
    return row


def replace(tx: Transaction, roster: Roster, row: RosterUser, entry: Entry) -> bool:
    """Brings the row to what ``entry`` says; returns whether that is a change. An entry that is not active has left.

    Personal data that stand in the registry are changed only where the person belongs to no other institution; elsewhere they
    are kept for this school alone, and another name is refused (:class:`HeldElsewhere`).
    """
    tx.serialise()
    entries.check(entry)
    _check_user_name(tx.session, roster, entry, row)
    person = persons.by_id(tx.session, row.person_id)
    changed = _change(tx, roster, row, person, entry)
    if changed or not row.claimed:
        row.claimed = True
        touch(tx, row)
        _record(tx, Action.ROSTER_MEMBER_CHANGED, row, person)
    tx.session.flush()
    return changed


def remove(tx: Transaction, roster: Roster, row: RosterUser) -> None:
    """Takes somebody off the roster: what they are at this school ends today. Their number and other schools are untouched."""
    tx.serialise()
    person = persons.by_id(tx.session, row.person_id)
    _end(tx, roster, person)
    _record(tx, Action.ROSTER_MEMBER_REMOVED, row, person)
    tx.session.execute(delete(RosterMembership).where(RosterMembership.user_row == row.row_id))
    tx.session.delete(row)
    tx.session.flush()


def leave(tx: Transaction, roster: Roster, row: RosterUser, roles: tuple[Role, ...]) -> bool:
    """Ends what somebody is at the school in one of ``roles``; the row stays. Returns whether anything ended."""
    tx.serialise()
    person = persons.by_id(tx.session, row.person_id)
    ended = _end(tx, roster, person, roles)
    if ended:
        touch(tx, row)
        _record(tx, Action.ROSTER_MEMBER_CHANGED, row, person)
    return ended


def _change(tx: Transaction, roster: Roster, row: RosterUser, person: Person, entry: Entry) -> bool:
    before = row.given_sealed and given(roster.vault, row)
    if entry.document is not None:
        persons.add_document(tx, roster.vault, person, entry.document, verified_by=roster.institution)
    _add_state_code(tx, roster, person, entry)
    changed = _amend(tx, roster, row, person, entry, before or {})
    changed |= _belong(tx, roster, row, person, entry)
    return _fill(tx, roster, row, entry) or changed


def _amend(
    tx: Transaction, roster: Roster, row: RosterUser, person: Person, entry: Entry, before: dict[str, list[dict[str, str]]]
) -> bool:
    """The registry's own data. Only what the school says anew: what the person has changed since then is theirs."""
    alone = not _elsewhere(tx, roster, person)
    if not alone and not persons.same_name(person.name, entry.name):
        raise HeldElsewhere
    details = Details(
        name=entry.name if entry.name != row.name or not row.claimed else person.name,
        english_name=entry.english_name,
        sex=entry.sex,
        birth_date=entry.birth_date,
        phone=entry.phone if list(entry.phones) != before.get("phoneNumbers", []) else None,
        email=entry.email if list(entry.emails) != before.get("emails", []) else None,
    )
    birth_date = entry.document.birth_date if entry.document else None
    found = persons.fill_in(tx, roster.vault, person, details, birth_date=birth_date)
    if found:
        tx.record(Action.PERSON_UPDATED, subject=f"person:{person.number}", institution=roster.institution)
    return (alone and persons.amend(tx, roster.vault, person, details, by=roster.institution)) or found


def _elsewhere(tx: Transaction, roster: Roster, person: Person) -> bool:
    return any(row.institution != roster.institution for row, _school in affiliations.current(tx.session, person.id, tx.now.date()))


def _belong(tx: Transaction, roster: Roster, row: RosterUser, person: Person, entry: Entry) -> bool:
    here = {Role(one.role): one for one in _here(tx, roster, person)}
    if not entry.active:
        return _end(tx, roster, person)
    changed = False
    if row.role != entry.role and (old := Role(row.role)) in here:
        affiliations.end(tx, person, roster.institution, old)
        changed = True
    if entry.role not in here:
        affiliations.add(tx, person, roster.institution, entry.role, local_number=entry.number)
        return True
    return affiliations.renumber(tx, person, here[entry.role], entry.number) or changed


def _end(tx: Transaction, roster: Roster, person: Person, roles: tuple[Role, ...] | None = None) -> bool:
    doomed = [one for one in _here(tx, roster, person) if roles is None or one.role in roles]
    for one in doomed:
        affiliations.end(tx, person, roster.institution, Role(one.role))
    if doomed:
        roster.departures.check(tx, person)
    return bool(doomed)


def _here(tx: Transaction, roster: Roster, person: Person) -> list[Affiliation]:
    current = affiliations.current(tx.session, person.id, tx.now.date())
    return [row for row, _school in current if row.institution == roster.institution]


def _fill(tx: Transaction, roster: Roster, row: RosterUser, entry: Entry) -> bool:
    values: dict[str, object] = {
        "user_name": entry.user_name,
        "user_name_key": entry.user_name.casefold(),
        "external_id": entry.external_id,
        "name": entry.name,
        "display_name": entry.display_name,
        "role": entry.role.value,
        "number": entry.number,
        "grade": entry.grade,
        "class_name": entry.class_name,
        "contact_index": _contact_index(roster.vault, entry),
    }
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    if entry.given != (given(roster.vault, row) if row.given_sealed else {}):
        text = json.dumps(entry.given, ensure_ascii=False)
        row.given_sealed = roster.vault.seal(text, context=_context(row)) if entry.given else None
        changed.append("given")
    if row.claimed is None:
        row.claimed, row.version, row.modified_at = False, 1, tx.now
    return bool(changed)


def given(vault: Vault, row: RosterUser) -> dict[str, list[dict[str, str]]]:
    """What the school gave of contact details and parts of the name, opened."""
    if row.given_sealed is None:
        return {}
    opened: dict[str, list[dict[str, str]]] = json.loads(vault.open(row.given_sealed, context=_context(row)))
    return opened


def contact_key(vault: Vault, kind: str, value: str) -> str:
    """What stands in ``contact_index`` for an e-mail address or a telephone number. Raises :class:`InvalidField`."""
    return f" {vault.blind_index(kind, contacts.email(value) if kind == 'email' else contacts.phone(value))} "


def _contact_index(vault: Vault, entry: Entry) -> str | None:
    keys = [contact_key(vault, "email", one["value"]) for one in entry.emails]
    keys += [contact_key(vault, "phone", one["value"]) for one in entry.phones]
    return "".join(keys) or None


def _details(entry: Entry) -> Details:
    return Details(
        name=entry.name,
        english_name=entry.english_name,
        sex=entry.sex,
        birth_date=entry.birth_date,
        phone=entry.phone,
        email=entry.email,
    )


def _add_state_code(tx: Transaction, roster: Roster, person: Person, entry: Entry) -> None:
    if entry.state_code is None:
        return
    if entry.state_code.kind is not DocumentKind.STATE_CODE:
        raise PersonsDiffer
    persons.add_document(tx, roster.vault, person, entry.state_code, verified_by=roster.institution)


def _check_user_name(session: Session, roster: Roster, entry: Entry, row: RosterUser | None) -> None:
    key = entry.user_name.casefold()
    if row is not None and row.user_name_key == key:
        return
    statement = select(RosterUser.row_id).where(RosterUser.institution == roster.institution, RosterUser.user_name_key == key)
    if session.scalar(statement) is not None:
        raise UserNameTaken


def of_person(session: Session, institution: str, person_id: int) -> RosterUser | None:
    """The school's row of this person, if it has one."""
    return session.scalar(select(RosterUser).where(RosterUser.institution == institution, RosterUser.person_id == person_id))


def touch(tx: Transaction, row: RosterUser | RosterGroup) -> None:
    """Notes that the row has changed."""
    row.version += 1
    row.modified_at = tx.now


def new_id() -> str:
    """A fresh ``id``: random, so that two schools cannot find out that they speak of one person."""
    return secrets.token_urlsafe(16)


def _context(row: RosterUser) -> str:
    return f"roster_user:{row.id}:given"


def _record(tx: Transaction, action: Action, row: RosterUser, person: Person) -> None:
    tx.record(action, subject=f"person:{person.number}", institution=row.institution, detail={"roster_user": row.id})
