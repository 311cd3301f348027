"""Whom an app is for. Others are not signed in to it, and do not see it among their apps."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from sqlalchemy.orm import Session

from idp.apps.errors import InvalidRegistration
from idp.apps.register import by_id
from idp.audit import Action, Transaction
from idp.i18n import N_
from idp.registry import affiliations, institutions
from idp.registry.affiliations import Role
from idp.registry.persons import PersonStatus
from idp.registry.tables import Person


@dataclass(frozen=True)
class Audience:
    """People with a current affiliation in one of ``institutions`` (codes) in one of ``roles``; an empty set leaves that open.

    Where both are open it is for everybody who has not left: whose last affiliation has ended is meant by no app.
    Both have to hold of the same affiliation: a teacher of one school who is a guardian in another is no teacher there.
    """

    institutions: Collection[str] = field(default_factory=frozenset)
    roles: Collection[str] = field(default_factory=frozenset)

    @property
    def is_everybody(self) -> bool:
        """Whether it leaves out nobody who belongs anywhere."""
        return not self.institutions and not self.roles

    def includes(self, belonging: Iterable[tuple[str, str]]) -> bool:
        """Whether one of the affiliations, each as institution and role, is meant."""
        return self.is_everybody or any(
            (not self.institutions or institution in self.institutions) and (not self.roles or role in self.roles)
            for institution, role in belonging
        )

    def to_json(self) -> dict[str, list[str]]:
        """What the register keeps."""
        return {"institutions": sorted(self.institutions), "roles": sorted(self.roles)}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        """What it has kept."""
        return cls(frozenset(kept.get("institutions", ())), frozenset(kept.get("roles", ())))


def set_audience(tx: Transaction, app_id: str, audience: Audience) -> None:
    """Says whom the app is for. Raises ``NoSuchApp``, ``NoSuchInstitution``, or :class:`InvalidRegistration` for a role."""
    app = by_id(tx.session, app_id)
    for code in audience.institutions:
        institutions.by_code(tx.session, code)
    if not set(audience.roles) <= {role.value for role in Role}:
        raise InvalidRegistration(reason=N_("this value does not exist here"), field="role")
    app.audience = audience.to_json()
    tx.record(Action.APP_CHANGED, subject=f"app:{app.id}", institution=app.owner, detail={"audience": app.audience})


def is_for(session: Session, audience: Audience, person_id: int, today: date) -> bool:
    """Whether the person is meant on ``today``."""
    if audience.is_everybody:
        return not affiliations.has_left(session, person_id, today)
    return audience.includes((institution, role) for _, institution, role in affiliations.belonging(session, person_id, today))


def is_served(session: Session, audience: Audience, person: Person, today: date) -> bool:
    """Whether an app may still be told about the person: nobody has disabled them, and the app is for them on ``today``."""
    return person.status == PersonStatus.ACTIVE and is_for(session, audience, person.id, today)
