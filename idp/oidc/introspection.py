"""``/oauth/introspect`` (RFC 7662, RFC 9701)."""

from collections.abc import Mapping
from datetime import datetime

from idp.apps.audience import is_served
from idp.mfa.policy import acr_of
from idp.oidc import client_jwt
from idp.oidc.clients.client import Client
from idp.oidc.errors import InvalidAccessToken, InvalidClient, UnknownClient
from idp.oidc.issuer import Issuer
from idp.oidc.parameters import parse, required
from idp.oidc.possession.confirmation import token_type
from idp.oidc.provider import Provider
from idp.oidc.tables import Grant, RefreshToken
from idp.oidc.token import access_token
from idp.oidc.token.access_token import Found
from idp.oidc.token.client_authentication import authenticate
from idp.oidc.token_hash import digest
from idp.registry import persons
from idp.web.machine import MachineAnswer, MachineRequest

# RFC 7662 §2.2: of a token that is not good, or not for whoever asks, nothing is told but that.
INACTIVE = MachineAnswer(200, {"active": False})


JWT_ANSWER = "application/token-introspection+jwt"


def introspect(provider: Provider, issuer: Issuer, request: MachineRequest) -> MachineAnswer:
    """What a token is, as JSON, or as a JWT for who asks for it (RFC 9701 §4)."""
    parameters = parse(request.body) if request.is_form else {}
    client = authenticate(provider, issuer, request, parameters)
    answer = _introspect(provider, issuer, client, parameters)
    if JWT_ANSWER not in request.accept:
        return answer
    now = int(provider.deployment.clock.now().timestamp())
    # RFC 9701 §5: the answer is one claim, so that nobody takes the token for an access token or the like.
    claims = {"iss": issuer.url, "aud": client.id, "iat": now, "token_introspection": answer.body}
    text = client_jwt.make(provider, client, claims, "introspection", typ="token-introspection+jwt")
    return MachineAnswer(200, text, content_type=JWT_ANSWER)


def _introspect(provider: Provider, issuer: Issuer, client: Client, parameters: Mapping[str, str]) -> MachineAnswer:
    """A client asks about its own tokens; one registered as a resource server about any of this issuer's."""
    if client.metadata.is_public:
        # §2.1: the endpoint is protected, or anyone could try tokens on it.
        raise InvalidClient(detail=f"{client.id} is a public client")
    text = required(parameters, "token")
    here = provider.deployment
    now = here.clock.now()
    with here.reading() as session:
        refresh = session.get(RefreshToken, digest(text))
        if refresh is not None:
            grant = session.get_one(Grant, refresh.grant_id)
            return _refresh_token(issuer, refresh, grant, now) if grant.client_id == client.id else INACTIVE
        try:
            token = access_token.find(provider, issuer, session, text, now)
            owner = provider.clients.get(token.client_id)
        except (InvalidAccessToken, UnknownClient):
            return INACTIVE
        if token.client_id != client.id and not _is_for(token, client):
            return INACTIVE
        person = persons.by_id(session, token.person_id) if token.person_id is not None else None
        if person is not None and not is_served(session, owner.audience, person, now.date()):
            return INACTIVE
        number = person.number if person is not None else None
    body: dict[str, object] = {
        "active": True,
        "iss": issuer.url,
        "client_id": token.client_id,
        "token_type": token_type(token.cnf),
        "scope": token.scope,
        "iat": int(token.issued_at.timestamp()),
        "exp": int(token.expires_at.timestamp()),
        "sub": here.ring.vault.pairwise_subject(owner.sector, number) if number else owner.id,
    }
    # RFC 9449 §6.2, RFC 8705 §3.2, RFC 9396 §9.2, RFC 8693 §4.1
    more = {"cnf": token.cnf, "aud": list(token.audience), "authorization_details": list(token.details), "act": token.act}
    body |= {name: value for name, value in more.items() if value}
    if token.level is not None and token.auth_time is not None:
        # RFC 9470 §6.2: what a resource needs to ask for more.
        body |= {"acr": acr_of(token.level), "auth_time": int(token.auth_time.timestamp())}
    return MachineAnswer(200, body)


def _is_for(token: Found, client: Client) -> bool:
    """Whether this client is a resource server that the token can be meant for (RFC 8707 §3)."""
    return client.policy.introspects and (not token.audience or bool(set(token.audience) & set(client.policy.resources)))


def _refresh_token(issuer: Issuer, refresh: RefreshToken, grant: Grant, now: datetime) -> MachineAnswer:
    if refresh.spent_at is not None or refresh.expires_at <= now or grant.revoked_at is not None:
        return INACTIVE
    exp = int(refresh.expires_at.timestamp())
    return MachineAnswer(200, {"active": True, "iss": issuer.url, "client_id": grant.client_id, "scope": grant.scope, "exp": exp})
