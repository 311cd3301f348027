"""``/oauth/userinfo`` (OpenID Connect Core 1.0 §5.3), with bearer tokens (RFC 6750)."""

from idp.apps.audience import is_served
from idp.audit import Actor
from idp.oidc import client_jwt, person_claims
from idp.oidc.bearer import presented_token
from idp.oidc.clients.client import Client
from idp.oidc.errors import InsufficientScope, InvalidAccessToken
from idp.oidc.issuer import Issuer
from idp.oidc.possession import confirmation
from idp.oidc.provider import Provider
from idp.oidc.token import access_token
from idp.registry import persons
from idp.release import ledger
from idp.release.ledger import Place
from idp.web.machine import MachineAnswer, MachineRequest


def userinfo(provider: Provider, issuer: Issuer, request: MachineRequest) -> MachineAnswer:
    """The claims of the token's scopes."""
    presented = presented_token(request)
    here = provider.deployment
    now = here.clock.now()
    with here.reading() as session:
        token = access_token.find(provider, issuer, session, presented.text, now)
    # Between the two: a proof is spent on a connection of its own, and nobody may wait for one while holding another.
    confirmation.check(provider, request, issuer.endpoint("userinfo"), presented, token.cnf)
    if token.audience and issuer.url not in token.audience:
        raise InvalidAccessToken(detail="for another resource")  # RFC 8707 §3
    scopes = token.scope.split()
    if token.person_id is None or "openid" not in scopes:
        raise InsufficientScope
    client = provider.clients.get(token.client_id)
    with here.transaction(Actor("app", token.client_id, request.address)) as tx:
        person = persons.by_id(tx.session, token.person_id)
        if not is_served(tx.session, client.audience, person, now.date()):
            raise InvalidAccessToken
        claims = person_claims.read(provider, tx.session, person.id, scopes, person_claims.named(token.claims, "userinfo"))
        ledger.record(tx, token.client_id, person.id, Place.USERINFO, ("sub", *claims))
    sub = here.ring.vault.pairwise_subject(client.sector, person.number)
    return _answer(provider, issuer, client, {"sub": sub, **claims})


def _answer(provider: Provider, issuer: Issuer, client: Client, claims: dict[str, object]) -> MachineAnswer:
    """JSON, or a JWT for a client that registered for one (§5.3.2)."""
    if client.metadata.userinfo_signed_response_alg is not None:
        text = client_jwt.make(provider, client, {**claims, "iss": issuer.url, "aud": client.id}, "userinfo")
    elif client_jwt.is_encrypted(client, "userinfo"):
        text = client_jwt.encrypted_only(provider, client, claims, "userinfo")
    else:
        return MachineAnswer(200, claims)
    return MachineAnswer(200, text, content_type="application/jwt")
