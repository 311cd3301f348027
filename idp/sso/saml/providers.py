"""Registered service providers as requests see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from idp.apps.audience import Audience
from idp.apps.register import AppStatus
from idp.apps.tables import App
from idp.crypto import sm3
from idp.sso.saml import names
from idp.sso.saml.attributes import ATTRIBUTES, About, values_of
from idp.sso.saml.errors import InvalidNameIdPolicy, UnknownProvider
from idp.sso.saml.metadata import Described, Endpoint
from idp.sso.saml.rules import Rules
from idp.sso.saml.tables import SamlProvider

FORMATS = {"transient": names.TRANSIENT, "persistent": names.PERSISTENT, "email": names.EMAIL}


@dataclass(frozen=True)
class Provider:
    """Everything a request needs to know of an approved SAML app; a recipient of data like an app of any protocol."""

    id: str
    name: str
    purpose: str
    owner: str
    scopes: frozenset[str]
    reasons: Mapping[str, str]
    last_sign_in_at: datetime | None
    audience: Audience
    described: Described
    rules: Rules

    @property
    def sector(self) -> str:
        """A sector by itself: people have a name in it that no other app knows."""
        return self.id

    @property
    def trusted(self) -> bool:
        """Whether it is one of the school's own."""
        return self.rules.trusted

    @property
    def school(self) -> str:
        """Whose student and staff numbers are meant."""
        return self.rules.school or self.owner

    @property
    def signs_requests(self) -> bool:
        """Whether a request without a signature is refused."""
        return self.described.requests_signed or self.rules.require_signed

    @property
    def released(self) -> tuple[str, ...]:
        """The attributes it gets: those of its rules for which an administrator has allowed the data."""
        allowed = {"openid", *self.scopes}
        return tuple(name for name in self.rules.released if ATTRIBUTES[name].scope in allowed)

    @property
    def needed_scopes(self) -> tuple[str, ...]:
        """What people have to agree to."""
        needed = [ATTRIBUTES[name].scope for name in self.released] + (["email"] if self.rules.name_id == "email" else [])
        return tuple(dict.fromkeys(("openid", *needed)))

    def format_for(self, asked: str | None) -> str:
        """The format of the name, as asked for or as registered. Raises :class:`InvalidNameIdPolicy`.

        Persistent and transient tell nothing that the app would not have; the e-mail address only where it is registered.
        """
        if asked in (None, names.UNSPECIFIED):
            return FORMATS[self.rules.name_id]
        if asked in (names.PERSISTENT, names.TRANSIENT) or (asked == names.EMAIL and self.rules.name_id == "email"):
            return str(asked)
        raise InvalidNameIdPolicy(detail=str(asked)[:100])

    def told(self, about: About) -> dict[str, tuple[str, ...]]:
        """The attributes with their values, by friendly name; those without one left out."""
        return {name: values for name in self.released if (values := values_of(name, about))}

    def consumer(self, url: str | None, index: int | None) -> Endpoint:
        """Where the answer goes: as the metadata says, and nowhere else. Raises :class:`UnknownProvider`."""
        consumers = self.described.consumers
        if url is not None:
            found = next((one for one in consumers if one.location == url), None)
        elif index is not None:
            found = next((one for one in consumers if one.index == index), None)
        else:
            found = next((one for one in consumers if one.default), consumers[0])
        if found is None:
            raise UnknownProvider(detail=f"{self.id}: no such assertion consumer service")
        return found


def entity_hash(entity_id: str) -> str:
    """By which the row of an entity is found: its id may be longer than an index takes."""
    return sm3.digest(entity_id.encode()).hex()


def by_entity(session: Session, entity_id: str, now: datetime) -> Provider:
    """The approved provider with this entity id. Raises :class:`UnknownProvider`."""
    return _found(session, now, SamlProvider.entity_hash == entity_hash(entity_id), detail=entity_id[:200])


def by_app(session: Session, app_id: str, now: datetime) -> Provider:
    """The approved provider that is this app. Raises :class:`UnknownProvider`."""
    return _found(session, now, SamlProvider.app_id == app_id, detail=app_id[:64])


def _found(session: Session, now: datetime, which: object, *, detail: str) -> Provider:
    statement = select(SamlProvider, App).join(App, App.id == SamlProvider.app_id)
    lasting = or_(SamlProvider.valid_until.is_(None), SamlProvider.valid_until > now)
    row = session.execute(statement.where(which, App.status == AppStatus.APPROVED.value, lasting)).one_or_none()  # type: ignore[arg-type]
    if row is None:
        raise UnknownProvider(detail=detail)
    registered, app = row[0], row[1]
    return Provider(
        id=app.id,
        name=app.name,
        purpose=app.purpose,
        owner=app.owner,
        scopes=frozenset(app.scopes),
        reasons=app.reasons,
        last_sign_in_at=app.last_sign_in_at,
        audience=Audience.from_json(app.audience),
        described=Described(**registered.described),
        rules=Rules(**registered.rules),
    )
