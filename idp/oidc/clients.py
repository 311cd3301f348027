"""A registered client as requests see it, and the cache that spares them a look into the database."""

import threading
import time
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.apps.register import AppStatus
from idp.apps.tables import App
from idp.database import Database
from idp.oidc.errors import UnknownClient
from idp.oidc.tables import OidcClient


@dataclass(frozen=True)
class Client:
    """Everything a request needs to know of an approved app. The representation leaves the digests out."""

    id: str
    name: str
    purpose: str
    owner: str
    scopes: frozenset[str]
    issuer: str
    auth_method: str
    secret_hashes: tuple[tuple[str, datetime | None], ...]
    jwks: dict[str, object] | None
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    back_channel_logout_uri: str | None
    grant_types: frozenset[str]
    response_types: frozenset[str]
    id_token_alg: str
    access_token_format: str
    sector: str
    required_level: int
    requires_pushed: bool
    requires_dpop: bool
    trusted: bool
    introspects: bool

    def __repr__(self) -> str:
        return f"Client({self.id})"


class Clients:
    """Approved clients, each kept for ``seconds``: one that is switched off works for that long at most."""

    def __init__(self, database: Database, seconds: int) -> None:
        self._database = database
        self._seconds = seconds
        self._kept: dict[str, tuple[float, Client]] = {}
        self._lock = threading.Lock()

    def get(self, client_id: str) -> Client:
        """The approved client with this id. Raises :class:`UnknownClient`."""
        kept = self._kept.get(client_id)
        if kept is not None and time.monotonic() - kept[0] < self._seconds:
            return kept[1]
        with self._database.read() as session:
            client = load(session, client_id)
        with self._lock:
            if len(self._kept) >= 10_000:
                self._kept.clear()
            self._kept[client_id] = (time.monotonic(), client)
        return client


def load(session: Session, client_id: str) -> Client:
    """The approved client, read now. Raises :class:`UnknownClient`."""
    statement = select(OidcClient, App).join(App, App.id == OidcClient.app_id)
    found = session.execute(statement.where(App.id == client_id[:64], App.status == AppStatus.APPROVED.value)).one_or_none()
    if found is None:
        raise UnknownClient(detail=f"client_id {client_id[:64]!r}")
    row, app = found[0], found[1]
    hashes = [(row.secret_hash, None), (row.old_secret_hash, row.old_secret_until)]
    return Client(
        id=app.id,
        name=app.name,
        purpose=app.purpose,
        owner=app.owner,
        scopes=frozenset(app.scopes),
        issuer=row.issuer,
        auth_method=row.auth_method,
        secret_hashes=tuple((text, until) for text, until in hashes if text),
        jwks=row.jwks,
        redirect_uris=tuple(row.redirect_uris),
        post_logout_redirect_uris=tuple(row.post_logout_redirect_uris),
        back_channel_logout_uri=row.back_channel_logout_uri,
        grant_types=frozenset(row.grant_types),
        response_types=frozenset(row.response_types),
        id_token_alg=row.id_token_alg,
        access_token_format=row.access_token_format,
        sector=row.sector,
        required_level=row.required_level,
        requires_pushed=row.requires_pushed,
        requires_dpop=row.requires_dpop,
        trusted=row.trusted,
        introspects=row.introspects,
    )
