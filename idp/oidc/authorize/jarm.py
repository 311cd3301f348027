"""Answers as JWTs (JWT Secured Authorization Response Mode for OAuth 2.0, JARM)."""

from collections.abc import Mapping

from idp.oidc import client_jwt
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.provider import Provider

LIFETIME_SECONDS = 600


def secured(provider: Provider, request: AuthorizeRequest, answer: Mapping[str, str]) -> dict[str, str]:
    """The one parameter ``response`` in the place of all (§2.1, §2.3). Never called while a transaction is open."""
    now = int(provider.deployment.clock.now().timestamp())
    claims: dict[str, object] = {**answer, "iss": request.issuer.url, "aud": request.client.id, "exp": now + LIFETIME_SECONDS}
    return {"response": client_jwt.make(provider, request.client, claims, "authorization")}
