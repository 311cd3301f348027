"""``/oauth/revoke`` (RFC 7009)."""

from sqlalchemy import update

from idp.audit import Actor
from idp.oidc import families
from idp.oidc.errors import InvalidAccessToken, UnknownClient
from idp.oidc.issuer import Issuer
from idp.oidc.parameters import parse, required
from idp.oidc.provider import Provider
from idp.oidc.tables import AccessToken, Grant, RefreshToken
from idp.oidc.token import access_token
from idp.oidc.token.client_authentication import authenticate
from idp.oidc.token_hash import digest
from idp.web.machine import MachineAnswer, MachineRequest


def revoke(provider: Provider, issuer: Issuer, request: MachineRequest) -> MachineAnswer:
    """Ends a token of the client's own. §2.1: a refresh token takes the whole family with it. §2.2: 200 for unknown ones too."""
    parameters = parse(request.body) if request.is_form else {}
    client = authenticate(provider, issuer, request, parameters)
    text = required(parameters, "token")
    with provider.deployment.transaction(Actor("app", client.id, request.address)) as tx:
        refresh = tx.session.get(RefreshToken, digest(text))
        if refresh is not None:
            if tx.session.get_one(Grant, refresh.grant_id).client_id == client.id:
                families.revoke(tx, refresh.grant_id)
            return MachineAnswer(200, None)
        try:
            token = access_token.find(provider, issuer, tx.session, text, tx.now)
            handle = access_token.handle_of(provider, issuer, text, tx.now)
        except (InvalidAccessToken, UnknownClient):
            return MachineAnswer(200, None)
        if token.client_id == client.id:
            tx.session.execute(update(AccessToken).where(AccessToken.token_hash == digest(handle)).values(revoked_at=tx.now))
    return MachineAnswer(200, None)
