"""``/oauth/par`` (RFC 9126): the app hands the request over itself, and sends the browser with a reference to it."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import update

from idp.audit import Actor, Transaction
from idp.database.compare_and_set import compare_and_set
from idp.i18n import N_
from idp.oidc.authorize import checks, request_object
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.clients.client import Client
from idp.oidc.errors import InvalidDpopProof, InvalidRequest
from idp.oidc.issuer import Issuer
from idp.oidc.parameters import parse
from idp.oidc.possession import dpop
from idp.oidc.provider import Provider
from idp.oidc.tables import PushedRequest
from idp.oidc.token.client_authentication import authenticate
from idp.oidc.token_hash import digest, new_token
from idp.web.machine import MachineAnswer, MachineRequest

PREFIX = "urn:ietf:params:oauth:request_uri:"
LIFETIME = timedelta(seconds=60)
_OF_THE_CLIENT = ("client_secret", "client_assertion", "client_assertion_type")


def push(provider: Provider, issuer: Issuer, request: MachineRequest) -> MachineAnswer:
    """Checks the request as the authorization endpoint would, and keeps it for a minute (§2.1, §2.2)."""
    given = parse(request.body) if request.is_form else {}
    client = authenticate(provider, issuer, request, given)
    if "request_uri" in given:
        raise InvalidRequest(N_("A pushed request holds no request_uri."))  # §2.1
    parameters = {name: value for name, value in given.items() if name not in _OF_THE_CLIENT} | {"client_id": client.id}
    parameters = request_object.opened(provider, issuer, client, parameters)
    # RFC 9449 §10.1: a proof with the pushed request binds the code, as dpop_jkt does.
    key = dpop.check_proof(provider, request, issuer.endpoint("par"))
    if key is not None and parameters.setdefault("dpop_jkt", key) != key:
        raise InvalidDpopProof(detail="dpop_jkt is another key")
    _check(provider, issuer, parameters)
    handle = new_token()
    with provider.deployment.transaction(Actor("app", client.id, request.address)) as tx:
        row = PushedRequest(handle_hash=digest(handle), client_id=client.id, issuer=issuer.name, parameters=parameters)
        row.expires_at = tx.now + LIFETIME
        tx.session.add(row)
    return MachineAnswer(201, {"request_uri": PREFIX + handle, "expires_in": int(LIFETIME.total_seconds())})


def take(tx: Transaction, issuer: Issuer, client: Client, request_uri: str) -> dict[str, str]:
    """The parameters behind the reference, once (§4). Raises :class:`InvalidRequest`, the same whatever is wrong with it."""
    row = tx.session.get(PushedRequest, digest(request_uri.removeprefix(PREFIX)))
    lost = InvalidRequest(N_("This sign-in is over or took too long. Please start again from the app."), detail="request_uri")
    if row is None or row.client_id != client.id or row.issuer != issuer.name or row.expires_at <= tx.now:
        raise lost
    spending = (
        update(PushedRequest)
        .where(PushedRequest.handle_hash == row.handle_hash, PushedRequest.spent_at.is_(None))
        .values(spent_at=tx.now)
    )
    if not compare_and_set(tx.session, spending):
        raise lost
    return dict(row.parameters)


def _check(provider: Provider, issuer: Issuer, parameters: Mapping[str, str]) -> None:
    asked = AuthorizeRequest(provider, issuer, dict(parameters))
    for check in (*checks.BEFORE_THE_CLIENT_IS_PROVEN, *checks.ONCE_IT_IS):
        check(asked)
