"""Requests that wait while the person signs in or decides. A row, bound to one browser, spent once."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.database.compare_and_set import compare_and_set
from idp.oidc.errors import RequestLost
from idp.oidc.tables import AuthorizationRequest
from idp.oidc.token_hash import digest

LIFETIME = timedelta(minutes=30)

_INSERT = insert(AuthorizationRequest)
_FIND = select(
    AuthorizationRequest.issuer,
    AuthorizationRequest.parameters,
    AuthorizationRequest.browser_hash,
    AuthorizationRequest.created_at,
).where(AuthorizationRequest.id == bindparam("request"))


@dataclass(frozen=True)
class Pending:
    """A waiting request: its parameters, and since when it waits."""

    id: str
    parameters: dict[str, str]
    since: datetime


def keep(tx: Transaction, issuer: str, parameters: dict[str, str], browser: str) -> Pending:
    """Keeps a request that has passed every check."""
    kept = Pending(secrets.token_urlsafe(24), parameters, tx.now)
    row = {"id": kept.id, "issuer": issuer, "parameters": parameters, "browser_hash": digest(browser), "created_at": tx.now}
    tx.session.connection().execute(_INSERT, row)
    return kept


def find(session: Session, issuer: str, request_id: str, browser: str, now: datetime) -> Pending:
    """The request, if this browser made it at this issuer and it still waits. Raises :class:`RequestLost`."""
    row = session.execute(_FIND, {"request": request_id[:64]}).one_or_none()
    if row is None or row.issuer != issuer or row.created_at + LIFETIME < now:
        raise RequestLost
    if not secrets.compare_digest(row.browser_hash, digest(browser)):
        raise RequestLost(detail="another browser")
    return Pending(request_id[:64], dict(row.parameters), row.created_at)


def spend(tx: Transaction, pending: Pending) -> None:
    """Takes the request out: it is answered now. Of two tries at once, one gets :class:`RequestLost`."""
    removal = delete(AuthorizationRequest).where(AuthorizationRequest.id == pending.id)
    if not compare_and_set(tx.session, removal):
        raise RequestLost
