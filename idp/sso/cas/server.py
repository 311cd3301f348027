"""What the endpoints of the CAS server share: the deployment, the services, the way out."""

from dataclasses import dataclass
from datetime import timedelta

from idp.deployment import Deployment
from idp.login.sessions import Limits
from idp.outgoing import Outgoing
from idp.sso.cas.services import Services


@dataclass(frozen=True)
class CasServer:
    """One server, under however many prefixes."""

    deployment: Deployment
    services: Services
    outgoing: Outgoing

    @property
    def limits(self) -> Limits:
        """How long sessions last here."""
        settings = self.deployment.settings
        return Limits(timedelta(seconds=settings.session_idle), timedelta(seconds=settings.session_absolute))


def make_server(deployment: Deployment) -> CasServer:
    """The server of a deployment."""
    services = Services(deployment.database, deployment.settings.client_cache)
    return CasServer(deployment, services, Outgoing(deployment.settings))
