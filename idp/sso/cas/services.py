"""Registered services as requests see them, and the cache that spares them a look into the database."""

import logging
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.apps.audience import Audience
from idp.apps.errors import InvalidRegistration
from idp.apps.register import AppStatus
from idp.apps.tables import App
from idp.database import Database
from idp.sso.cas.errors import UnknownService
from idp.sso.cas.identity import ATTRIBUTES, USER_NAMES, About, user_name
from idp.sso.cas.rules import Rules
from idp.sso.cas.service_url import Origin, ServiceUrl, lies_under, parse
from idp.sso.cas.tables import CasService

log = logging.getLogger("yima.cas")


@dataclass(frozen=True)
class Service:
    """Everything a request needs to know of an approved CAS app; a recipient of data like an app of any protocol."""

    id: str
    name: str
    purpose: str
    owner: str
    scopes: frozenset[str]
    reasons: Mapping[str, str]
    audience: Audience
    last_sign_in_at: datetime | None
    addresses: tuple[ServiceUrl, ...]
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
    def attributes(self) -> dict[str, str]:
        """The attributes it gets: those of its rules for which an administrator has allowed the data."""
        allowed = {"openid", *self.scopes}
        return {name: source for name, source in self.rules.attributes.items() if ATTRIBUTES[source].scope in allowed}

    def user_name(self, about: About) -> str | None:
        """As whom it knows the person; ``None`` for nobody, or where an administrator does not allow it that any more."""
        kind = self.rules.user
        return user_name(kind, about) if USER_NAMES[kind].scope in {"openid", *self.scopes} else None

    @property
    def needed_scopes(self) -> tuple[str, ...]:
        """What people have to agree to."""
        sources = [USER_NAMES[self.rules.user], *(ATTRIBUTES[source] for source in self.attributes.values())]
        return tuple(dict.fromkeys(("openid", *(source.scope for source in sources))))


class Directory:
    """The approved services at one moment."""

    def __init__(self, services: Iterable[Service]) -> None:
        self._by_id = {service.id: service for service in services}
        self._by_origin: dict[Origin, list[tuple[ServiceUrl, Service]]] = {}
        for service in self._by_id.values():
            for address in service.addresses:
                self._by_origin.setdefault(address.origin, []).append((address, service))
        for entries in self._by_origin.values():
            entries.sort(key=lambda entry: -len(entry[0].path.rstrip("/")))

    def at(self, url: ServiceUrl) -> Service:
        """The service that the address belongs to, by the longest address it lies under. Raises :class:`UnknownService`."""
        for registered, service in self._by_origin.get(url.origin, ()):
            if lies_under(url, registered):
                return service
        raise UnknownService(detail=f"{url.origin} {url.path[:200]!r}")

    def get(self, app_id: str) -> Service:
        """The service with this id. Raises :class:`UnknownService`."""
        found = self._by_id.get(app_id)
        if found is None:
            raise UnknownService(detail=app_id[:64])
        return found


class Services:
    """Approved services, all read at once and kept for ``seconds``: one that is switched off works for that long at most."""

    def __init__(self, database: Database, seconds: int) -> None:
        self._database = database
        self._seconds = seconds
        self._read_at = float("-inf")
        self._directory = Directory(())
        self._lock = threading.Lock()

    def now(self) -> Directory:
        """Those of the last seconds. To be asked before a transaction: nobody may wait for a connection while holding another."""
        with self._lock:
            if time.monotonic() - self._read_at >= self._seconds:
                with self._database.read() as session:
                    self._directory = Directory(load(session))
                self._read_at = time.monotonic()
            return self._directory


def load(session: Session) -> list[Service]:
    """Every approved service, read now; left out is one that an earlier release wrote down and this one cannot read."""
    statement = select(CasService, App).join(App, App.id == CasService.app_id)
    found = []
    for row in session.execute(statement.where(App.status == AppStatus.APPROVED.value)):
        try:
            found.append(_service(row[0], row[1]))
        except (InvalidRegistration, UnknownService) as error:
            log.error("the registration of %s cannot be read: %s", row[1].id, error)
    return found


def _service(row: CasService, app: App) -> Service:
    return Service(
        id=app.id,
        name=app.name,
        purpose=app.purpose,
        owner=app.owner,
        scopes=frozenset(app.scopes),
        reasons=app.reasons,
        audience=Audience.from_json(app.audience),
        last_sign_in_at=app.last_sign_in_at,
        addresses=tuple(map(parse, row.addresses)),
        rules=Rules.of(**row.rules),
    )
