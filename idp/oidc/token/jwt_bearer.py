"""The JWT bearer grant (RFC 7523 §2.1): an app says, by its own key, for which of its people it works now, while they are away.

It is the app's word and nothing more, so it reaches only people who have agreed to that app, ``offline_access`` among it, and only
what they agreed to; taking the consent back ends it.
"""

import secrets

from idp.audit import Actor
from idp.crypto.errors import CryptoError
from idp.oidc.clients import keys
from idp.oidc.clients.client import Client
from idp.oidc.clients.rules import VERIFIABLE
from idp.oidc.errors import InvalidClient, InvalidGrant, InvalidScope
from idp.oidc.issuer import Issuer
from idp.oidc.parameters import required
from idp.oidc.provider import Provider
from idp.oidc.tables import Grant
from idp.oidc.token import access_token, assertion
from idp.oidc.token.answer import TokenAnswer
from idp.oidc.token.contents import of_grant
from idp.oidc.token.personal import subject_of
from idp.oidc.token.token_request import TokenRequest
from idp.release import consent
from idp.release.scopes import split


def exchange(provider: Provider, issuer: Issuer, client: Client, request: TokenRequest) -> TokenAnswer:
    """The grant. Raises :class:`InvalidGrant`, the same whatever is wrong with the assertion."""
    text = required(request.parameters, "assertion")
    try:
        claims = keys.decode(provider, client, text, algorithms=VERIFIABLE).claims
        assertion.check(provider, issuer, client, claims)
    except (CryptoError, InvalidClient) as error:
        raise InvalidGrant(detail=f"assertion of {client.id}: {error.detail}") from None
    with provider.deployment.transaction(Actor("app", client.id, request.address)) as tx:
        person_id = consent.person_of_subject(tx.session, client.id, str(claims.get("sub")))
        agreed = consent.agreed(tx.session, client.id, person_id) if person_id is not None else set()
        if person_id is None or "offline_access" not in agreed:
            raise InvalidGrant(detail="nobody who agreed to be worked for")
        scopes = split(request.parameters.get("scope", "openid"))
        if not set(scopes) <= agreed & set(client.scopes):
            raise InvalidScope
        grant = Grant(
            id=secrets.token_urlsafe(24),
            client_id=client.id,
            person_id=person_id,
            sid=secrets.token_urlsafe(24),
            scope=" ".join((*scopes, *(["offline_access"] if "offline_access" not in scopes else []))),
            level=1,
            methods=[],
            auth_time=tx.now,
            created_at=tx.now,
        )
        tx.session.add(grant)
        tx.session.flush()
        contents = of_grant(provider, client, grant, request, " ".join(scopes))
        subject = subject_of(provider, client, tx, grant)  # a disabled person is nobody
        token = access_token.prepare(provider, issuer, client, contents, tx.now, subject=subject, grant_id=grant.id)
        access_token.store(tx.session.connection(), token)
    return TokenAnswer(token.text, provider.deployment.settings.access_token_lifetime, contents.scope, token_type=token.type)
