"""What the parts of the identity provider share: the deployment, our addresses, our key, the way out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from lxml.etree import _Element as Element

from idp.crypto.jose import Signer
from idp.deployment import Deployment
from idp.keys.states import SAML_ALGORITHM
from idp.login.sessions import Limits
from idp.mfa.factor import Site
from idp.outgoing import Outgoing
from idp.sso.saml import signature

PREFIX = "/saml2"
# Clocks of others are this much wrong (SAML Core §1.3.3 leaves it to us).
SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class SamlServer:
    """One identity provider."""

    deployment: Deployment
    outgoing: Outgoing

    @property
    def entity_id(self) -> str:
        """Our name: also the address of our metadata (SAML Metadata §4.1)."""
        return f"{self.deployment.settings.public_url}{PREFIX}/metadata"

    @property
    def sso(self) -> str:
        """Where sign-in requests come to."""
        return f"{self.deployment.settings.public_url}{PREFIX}/sso"

    @property
    def slo(self) -> str:
        """Where sign-outs come to by browser."""
        return f"{self.deployment.settings.public_url}{PREFIX}/slo"

    @property
    def farewell(self) -> str:
        """Where a browser gets a form that signs it out of an app."""
        return f"{self.deployment.settings.public_url}{PREFIX}/farewell"

    @property
    def soap(self) -> str:
        """Where sign-outs come to from programs."""
        return f"{self.deployment.settings.public_url}{PREFIX}/slo/soap"

    @property
    def scope(self) -> str:
        """The domain in scoped values of people whose school has none: the setting, or our host."""
        settings = self.deployment.settings
        return settings.saml_scope or urlsplit(settings.public_url).hostname or ""

    @property
    def site(self) -> Site:
        """What second factors there are here."""
        return Site(self.deployment.ring.vault, self.deployment.settings)

    @property
    def limits(self) -> Limits:
        """How long sessions last here."""
        settings = self.deployment.settings
        return Limits(timedelta(seconds=settings.session_idle), timedelta(seconds=settings.session_absolute))

    def signer(self, now: datetime) -> Signer:
        """The key that signs now."""
        return self.deployment.ring.signer(SAML_ALGORITHM, now)

    def certificates(self, now: datetime) -> dict[str, str]:
        """The certificates of every key that is published, DER in base64, by the key's id."""
        found: dict[str, str] = {}
        for jwk in self.deployment.ring.published("saml", now):
            chain = jwk["x5c"]
            assert isinstance(chain, list)  # noqa: S101 - the ring wrote it
            found[str(jwk["kid"])] = str(chain[0])
        return found

    def sign(self, element: Element, now: datetime, *, after: str | None = None) -> None:
        """Signs a message or assertion with the key of now."""
        signer = self.signer(now)
        signature.sign(element, signer, self.certificates(now)[signer.kid], after=after)


def make_server(deployment: Deployment) -> SamlServer:
    """The identity provider of a deployment."""
    return SamlServer(deployment, Outgoing(deployment.settings))
