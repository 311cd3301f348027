"""Persons: registering one by a verified document, and finding them again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.i18n import N_
from idp.keys import Vault
from idp.registry import contacts, person_number
from idp.registry.documents import Document
from idp.registry.errors import InvalidField, NoSuchPerson, PersonsDiffer
from idp.registry.tables import Person, PersonDocument

MAX_NAME = 100
SEXES = ("0", "1", "2", "9")  # GB/T 2261.1: unknown, male, female, not stated


class PersonStatus(StrEnum):
    """``merged`` lives on under another number; ``disabled`` may not sign in."""

    ACTIVE = "active"
    DISABLED = "disabled"
    MERGED = "merged"


@dataclass(frozen=True)
class Details:
    """What is told of a person at registration. ``sex`` by GB/T 2261.1. The representation shows the name only."""

    name: str
    english_name: str | None = None
    sex: str | None = None
    birth_date: date | None = None
    phone: str | None = None
    email: str | None = None

    def __repr__(self) -> str:
        return f"Details({self.name})"


@dataclass(frozen=True)
class Registered:
    """The person, and whether the number is new."""

    person: Person
    is_new: bool


def by_id(session: Session, person_id: int) -> Person:
    """The person with this row id, followed through merges. Raises :class:`NoSuchPerson`."""
    person = session.get(Person, person_id)
    while person is not None and person.merged_into is not None:
        person = session.get(Person, person.merged_into)
    if person is None:
        raise NoSuchPerson
    return person


_BY_NUMBER = select(Person).where(Person.number == bindparam("number"))


def by_number(session: Session, number: str) -> Person:
    """The person with this number, typed in any case, followed through merges. Raises :class:`NoSuchPerson`."""
    person = session.scalar(_BY_NUMBER, {"number": person_number.normalise(number)})
    if person is None:
        raise NoSuchPerson
    return by_id(session, person.id)


def by_document(session: Session, vault: Vault, document: Document) -> Person | None:
    """The person this document belongs to, if anyone has registered it."""
    row = session.scalar(select(PersonDocument).where(PersonDocument.number_index == _index(vault, document)))
    return by_id(session, row.person_id) if row is not None else None


def by_documents(session: Session, vault: Vault, documents: Collection[Document]) -> dict[Document, int]:
    """The row ids of those whom these documents belong to, as far as anyone has registered them."""
    wanted = {_index(vault, document): document for document in documents}
    indexes, found = list(wanted), {}
    for start in range(0, len(indexes), 500):
        statement = (
            select(PersonDocument.number_index, Person.id, Person.merged_into)
            .join(Person, Person.id == PersonDocument.person_id)
            .where(PersonDocument.number_index.in_(indexes[start : start + 500]))
        )
        for index, person_id, merged_into in session.execute(statement):
            found[wanted[index]] = person_id if merged_into is None else by_id(session, person_id).id
    return found


def register(tx: Transaction, vault: Vault, document: Document, details: Details, *, verified_by: str) -> Registered:
    """Gives a person a number, or finds the one who has it already: one person, one number, at however many schools.

    ``verified_by`` is the code of the institution that has seen the document. What is missing from an earlier registration is
    filled in; what stands there is not overwritten. Raises :class:`PersonsDiffer` when the document is another name's.
    """
    tx.serialise()  # two schools registering the same child at once must not make two of her
    person = by_document(tx.session, vault, document)
    if person is not None:
        if not same_name(person.name, details.name):
            raise PersonsDiffer
        if fill_in(tx, vault, person, details, birth_date=document.birth_date):
            tx.record(Action.PERSON_UPDATED, subject=f"person:{person.number}", institution=verified_by)
        return Registered(person, is_new=False)
    person = make(tx, details)
    tx.session.flush()
    fill_in(tx, vault, person, details, birth_date=document.birth_date)
    keep_document(tx, vault, person, document, verified_by=verified_by)
    note_registered(tx, person, document, verified_by=verified_by)
    return Registered(person, is_new=True)


def note_registered(tx: Transaction, person: Person, document: Document, *, verified_by: str) -> None:
    """Writes the registration down."""
    detail = {"document": document.kind.value}
    tx.record(Action.PERSON_REGISTERED, subject=f"person:{person.number}", institution=verified_by, detail=detail)


def add_document(tx: Transaction, vault: Vault, person: Person, document: Document, *, verified_by: str) -> None:
    """Ties another document to the person. One that is somebody else's raises :class:`PersonsDiffer`: merge the two first."""
    tx.serialise()
    owner = by_document(tx.session, vault, document)
    if owner is not None:
        if owner.id != person.id:
            raise PersonsDiffer
        return
    keep_document(tx, vault, person, document, verified_by=verified_by)
    tx.session.flush()


def keep_document(tx: Transaction, vault: Vault, person: Person, document: Document, *, verified_by: str) -> None:
    """Ties a document to the person that the caller has made sure is nobody's yet."""
    index = _index(vault, document)
    sealed = vault.seal(document.number, context=f"person_document:{index}:number")
    row = PersonDocument(person_id=person.id, kind=document.kind.value, number_sealed=sealed, number_index=index)
    row.verified_at, row.verified_by = tx.now, verified_by
    tx.session.add(row)


def fill_in(tx: Transaction, vault: Vault, person: Person, details: Details, *, birth_date: date | None) -> bool:
    """Adds what is not known of the person yet; returns whether there was anything. Raises :class:`InvalidField`."""
    found = False
    check_sex(details.sex)
    for name in ("english_name", "sex"):
        if getattr(person, name) is None and getattr(details, name):
            setattr(person, name, getattr(details, name))
            found = True
    birth_date = birth_date or details.birth_date
    if person.birth_date_sealed is None and birth_date is not None:
        if birth_date > tx.now.date():
            raise InvalidField(field="birth_date", reason=N_("it lies in the future"))
        person.birth_date_sealed = vault.seal(birth_date.isoformat(), context=f"person:{person.id}:birth_date")
        found = True
    if person.phone_index is None and details.phone:
        set_phone(vault, person, details.phone)
        found = True
    if person.email_index is None and details.email:
        set_email(vault, person, details.email)
        found = True
    return found


def amend(tx: Transaction, vault: Vault, person: Person, details: Details, *, by: str) -> bool:
    """Changes what is known of the person to what ``details`` say; what they leave out stays. Returns whether anything changed.

    For an institution (``by``) that alone answers for the person; the caller has made sure. An e-mail address that the person
    has confirmed stays. Raises :class:`InvalidField`.
    """
    known = ("name", "english_name", "sex")
    changed = [name for name in known if getattr(details, name) and getattr(details, name) != getattr(person, name)]
    if "name" in changed:
        person.name = tidy_name(details.name)
    if "english_name" in changed:
        person.english_name = details.english_name
    if "sex" in changed:
        check_sex(details.sex)
        person.sex = details.sex
    for kind, value, set_value in (("phone", details.phone, set_phone), ("email", details.email, set_email)):
        before = getattr(person, f"{kind}_index")
        # What the person has proven is better than what the school has: docs/decisions/0024.
        if value and not (kind == "email" and person.email_confirmed_at is not None):
            set_value(vault, person, value)
            changed += [kind] if getattr(person, f"{kind}_index") != before else []
    if changed:
        tx.record(Action.PERSON_UPDATED, subject=f"person:{person.number}", institution=by, detail={"fields": changed})
    return bool(changed)


def set_phone(vault: Vault, person: Person, value: str) -> None:
    """Seals the telephone number. Raises :class:`InvalidField`."""
    number = contacts.phone(value)
    person.phone_sealed = vault.seal(number, context=f"person:{person.id}:phone")
    person.phone_index = vault.blind_index("phone", number)


def set_email(vault: Vault, person: Person, value: str, *, confirmed_at: datetime | None = None) -> None:
    """Seals the e-mail address; ``confirmed_at`` where the person has just proven it. Raises :class:`InvalidField`."""
    address = contacts.email(value)
    person.email_sealed = vault.seal(address, context=email_context(person.id))
    person.email_index = vault.blind_index("email", address)
    person.email_confirmed_at = confirmed_at


def email_context(person_id: int) -> str:
    """What a person's e-mail address is sealed for."""
    return f"person:{person_id}:email"


def others_have_email(session: Session, vault: Vault, person_id: int, address: str) -> bool:
    """Whether somebody else who may sign in has the address, in its compared form."""
    index = vault.blind_index("email", address)
    mine = select(Person.id).where(Person.email_index == index, Person.status == PersonStatus.ACTIVE.value, Person.id != person_id)
    return session.scalar(mine.limit(1)) is not None


def same_name(one: str, other: str) -> bool:
    """Whether two spellings are one name: foreign ones come with one or another middle dot, with or without spaces."""
    return _comparable(one) == _comparable(other)


def document_number(vault: Vault, row: PersonDocument) -> str:
    """The number on the document, opened. Whoever calls this records that somebody looked."""
    return vault.open(row.number_sealed, context=f"person_document:{row.number_index}:number")


def check_sex(sex: str | None) -> None:
    """GB/T 2261.1. Raises :class:`InvalidField`."""
    if sex is not None and sex not in SEXES:
        raise InvalidField(field="sex", reason=N_("it is one of 0, 1, 2, 9 (GB/T 2261.1)"))


def tidy_name(text: str) -> str:
    """The name with single spaces. Raises :class:`InvalidField`."""
    name = " ".join(text.split())
    if not name or len(name) > MAX_NAME:
        raise InvalidField(field="name", reason=N_("it must have 1 to 100 characters"))
    return name


def make(tx: Transaction, details: Details) -> Person:
    """Somebody new with a number of their own; the row gets its ``id`` with the next flush. Raises :class:`InvalidField`."""
    name = tidy_name(details.name)
    # Of 2⁶⁷ numbers no two drawn are the same; should they be, the table's own constraint refuses the second.
    person = Person(number=person_number.generate(), name=name, status=PersonStatus.ACTIVE.value, created_at=tx.now)
    tx.session.add(person)
    return person


def _index(vault: Vault, document: Document) -> str:
    return vault.blind_index("document", f"{document.kind}:{document.number}")


def _comparable(name: str) -> str:
    return "".join(c for c in name.casefold() if c not in " ·•・.\u2027")
