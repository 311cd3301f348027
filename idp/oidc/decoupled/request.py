"""A request that waits for a person elsewhere: answered once, asked for by polling, spent once."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import update

from idp.audit import Actor, Transaction
from idp.database.compare_and_set import compare_and_set
from idp.login.sessions import SignedIn
from idp.oidc.clients.client import Client
from idp.oidc.errors import AccessDenied, AuthorizationPending, ExpiredToken, InvalidGrant, SlowDown
from idp.oidc.issuer import Issuer
from idp.oidc.provider import Provider
from idp.oidc.tables import DecoupledRequest, Grant
from idp.oidc.token.answer import TokenAnswer
from idp.oidc.token.personal import make_tokens
from idp.oidc.token.token_request import TokenRequest
from idp.oidc.token_hash import digest

INTERVAL_SECONDS = 5
WAITING, AGREED, REFUSED = "waiting", "agreed", "refused"


def is_waiting(row: DecoupledRequest | None, now: datetime) -> bool:
    """Whether somebody can still answer."""
    return row is not None and row.state == WAITING and row.expires_at > now


def decide(tx: Transaction, row: DecoupledRequest, signed_in: SignedIn, *, agreed: bool) -> bool:
    """Writes the person's answer down; ``False`` where somebody has answered already."""
    grant_id = None
    if agreed:
        grant = Grant(
            id=secrets.token_urlsafe(24),
            client_id=row.client_id,
            person_id=signed_in.person_id,
            sid=secrets.token_urlsafe(24),  # the app's own: it stays signed in when the phone signs out
            scope=row.scope,
            level=signed_in.level,
            methods=list(signed_in.methods),
            auth_time=signed_in.auth_time,
            created_at=tx.now,
        )
        tx.session.add(grant)
        tx.session.flush()
        grant_id = grant.id
    answering = (
        update(DecoupledRequest)
        .where(DecoupledRequest.code_hash == row.code_hash, DecoupledRequest.state == WAITING)
        .values(state=AGREED if agreed else REFUSED, grant_id=grant_id)
    )
    return compare_and_set(tx.session, answering)


def exchange(provider: Provider, issuer: Issuer, client: Client, request: TokenRequest, kind: str, code: str) -> TokenAnswer:
    """What the app gets for asking (RFC 8628 §3.5, CIBA Core 1.0 §11). Raises the error that says what to do next."""
    with provider.deployment.transaction(Actor("app", client.id, request.address)) as tx:
        row = tx.session.get(DecoupledRequest, digest(code))
        if row is None or (row.kind, row.client_id, row.issuer, row.spent_at) != (kind, client.id, issuer.name, None):
            raise InvalidGrant(detail="unknown code, another client's, or used")
        if row.expires_at <= tx.now:
            raise ExpiredToken
        if row.state == REFUSED:
            raise AccessDenied
        if row.state == AGREED:
            return _spend(provider, issuer, client, tx, row, request)
        too_soon = row.polled_at is not None and tx.now < row.polled_at + timedelta(seconds=row.interval)
        row.polled_at = tx.now
        if too_soon:
            row.interval += INTERVAL_SECONDS  # RFC 8628 §3.5: and every later pause with it
    raise SlowDown if too_soon else AuthorizationPending


def _spend(
    provider: Provider, issuer: Issuer, client: Client, tx: Transaction, row: DecoupledRequest, request: TokenRequest
) -> TokenAnswer:
    spending = (
        update(DecoupledRequest)
        .where(DecoupledRequest.code_hash == row.code_hash, DecoupledRequest.spent_at.is_(None))
        .values(spent_at=tx.now)
    )
    if not compare_and_set(tx.session, spending):
        raise InvalidGrant(detail="code used twice")
    grant = tx.session.get_one(Grant, row.grant_id)
    if grant.revoked_at is not None:
        raise InvalidGrant(detail="the grant was revoked")
    return make_tokens(provider, issuer, client, tx, grant, request)
