"""What the provider's endpoints share: the deployment, the issuers, the clients."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from idp.deployment import Deployment
from idp.oidc.clients import Clients
from idp.oidc.issuer import Issuer, issuers

EXTENSION = "yima_oidc"


@dataclass(frozen=True)
class Provider:
    """One provider under its two names."""

    deployment: Deployment
    clients: Clients
    issuers: dict[str, Issuer]


def make_provider(deployment: Deployment) -> Provider:
    """The provider of a deployment."""
    clients = Clients(deployment.database, deployment.settings.client_cache)
    return Provider(deployment, clients, issuers(deployment.settings))


def provider() -> Provider:
    """The provider of this application."""
    return cast(Provider, current_app.extensions[EXTENSION])
