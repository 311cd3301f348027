"""A registered client as requests see it, and the cache that spares them a look into the database."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.apps.audience import Audience
from idp.apps.register import AppStatus
from idp.apps.tables import App
from idp.database import Database
from idp.oidc.clients.metadata import ClientMetadata
from idp.oidc.clients.policy import Policy
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
    reasons: Mapping[str, str]
    audience: Audience
    last_sign_in_at: datetime | None
    issuer: str
    secret_hashes: tuple[tuple[str, datetime | None], ...]
    sector: str
    metadata: ClientMetadata
    policy: Policy

    @property
    def auth_method(self) -> str:
        """How it authenticates."""
        return self.metadata.token_endpoint_auth_method

    @property
    def trusted(self) -> bool:
        """Whether it is one of the school's own."""
        return self.policy.trusted

    @property
    def id_token_alg(self) -> str:
        """What its ID tokens are signed with."""
        algorithm = self.metadata.id_token_signed_response_alg
        assert algorithm is not None  # noqa: S101 - filled in at registration
        return algorithm

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

    def forget(self, client_id: str) -> None:
        """What is registered has changed: this worker looks again at once, the others within ``seconds``."""
        self._kept.pop(client_id, None)


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
        reasons=app.reasons,
        audience=Audience.from_json(app.audience),
        last_sign_in_at=app.last_sign_in_at,
        issuer=row.issuer,
        secret_hashes=tuple((text, until) for text, until in hashes if text),
        sector=row.sector,
        metadata=ClientMetadata.from_json(row.client_metadata),
        policy=Policy(**row.policy),
    )
