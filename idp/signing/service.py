"""What every endpoint works on."""

from dataclasses import dataclass

from idp.certification.office import Office
from idp.crypto.x509.certificate import Certificate
from idp.deployment import Deployment
from idp.oidc.provider import Provider

PREFIX = "/signing/v1"
SCOPE = "signing"


@dataclass(frozen=True)
class Service:
    """The provider whose tokens open the service, what acts of an authority need, and roots that are believed besides our own."""

    provider: Provider
    office: Office
    roots: tuple[Certificate, ...] = ()

    @property
    def deployment(self) -> Deployment:
        """The installation."""
        return self.provider.deployment

    @property
    def url(self) -> str:
        """Where the service is."""
        return self.deployment.settings.public_url + PREFIX
