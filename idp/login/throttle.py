"""Slowing a guesser down without locking anyone out (see ``docs/decisions/0005``).

Failures are counted for an account *from a network*, and for the network alone with a limit wide enough for a whole school
behind one address. A browser that has signed in to the account before is counted by itself and by nothing else: strangers,
however many, cannot make it wait. An account that does not exist is counted like one that does.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.crypto import sm3
from idp.login.errors import TooManyTries
from idp.login.tables import Throttle

_RETRY_AT = select(Throttle.retry_at).where(Throttle.key.in_(bindparam("keys", expanding=True)))


@dataclass(frozen=True)
class Bucket:
    """A counter: ``free`` failures cost nothing, each one after that doubles the wait up to ``longest``."""

    key: str
    free: int
    longest: timedelta
    forgotten_after: timedelta


def buckets(purpose: str, account: str, network: str, known_browser: str | None) -> list[Bucket]:
    """The counters that a try falls into."""
    account = account.strip().casefold()
    if known_browser:
        return [Bucket(_key(purpose, "known", account, known_browser), 10, timedelta(minutes=5), timedelta(hours=12))]
    return [
        Bucket(_key(purpose, "pair", account, network), 5, timedelta(minutes=15), timedelta(hours=12)),
        *of_network(purpose, network),
    ]


def of_network(purpose: str, network: str) -> list[Bucket]:
    """The counter of a network alone, for tries at which no account is named."""
    return [Bucket(_key(purpose, "network", network), 200, timedelta(minutes=1), timedelta(hours=1))]


def check(session: Session, counters: list[Bucket], now: datetime) -> bool:
    """Raises :class:`TooManyTries` while a counter makes the next try wait; otherwise tells whether any has counted a failure."""
    times = session.scalars(_RETRY_AT, {"keys": [bucket.key for bucket in counters]}).all()
    until = max(times, default=now)
    if until > now:
        raise TooManyTries(seconds=ceil((until - now).total_seconds()))
    return bool(times)


def count_failure(tx: Transaction, counters: list[Bucket]) -> None:
    """One failure more in each counter."""
    for bucket in counters:
        row = tx.session.get(Throttle, bucket.key, populate_existing=True)
        if row is None:
            try:
                with tx.session.begin_nested():
                    tx.session.add(Throttle(key=bucket.key, failures=0, retry_at=tx.now, failed_at=tx.now))
            except IntegrityError:  # another request has just made it
                pass
        fresh = row is None or row.failed_at + bucket.forgotten_after < tx.now
        failures = 1 if fresh or row is None else row.failures + 1
        tx.session.execute(
            update(Throttle)
            .where(Throttle.key == bucket.key)
            .values(
                failures=failures if fresh else Throttle.failures + 1,
                retry_at=tx.now + _wait(bucket, failures),
                failed_at=tx.now,
            )
            .execution_options(synchronize_session=False)
        )


def clear(tx: Transaction, counters: list[Bucket]) -> None:
    """Forgets the failures that this account had from here; those of the network stay."""
    for bucket in counters:
        if bucket.free < 100:
            tx.session.execute(
                update(Throttle)
                .where(Throttle.key == bucket.key)
                .values(failures=0, retry_at=tx.now)
                .execution_options(synchronize_session=False)
            )


def oldest_worth_keeping(now: datetime) -> datetime:
    """Rows that last counted something before this are forgotten by every counter."""
    return now - timedelta(hours=12)


def _wait(bucket: Bucket, failures: int) -> timedelta:
    over = failures - bucket.free
    return min(timedelta(seconds=2 ** min(over, 20)), bucket.longest) if over > 0 else timedelta(0)


def _key(*parts: str) -> str:
    # A digest: what people type into the account field can be anything, a password among it.
    return sm3.digest("\x00".join(parts).encode("utf-8", "replace")).hex()
