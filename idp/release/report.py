"""Reading the record: for the person it is about, and for the yearly audit of an app."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.apps.tables import App
from idp.keys import Vault
from idp.registry import profile
from idp.registry.age import AgeBand, band
from idp.registry.tables import Person
from idp.release.tables import DataRelease

_MINORS = (AgeBand.UNDER_14, AgeBand.MINOR)


@dataclass(frozen=True)
class Release:
    """``claims`` are names; ``count`` how often on ``day``; ``person_number`` whom it is about."""

    day: date
    client_id: str
    app: str
    person_number: str
    place: str
    claims: tuple[str, ...]
    count: int
    last_at: datetime

    def to_json(self) -> dict[str, object]:
        """For a download."""
        return {
            "day": self.day.isoformat(),
            "client_id": self.client_id,
            "app": self.app,
            "person_number": self.person_number,
            "place": self.place,
            "claims": list(self.claims),
            "count": self.count,
            "last_at": self.last_at.isoformat(),
        }


def of_person(session: Session, person_id: int, limit: int | None = None) -> list[Release]:
    """What was told about a person, the newest first."""
    statement = _ALL.where(DataRelease.person_id == person_id).order_by(DataRelease.last_at.desc(), DataRelease.key)
    return [_release(row) for row in session.execute(statement.limit(limit))]


def of_app(session: Session, vault: Vault, client_id: str, year: int, *, minors: bool) -> Iterator[Release]:
    """What an app was told in a year, by day; with ``minors`` only about people who were under 18 on that day.

    Somebody whose birthday nobody knows counts as a minor where they are asked for: rather one too many.
    """
    within = (DataRelease.day >= date(year, 1, 1), DataRelease.day <= date(year, 12, 31))
    statement = _ALL.where(DataRelease.client_id == client_id, *within).order_by(DataRelease.day, DataRelease.key)
    birthdays: dict[int, date | None] = {}
    for row in session.execute(statement):
        person: Person = row[2]
        if minors:
            if person.id not in birthdays:
                birthdays[person.id] = profile.birth_date_of(vault, person)
            if band(birthdays[person.id], row[0].day) not in (*_MINORS, None):
                continue
        yield _release(row)


_ALL = select(DataRelease, App, Person).join(App, App.id == DataRelease.client_id).join(Person, Person.id == DataRelease.person_id)


def _release(row: tuple[DataRelease, App, Person]) -> Release:
    told, app, person = row[0], row[1], row[2]
    return Release(told.day, app.id, app.name, person.number, told.place, tuple(told.claims), told.count, told.last_at)
