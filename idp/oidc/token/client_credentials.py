"""The client credentials grant (RFC 6749 §4.4): a token for the app itself. One statement in one transaction."""

from idp.oidc import resources
from idp.oidc.clients.client import Client
from idp.oidc.errors import InvalidScope
from idp.oidc.issuer import Issuer
from idp.oidc.provider import Provider
from idp.oidc.token import access_token
from idp.oidc.token.answer import TokenAnswer
from idp.oidc.token.contents import Contents
from idp.oidc.token.token_request import TokenRequest
from idp.release.scopes import OWN, split


def exchange(provider: Provider, issuer: Issuer, client: Client, request: TokenRequest) -> TokenAnswer:
    """A token without a person: there is no scope about people in it. Raises :class:`InvalidScope`."""
    scopes = split(request.parameters.get("scope", ""))
    if any(scope not in OWN or scope not in client.scopes for scope in scopes):
        raise InvalidScope
    asked = resources.parse(request.parameters)
    resources.check_allowed(provider, client, asked)
    scope = " ".join(scopes)
    contents = Contents(scope=scope, cnf=request.cnf, audience=asked)
    token = access_token.prepare(provider, issuer, client, contents, provider.deployment.clock.now())
    provider.keep_access_token(token.row)
    return TokenAnswer(token.text, provider.deployment.settings.access_token_lifetime, scope, token_type=token.type)
