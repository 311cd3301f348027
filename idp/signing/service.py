"""What every endpoint works on."""

from dataclasses import dataclass

from idp.certification.office import Office
from idp.deployment import Deployment
from idp.oidc.provider import Provider

PREFIX = "/signing/v1"
SCOPE = "signing"


@dataclass(frozen=True)
class Service:
    """The installation, the provider whose tokens open the service, and what acts of an authority need."""

    provider: Provider
    office: Office

    @property
    def deployment(self) -> Deployment:
        """The installation."""
        return self.provider.deployment

    @property
    def url(self) -> str:
        """Where the service is."""
        return self.deployment.settings.public_url + PREFIX
