"""Who we are to an identity provider: our name, our addresses, our keys."""

from dataclasses import dataclass
from datetime import datetime

from idp.crypto.jose import Signer
from idp.keys.states import SAML_ALGORITHM
from idp.sso.saml.server import SamlServer
from idp.upstream.kinds import Upstream
from idp.upstream.server import PREFIX, UpstreamServer


@dataclass(frozen=True)
class ServiceProvider:
    """One service provider for each identity provider: an answer that is meant for one cannot be brought as another's."""

    server: UpstreamServer
    slug: str
    acs: str
    """Where answers come to by POST."""

    @property
    def entity_id(self) -> str:
        """Our name there: also the address of our metadata (SAML Metadata §4.1)."""
        return f"{self.server.deployment.settings.public_url}{PREFIX}/{self.slug}/metadata"

    def signer(self, now: datetime) -> Signer:
        """The key that signs now; the identity provider's own (:mod:`idp.sso.saml`) is the same."""
        return self.server.deployment.ring.signer(SAML_ALGORITHM, now)

    def certificates(self, now: datetime) -> dict[str, str]:
        """The certificates of every key that is published, DER in base64, by the key's id."""
        return SamlServer(self.server.deployment, self.server.outgoing).certificates(now)


def party(server: UpstreamServer, upstream: Upstream) -> ServiceProvider:
    """Who we are to this one."""
    return ServiceProvider(server, upstream.slug, upstream.redirect_uri)
