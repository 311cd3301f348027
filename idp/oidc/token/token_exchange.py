"""Token exchange (RFC 8693): a resource server that was called by a person's app calls another one, in its own name for the person.

Delegation only: the new token always says who acts (``act``), so nobody can pass for the person (§1.1). Which resources an app may
exchange for is the administrator's word (``exchanges``).
"""

from typing import Any

from idp.oidc import resources
from idp.oidc.clients.client import Client
from idp.oidc.errors import InvalidAccessToken, InvalidRequest, InvalidScope, InvalidTarget
from idp.oidc.id_token import Subject
from idp.oidc.issuer import Issuer
from idp.oidc.parameters import required
from idp.oidc.provider import Provider
from idp.oidc.tables import Grant
from idp.oidc.token import access_token
from idp.oidc.token.access_token import Found
from idp.oidc.token.answer import TokenAnswer
from idp.oidc.token.contents import Contents
from idp.oidc.token.token_request import TokenRequest
from idp.registry import persons
from idp.registry.persons import PersonStatus
from idp.release.scopes import split

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
MAX_ACTORS = 5


def exchange(provider: Provider, issuer: Issuer, client: Client, request: TokenRequest) -> TokenAnswer:
    """The grant (§2.1, §2.2). Raises :class:`InvalidRequest`, :class:`InvalidTarget` or :class:`InvalidScope`."""
    parameters = request.parameters
    text = required(parameters, "subject_token")
    if required(parameters, "subject_token_type") != ACCESS_TOKEN:
        raise InvalidRequest(detail="subject_token_type")
    if parameters.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
        raise InvalidRequest(detail="requested_token_type")
    if "actor_token" in parameters or "actor_token_type" in parameters:
        # The actor is who authenticates here: a token that says otherwise would be somebody else's word.
        raise InvalidRequest(detail="actor_token")
    wanted = resources.parse(parameters)
    if len(wanted) != 1 or wanted[0] not in client.policy.exchanges or wanted[0] not in provider.resource_servers.resources():
        raise InvalidTarget(detail=f"{client.id} may not exchange for {wanted}")
    here = provider.deployment
    now = here.clock.now()
    with here.reading() as session:
        found = _subject_token(provider, issuer, client, text, session)
        grant = session.get_one(Grant, found.grant_id)
        person = persons.by_id(session, grant.person_id)
        if person.status != PersonStatus.ACTIVE:
            raise InvalidRequest(detail="the person is not active")
        sub = here.ring.vault.pairwise_subject(client.sector, person.number)
        subject = Subject(sub, grant.sid, grant.level, tuple(grant.methods), grant.auth_time)
    contents = Contents(_scope(found, parameters.get("scope")), request.cnf, wanted, act=_actors(client, found))
    token = access_token.prepare(
        provider, issuer, client, contents, now, subject=subject, grant_id=found.grant_id, until=found.expires_at
    )
    provider.keep_access_token(token.row)
    lifetime = int((min(token.expires_at, found.expires_at) - now).total_seconds())
    return TokenAnswer(token.text, lifetime, contents.scope, token_type=token.type, issued_token_type=ACCESS_TOKEN)


def _subject_token(provider: Provider, issuer: Issuer, client: Client, text: str, session: Any) -> Found:
    """A person's token that this very app was shown as a resource server, or has itself."""
    try:
        found = access_token.find(provider, issuer, session, text, provider.deployment.clock.now())
    except InvalidAccessToken as error:
        raise InvalidRequest(detail=f"subject_token: {error.detail}") from None  # §2.2.2
    mine = found.client_id == client.id or bool(set(found.audience) & set(client.policy.resources))
    if not mine or found.person_id is None or found.grant_id is None:
        raise InvalidRequest(detail="the subject_token was not for this app, or is nobody's")
    return found


def _scope(found: Found, wanted: str | None) -> str:
    if wanted is None:
        return found.scope
    if not set(split(wanted)) <= set(found.scope.split()):
        raise InvalidScope
    return wanted


def _actors(client: Client, found: Found) -> dict[str, Any]:
    """§4.1: the present actor, and inside of it those before."""
    act: dict[str, Any] = {"sub": client.id} | ({"act": dict(found.act)} if found.act else {})
    depth, inner = 1, act
    while "act" in inner:
        depth, inner = depth + 1, inner["act"]
    if depth > MAX_ACTORS:
        raise InvalidRequest(detail="too many actors")
    return act
