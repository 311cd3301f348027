"""What an access token lets its holder do, and how the request at the token endpoint may narrow that down."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idp.oidc import authorization_details, resources
from idp.oidc.clients.client import Client
from idp.oidc.possession.confirmation import Confirmation
from idp.oidc.provider import Provider
from idp.oidc.tables import Grant
from idp.oidc.token.token_request import TokenRequest


@dataclass(frozen=True)
class Contents:
    """``audience`` are resource identifiers (RFC 8707), none: the issuer's own; ``act`` who acts for the subject (RFC 8693)."""

    scope: str
    cnf: Confirmation | None = None
    audience: tuple[str, ...] = ()
    details: tuple[dict[str, Any], ...] = ()
    act: Mapping[str, Any] | None = None


def of_grant(provider: Provider, client: Client, grant: Grant, request: TokenRequest, scope: str | None = None) -> Contents:
    """Everything that was granted, or what of it the request asks for (RFC 8707 §2.2, RFC 9396 §6)."""
    granted = tuple(grant.resources or ())
    asked = resources.parse(request.parameters)
    if asked and granted:
        resources.check_among(asked, granted)
    elif asked:
        resources.check_allowed(provider, client, asked)
    return Contents(
        scope=grant.scope if scope is None else scope,
        cnf=request.cnf,
        audience=asked or granted,
        details=authorization_details.narrowed(grant.authorization_details or [], request.parameters),
    )
