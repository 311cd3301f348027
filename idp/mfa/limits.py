"""How often something may be done in a stretch of time, counted in the database for every worker together."""

import math
from datetime import datetime, timedelta

from sqlalchemy import case, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.mfa.tables import RateBucket


def account_key(person_id: int) -> str:
    """The counter of an account's wrong answers, of every kind."""
    return f"wrong:{person_id}"


def count(tx: Transaction, key: str, window: timedelta, by: int = 1) -> int:
    """Counts once more under ``key`` and returns the number of this window, which began with the first.

    Of many at once each gets a number of its own, so that exactly the first N pass a limit of N.
    """
    number = _add(tx, key, window, by)
    if number is None:
        try:
            with tx.savepoint():
                tx.session.add(RateBucket(key=key, started_at=tx.now, count=by, over_at=tx.now + window))
                tx.session.flush()
            return by
        except IntegrityError:  # another request has just made it
            number = _add(tx, key, window, by)
    return number or by


def counted(session: Session, key: str, now: datetime) -> int:
    """The number so far in the window that is open."""
    return session.scalar(select(RateBucket.count).where(RateBucket.key == key, RateBucket.over_at > now)) or 0


def seconds_left(session: Session, key: str, now: datetime) -> int:
    """How long the window that is open lasts, in whole seconds, at least one."""
    over = session.scalar(select(RateBucket.over_at).where(RateBucket.key == key))
    return max(1, math.ceil((over - now).total_seconds())) if over is not None else 1


def clear(tx: Transaction, key: str) -> None:
    """Begins anew."""
    tx.session.execute(delete(RateBucket).where(RateBucket.key == key).execution_options(synchronize_session="fetch"))


def _add(tx: Transaction, key: str, window: timedelta, by: int) -> int | None:
    over = RateBucket.over_at <= tx.now
    adding = (
        update(RateBucket)
        .where(RateBucket.key == key)
        .values(
            count=case((over, by), else_=RateBucket.count + by),
            started_at=case((over, tx.now), else_=RateBucket.started_at),
            over_at=case((over, tx.now + window), else_=RateBucket.over_at),
        )
        .returning(RateBucket.count)
        .execution_options(synchronize_session=False)
    )
    return tx.session.scalar(adding)
