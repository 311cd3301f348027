"""A person as the rooms above see them: opened, current, and no row."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from idp.keys import Vault
from idp.registry import affiliations, persons
from idp.registry.age import AgeBand, band
from idp.registry.tables import Person


@dataclass(frozen=True)
class AffiliationView:
    """A current affiliation."""

    institution_code: str
    institution_name: str
    role: str
    local_number: str | None
    since: date


@dataclass(frozen=True)
class Profile:
    """What may be shown to the person, and, as far as they agree, to apps. The representation shows the number only."""

    person_id: int
    number: str
    name: str
    english_name: str | None
    phone: str | None
    email: str | None
    birth_date: date | None
    age_band: AgeBand | None
    affiliations: tuple[AffiliationView, ...]
    email_confirmed_at: datetime | None = None

    def __repr__(self) -> str:
        return f"Profile({self.number})"


def read(session: Session, vault: Vault, person_id: int, today: date) -> Profile:
    """The profile on ``today``. Raises :class:`idp.registry.errors.NoSuchPerson`."""
    person = persons.by_id(session, person_id)
    birth = birth_date_of(vault, person)
    return Profile(
        person_id=person.id,
        number=person.number,
        name=person.name,
        english_name=person.english_name,
        phone=_opened(vault, person, "phone", person.phone_sealed),
        email=_opened(vault, person, "email", person.email_sealed),
        birth_date=birth,
        age_band=band(birth, today),
        affiliations=tuple(
            AffiliationView(institution.code, institution.name, row.role, row.local_number, row.begins)
            for row, institution in affiliations.current(session, person.id, today)
        ),
        email_confirmed_at=person.email_confirmed_at,
    )


def birth_date_of(vault: Vault, person: Person) -> date | None:
    """The birthday, opened."""
    text = _opened(vault, person, "birth_date", person.birth_date_sealed)
    return date.fromisoformat(text) if text else None


def _opened(vault: Vault, person: Person, column: str, sealed: str | None) -> str | None:
    return vault.open(sealed, context=f"person:{person.id}:{column}") if sealed else None
