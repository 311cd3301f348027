"""What the provider's endpoints share: the deployment, the issuers, the clients."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from idp.database import SingleInsert
from idp.deployment import Deployment
from idp.mfa.factor import Site
from idp.oidc.clients.client import Clients
from idp.oidc.clients.remote import RemoteKeys
from idp.oidc.clients.resource_servers import ResourceServers
from idp.oidc.issuer import Issuer, issuers
from idp.oidc.possession.certificate import Certified
from idp.oidc.tables import AccessToken
from idp.outgoing import Outgoing

EXTENSION = "yima_oidc"
ACCESS_TOKEN_COLUMNS = (
    "token_hash",
    "client_id",
    "grant_id",
    "scope",
    "issued_at",
    "expires_at",
    "cnf",
    "audience",
    "details",
    "act",
)


@dataclass(frozen=True)
class Provider:
    """One provider under its two names. ``keep_access_token`` writes a prepared token's row, by itself and at once; ``certified``
    judges certificates of the authorities of this installation.
    """

    deployment: Deployment
    clients: Clients
    issuers: dict[str, Issuer]
    keep_access_token: SingleInsert
    outgoing: Outgoing
    remote_keys: RemoteKeys
    resource_servers: ResourceServers
    certified: Certified | None = None

    @property
    def site(self) -> Site:
        """The installation as kinds of factors know it."""
        return Site(self.deployment.ring.vault, self.deployment.settings)


def make_provider(deployment: Deployment, certified: Certified | None = None) -> Provider:
    """The provider of a deployment."""
    clients = Clients(deployment.database, deployment.settings.client_cache)
    keep = SingleInsert(deployment.database, AccessToken.metadata.tables[AccessToken.__tablename__], ACCESS_TOKEN_COLUMNS)
    outgoing = Outgoing(deployment.settings)
    servers = ResourceServers(deployment.database, deployment.settings.client_cache)
    keys = RemoteKeys(outgoing)
    return Provider(deployment, clients, issuers(deployment.settings), keep, outgoing, keys, servers, certified)


def provider() -> Provider:
    """The provider of this application."""
    return cast(Provider, current_app.extensions[EXTENSION])
