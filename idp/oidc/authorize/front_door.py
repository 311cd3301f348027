"""Where a request really is: in the query, in an object the app has signed, or with us since the app pushed it."""

from idp.audit import Actor
from idp.i18n import N_
from idp.oidc import pushed
from idp.oidc.authorize import request_object
from idp.oidc.errors import InvalidRequest, UnknownClient
from idp.oidc.issuer import Issuer
from idp.oidc.parameters import required
from idp.oidc.provider import Provider


def parameters_of(provider: Provider, actor: Actor, issuer: Issuer, given: dict[str, str]) -> dict[str, str]:
    """The parameters to check. A pushed request is spent by this."""
    client = provider.clients.get(required(given, "client_id"))
    if client.issuer != issuer.name:
        raise UnknownClient(detail=f"{client.id} belongs to the issuer {client.issuer}")
    reference = given.get("request_uri", "")
    if reference.startswith(pushed.PREFIX):
        with provider.deployment.transaction(actor) as tx:
            return pushed.take(tx, issuer, client, reference)
    if client.metadata.require_pushed_authorization_requests:
        raise InvalidRequest(N_("This app hands its requests over itself first (PAR)."))  # RFC 9126 §6
    return request_object.opened(provider, issuer, client, given)
