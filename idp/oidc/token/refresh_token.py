"""The refresh token grant (RFC 6749 §6), each token used once and replaced (RFC 9700 §4.14.2)."""

from sqlalchemy import update

from idp.audit import Action, Actor, Transaction
from idp.database.compare_and_set import compare_and_set
from idp.oidc import families
from idp.oidc.clients.client import Client
from idp.oidc.errors import InvalidGrant, InvalidScope
from idp.oidc.issuer import Issuer
from idp.oidc.parameters import required
from idp.oidc.provider import Provider
from idp.oidc.tables import Grant, RefreshToken
from idp.oidc.token.answer import TokenAnswer
from idp.oidc.token.personal import make_tokens
from idp.oidc.token.token_request import TokenRequest
from idp.oidc.token_hash import digest
from idp.release.scopes import split


class RefreshTokenReplayed(InvalidGrant):
    """The token was used before: two parties hold it, and one of them is a thief."""


def exchange(provider: Provider, issuer: Issuer, client: Client, request: TokenRequest) -> TokenAnswer:
    """Spends the refresh token for a new set. Raises :class:`InvalidGrant`, or :class:`InvalidScope` for more than was granted."""
    text = required(request.parameters, "refresh_token")
    with provider.deployment.transaction(Actor("app", client.id, request.address)) as tx:
        row = tx.session.get(RefreshToken, digest(text))
        grant = tx.session.get(Grant, row.grant_id) if row is not None else None
        if row is None or grant is None or grant.client_id != client.id:
            raise InvalidGrant(detail="unknown refresh token, or another client's")
        # RFC 9449 §5, RFC 8705 §7.1: a public client's refresh token is bound to its key; others by their authentication.
        if row.cnf is not None and row.cnf != request.cnf:
            raise InvalidGrant(detail="another key")
        scope = _scope(grant, request.parameters.get("scope"))
        if client.policy.profile == "fapi2":
            # FAPI 2.0 §5.3.2.1: no rotation, because a lost answer would lock the app out; the token is worth nothing without
            # the app's own key.
            _check_alive(row, grant, tx)
            return make_tokens(provider, issuer, client, tx, grant, request, scope=scope, renewable=False)
        try:
            _spend(tx, row)
        except RefreshTokenReplayed as error:
            # RFC 9700 §4.14.2: we cannot tell the thief from the owner, so neither goes on.
            families.revoke(tx, grant.id)
            tx.record(Action.REFRESH_TOKEN_REPLAYED, subject=f"app:{client.id}", institution=client.owner, outcome="failure")
            replayed: RefreshTokenReplayed = error
        else:
            _check_alive(row, grant, tx)
            return make_tokens(provider, issuer, client, tx, grant, request, scope=scope)
    raise replayed


def _check_alive(row: RefreshToken, grant: Grant, tx: Transaction) -> None:
    if row.expires_at <= tx.now or grant.revoked_at is not None:
        raise InvalidGrant(detail="the refresh token has expired or was revoked")


def _scope(grant: Grant, wanted: str | None) -> str:
    """RFC 6749 §6: what was granted, or less."""
    if wanted is None:
        return grant.scope
    if not set(split(wanted)) <= set(grant.scope.split()):
        raise InvalidScope
    return wanted


def _spend(tx: Transaction, row: RefreshToken) -> None:
    spending = (
        update(RefreshToken)
        .where(RefreshToken.token_hash == row.token_hash, RefreshToken.spent_at.is_(None))
        .values(spent_at=tx.now)
    )
    if not compare_and_set(tx.session, spending):
        raise RefreshTokenReplayed(detail="refresh token used twice")
