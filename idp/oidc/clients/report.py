"""What somebody should look after in the register: apps that wait, that stray, that nobody uses."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.apps.register import AppStatus
from idp.apps.tables import App
from idp.oidc.clients.redirect_uri import in_domains
from idp.oidc.tables import OidcClient
from idp.registry.tables import Institution
from idp.settings import is_loopback

WAITING, MORE_DATA, OUTSIDE, UNUSED = "waiting", "more_data", "outside_domains", "unused"


@dataclass(frozen=True)
class Finding:
    """One thing about one app. ``detail`` are the scopes, hosts or the day it is about."""

    client_id: str
    name: str
    owner: str
    kind: str
    detail: str


def findings(session: Session, now: datetime, *, unused: timedelta, hosts: Mapping[str, Collection[str]]) -> list[Finding]:
    """Everything there is to say of the apps that are not retired, by their names.

    ``hosts`` are where apps of other protocols send people, by the id of the app.
    """
    statement = (
        select(App, OidcClient, Institution)
        .outerjoin(OidcClient, OidcClient.app_id == App.id)
        .join(Institution, Institution.code == App.owner)
        .where(App.status != AppStatus.RETIRED.value)
        .order_by(App.name, App.id)
    )
    return [
        Finding(row[0].id, row[0].name, row[0].owner, kind, detail)
        for row in session.execute(statement)
        for kind, detail in _about(row[0], row[1], row[2], now, unused, hosts.get(row[0].id, ()))
    ]


def _about(
    app: App, client: OidcClient | None, owner: Institution, now: datetime, unused: timedelta, others: Collection[str]
) -> Iterator[tuple[str, str]]:
    if app.status == AppStatus.REQUESTED:
        yield WAITING, " ".join(app.requested_scopes)
    more = sorted(set(app.requested_scopes) - set(app.scopes))
    if more:
        yield MORE_DATA, " ".join(more)
    outside = [host for host in (*_hosts(client), *others) if not in_domains(host, tuple(owner.domains))]
    if outside:
        yield OUTSIDE, " ".join(outside)
    last = app.last_sign_in_at or app.created_at
    if app.status == AppStatus.APPROVED and (others or _signs_people_in(client)) and last < now - unused:
        yield UNUSED, last.date().isoformat()


def _hosts(client: OidcClient | None) -> list[str]:
    """The hosts that people are sent to, loopback left out: that is the person's own device."""
    if client is None:
        return []
    hosts = {urlsplit(uri).hostname for uri in client.client_metadata.get("redirect_uris", ())}
    return sorted(host for host in hosts if host is not None and not is_loopback(host))


def _signs_people_in(client: OidcClient | None) -> bool:
    return client is not None and bool(client.client_metadata.get("response_types"))
