"""Schools and people for tests, made through the services."""

from dataclasses import dataclass
from datetime import date

from idp.audit import Actor
from idp.deployment import Deployment
from idp.login import passwords
from idp.registry import affiliations, documents, institutions, persons
from idp.registry.affiliations import Role
from idp.registry.documents import DocumentKind
from idp.registry.institutions import Particulars
from idp.registry.persons import Details
from idp.registry.tables import Person

OPERATOR = Actor(kind="operator", id="test")
PASSWORD = "violet-tram-93"


@dataclass(frozen=True)
class Known:
    """A person as tests name one."""

    id: int
    number: str


def make_school(deployment: Deployment, name: str = "第一小学", *, category: str = "21", province: str = "11") -> str:
    """An active institution; returns its code."""
    with deployment.transaction(OPERATOR) as tx:
        return institutions.issue(tx, category=category, province=province, particulars=Particulars(name)).code


def make_person(
    deployment: Deployment,
    school: str,
    *,
    name: str = "林小雨",
    document: str = "DEMO12345",
    role: Role = Role.STUDENT,
    local_number: str | None = None,
    phone: str | None = None,
    email: str | None = None,
    born: date | None = None,
    password: str | None = PASSWORD,
) -> Known:
    """A registered person of the school, with a password unless that is ``None``."""
    with deployment.transaction(OPERATOR) as tx:
        details = Details(name, phone=phone, email=email, birth_date=born)
        paper = documents.read(DocumentKind.PASSPORT, document)
        person: Person = persons.register(tx, deployment.ring.vault, paper, details, verified_by=school).person
        affiliations.add(tx, person, school, role, local_number=local_number)
        if password is not None:
            passwords.set_password(tx, person, deployment.ring.current().passwords.hash(password))
        return Known(person.id, person.number)
