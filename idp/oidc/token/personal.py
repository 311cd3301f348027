"""What the code and the refresh token are both exchanged for: tokens about a person."""

from datetime import timedelta

from sqlalchemy import insert

from idp.apps.audience import is_served
from idp.audit import Transaction
from idp.oidc import id_token, person_claims
from idp.oidc.clients.client import Client
from idp.oidc.errors import InvalidGrant
from idp.oidc.id_token import Subject
from idp.oidc.issuer import Issuer
from idp.oidc.possession.confirmation import Confirmation
from idp.oidc.provider import Provider
from idp.oidc.tables import Grant, RefreshToken
from idp.oidc.token import access_token
from idp.oidc.token.answer import TokenAnswer
from idp.oidc.token.contents import of_grant
from idp.oidc.token.token_request import TokenRequest
from idp.oidc.token_hash import digest, new_token
from idp.registry import persons
from idp.release import ledger
from idp.release.ledger import Place

_INSERT_REFRESH = insert(RefreshToken)


def subject_of(provider: Provider, client: Client, tx: Transaction, grant: Grant) -> Subject:
    """Whom the grant is about, under the name this app's sector knows. Raises :class:`InvalidGrant` for a person who is
    disabled, or whom the app is not for."""
    person = persons.by_id(tx.session, grant.person_id)
    # Whoever has left, or changed roles, loses the app with the next token.
    if not is_served(tx.session, client.audience, person, tx.now.date()):
        raise InvalidGrant(detail=f"person {person.number} is {person.status}, or {client.id} is not for them")
    sub = provider.deployment.ring.vault.pairwise_subject(client.sector, person.number)
    return Subject(sub, grant.sid, grant.level, tuple(grant.methods), grant.auth_time)


def make_tokens(
    provider: Provider,
    issuer: Issuer,
    client: Client,
    tx: Transaction,
    grant: Grant,
    request: TokenRequest,
    *,
    scope: str | None = None,
    nonce: str | None = None,
    renewable: bool = True,
) -> TokenAnswer:
    """Access token, ID token, and a refresh token where the client uses them. ``scope`` is less than the grant's."""
    settings = provider.deployment.settings
    subject = subject_of(provider, client, tx, grant)
    contents = of_grant(provider, client, grant, request, scope)
    token = access_token.prepare(provider, issuer, client, contents, tx.now, subject=subject, grant_id=grant.id)
    access_token.store(tx.session.connection(), token)
    told = person_claims.read(provider, tx.session, grant.person_id, (), person_claims.named(grant.claims, "id_token"))
    signed = id_token.make(
        provider.deployment.ring,
        issuer,
        client_id=client.id,
        algorithm=client.id_token_alg,
        subject=subject,
        now=tx.now,
        lifetime=settings.id_token_lifetime,
        nonce=nonce,
        access_token=token.text,
        claims=told,
    )
    ledger.record(tx, client.id, grant.person_id, Place.ID_TOKEN, ("sub", *told))
    renewable = renewable and "refresh_token" in client.metadata.grant_types
    refresh = _refresh_token(provider, client, tx, grant, request.cnf) if renewable else None
    return TokenAnswer(
        token.text, settings.access_token_lifetime, contents.scope, signed, refresh, token.type, details=contents.details
    )


def _refresh_token(provider: Provider, client: Client, tx: Transaction, grant: Grant, cnf: Confirmation | None) -> str:
    # RFC 9700 §4.14.2: each lasts while it is used; the family has an end in any case.
    settings = provider.deployment.settings
    idle = tx.now + timedelta(seconds=settings.refresh_token_idle)
    absolute = grant.created_at + timedelta(seconds=settings.refresh_token_absolute)
    text = new_token()
    bound_to = cnf if client.metadata.is_public else None
    row = {"token_hash": digest(text), "grant_id": grant.id, "expires_at": min(idle, absolute), "cnf": bound_to}
    tx.session.connection().execute(_INSERT_REFRESH, row)
    return text
