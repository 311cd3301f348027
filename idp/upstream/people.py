"""Who has arrived: the person an account elsewhere is linked to, or found by a number that is believed, or registered now.

Our policy, each line of it: never by e-mail address, telephone number or name. A provider speaks for the people of its schools
alone, so that one school's system cannot say that it has somebody of another before it. Whoever is known here already is linked
by themselves or by a number, and never taken over by a registration.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.clock import BEIJING
from idp.keys import Vault
from idp.registry import affiliations, documents, persons
from idp.registry.affiliations import Role
from idp.registry.documents import Document, DocumentKind
from idp.registry.errors import NoSuchPerson, RegistryError
from idp.registry.persons import Details, PersonStatus
from idp.registry.tables import Person
from idp.upstream import links
from idp.upstream.arrival import Arrival, values_at
from idp.upstream.errors import NotForThisPerson, NotLinked
from idp.upstream.rules import Registering, Rules
from idp.upstream.tables import UpstreamProvider

BY_PERSON, BY_DOCUMENT, BY_NUMBER, REGISTERED = "person", "document", "number", "registered"


@dataclass(frozen=True)
class Welcome:
    """The person, and how the account elsewhere came to be theirs; empty where it was already."""

    person: Person
    how: str = ""


def who(tx: Transaction, vault: Vault, provider: UpstreamProvider, rules: Rules, arrival: Arrival) -> Welcome:
    """The person that the arrival is. Raises :class:`NotLinked` or :class:`NotForThisPerson`."""
    today = tx.now.astimezone(BEIJING).date()
    linked = links.find(tx.session, vault, provider.slug, arrival.subject)
    if linked is not None:
        person = persons.by_id(tx.session, linked.person_id)
        _check_may_come(tx.session, provider, person, today)
        links.note_use(tx, linked)
        return Welcome(person)
    tx.serialise()  # what is not there yet must not be made twice
    found = _by_number(tx.session, vault, rules, arrival, today)
    if found is not None:
        person, how = found
        _check_may_come(tx.session, provider, person, today)
        _check_same_name(provider, person, arrival)
    else:
        person, how = _register(tx, vault, provider, rules, arrival), REGISTERED
    links.link(tx, vault, provider, arrival.subject, person, how)
    return Welcome(person, how)


def may_come(session: Session, provider: UpstreamProvider, person: Person, today: date) -> bool:
    """Whether the provider may sign this person in: active, and of one of its schools now where it has some."""
    if person.status != PersonStatus.ACTIVE:
        return False
    theirs = {row.institution for row, _ in affiliations.current(session, person.id, today)}
    return not provider.institutions or bool(theirs & set(provider.institutions))


def _check_may_come(session: Session, provider: UpstreamProvider, person: Person, today: date) -> None:
    if not may_come(session, provider, person, today):
        raise NotForThisPerson(provider=provider.title_zh, detail=f"person:{person.number}")


def _check_same_name(provider: UpstreamProvider, person: Person, arrival: Arrival) -> None:
    # A number that was mistyped somewhere is most often somebody else's. A name that is not told is not asked for.
    name = arrival.first("name")
    if name and not persons.same_name(name, person.name):
        raise NotLinked(provider=provider.title_zh, detail=f"another name than person:{person.number}")


def _by_number(session: Session, vault: Vault, rules: Rules, arrival: Arrival, today: date) -> tuple[Person, str] | None:
    for number in rules.match:
        person = None
        if number == "document":
            document = _document(rules, arrival)
            person = persons.by_document(session, vault, document) if document is not None else None
        elif number == "local_number":
            person = _by_local_number(session, rules.numbers_of, arrival.first("local_number"), today)
        else:
            person = _by_person_number(session, arrival.first("person_number"))
        if person is not None:
            return person, BY_DOCUMENT if number == "document" else BY_NUMBER
    return None


def _by_local_number(session: Session, institution: str, number: str, today: date) -> Person | None:
    holder = affiliations.holder_of(session, institution, number, today) if number else None
    return persons.by_id(session, holder) if holder is not None else None


def _by_person_number(session: Session, number: str) -> Person | None:
    try:
        return persons.by_number(session, number)
    except NoSuchPerson:
        return None


def _document(rules: Rules, arrival: Arrival) -> Document | None:
    """The document that was told; ``None`` for none, and for a number that is none of its kind."""
    number, kind = arrival.first("document"), arrival.first("document_kind")
    try:
        return documents.read(DocumentKind(kind) if kind else rules.document_kind, number) if number else None
    except (RegistryError, ValueError):
        return None


def _register(tx: Transaction, vault: Vault, provider: UpstreamProvider, rules: Rules, arrival: Arrival) -> Person:
    """A new person, where the rules allow it for this one. Raises :class:`NotLinked`."""
    policy, document = rules.registering, _document(rules, arrival)
    unknown = NotLinked(provider=provider.title_zh)
    if policy is None or document is None or not arrival.first("name") or not _meets(policy.required, arrival.claims):
        raise unknown
    role = _role(policy, arrival)
    if role is None or persons.by_document(tx.session, vault, document) is not None:
        raise unknown
    try:
        with tx.savepoint():
            details = Details(arrival.first("name"))
            person = persons.register(tx, vault, document, details, verified_by=policy.institution).person
            affiliations.add(tx, person, policy.institution, role, local_number=arrival.first("local_number") or None)
    except RegistryError as error:
        raise NotLinked(provider=provider.title_zh, detail=error.code) from None
    return person


def _role(policy: Registering, arrival: Arrival) -> Role | None:
    told = [policy.roles[one] for one in arrival.told.get("affiliation", ()) if one in policy.roles]
    return told[0] if told else policy.role


def _meets(required: Mapping[str, tuple[str, ...]], claims: Mapping[str, Any]) -> bool:
    return all(set(values_at(claims, place)) & set(wanted) for place, wanted in required.items())
