"""Families: everything that came of one authorization, and ending it all at once."""

from datetime import datetime

from sqlalchemy import ColumnElement, select, update

from idp.audit import Transaction
from idp.oidc.tables import Grant


def revoke(tx: Transaction, grant_id: str) -> None:
    """Ends one family: its code, refresh tokens and access tokens no longer work."""
    _revoke(tx, Grant.id == grant_id)


def revoke_of_app(tx: Transaction, client_id: str, person_id: int) -> None:
    """Ends all families of an app for a person."""
    _revoke(tx, Grant.client_id == client_id, Grant.person_id == person_id)


def revoke_all_of_app(tx: Transaction, client_id: str) -> None:
    """Ends all families of an app: it is gone."""
    _revoke(tx, Grant.client_id == client_id)


def revoke_of_person(tx: Transaction, person_id: int) -> None:
    """Ends all families of a person, what was given for longer than a session among them."""
    _revoke(tx, Grant.person_id == person_id)


def revoke_since(tx: Transaction, since: datetime, limit: int) -> int:
    """Ends at most ``limit`` families that began at ``since`` or later; returns how many."""
    mine = select(Grant.id).where(Grant.created_at >= since, Grant.revoked_at.is_(None)).limit(limit)
    found = tx.session.scalars(mine).all()
    _revoke(tx, Grant.id.in_(found))
    return len(found)


def end_with_session(tx: Transaction, sid: str) -> None:
    """Ends what was given for the time of a session; what the person gave for longer (``offline_access``) stays."""
    rows = tx.session.execute(select(Grant.id, Grant.scope).where(Grant.sid == sid, Grant.revoked_at.is_(None))).all()
    bound = [row.id for row in rows if "offline_access" not in row.scope.split()]
    if bound:
        _revoke(tx, Grant.id.in_(bound))


def _revoke(tx: Transaction, *which: ColumnElement[bool]) -> None:
    tx.session.execute(
        update(Grant)
        .where(*which, Grant.revoked_at.is_(None))
        .values(revoked_at=tx.now)
        .execution_options(synchronize_session=False)
    )
