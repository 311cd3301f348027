"""What belongs to the end of a session, whoever ends it: the one place that knows every protocol an app may be signed in by."""

from idp.deployment import Deployment
from idp.login.alarm import Revoking
from idp.login.participants import AppProtocol
from idp.login.sessions import Ending
from idp.login.sign_outs import telling
from idp.oidc import families
from idp.oidc.issuer import issuers
from idp.oidc.logout import back_channel, front_channel
from idp.sso.cas import logout as cas
from idp.sso.cas import tickets
from idp.sso.saml import logout as saml
from idp.sso.saml.server import make_server


def protocols(deployment: Deployment) -> tuple[AppProtocol, ...]:
    """OpenID Connect, CAS and SAML, as they tell of the apps of a session."""
    vault, now = deployment.ring.vault, deployment.clock.now
    return (
        AppProtocol(back_channel.participants(vault), front_channel.farewells(issuers(deployment.settings))),
        AppProtocol(cas.participants, cas.farewells(vault, now)),
        AppProtocol(saml.participants, saml.farewells(make_server(deployment))),
    )


def endings(deployment: Deployment) -> tuple[Ending, ...]:
    """Tokens and tickets that were for its time end, and its apps are told."""
    return families.end_with_session, tickets.end_with_session, telling(protocols(deployment))


def revokings() -> tuple[Revoking, ...]:
    """What is taken back from somebody beyond their sessions: what they gave for longer ends too."""
    return (families.revoke_of_person,)
