"""Keeping the tables of short-lived rows small: what is over goes, in small batches, while the server runs."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import InstrumentedAttribute

from idp.deployment import SYSTEM, Deployment
from idp.login import flow, throttle
from idp.login.tables import BrowserSession, SignInFlow, Throttle
from idp.oidc.authorize import pending
from idp.oidc.tables import (
    AccessToken,
    AuthorizationCode,
    AuthorizationRequest,
    ClientAssertion,
    Grant,
    PushedRequest,
    RefreshToken,
)

log = logging.getLogger("yima.housekeeping")

BATCH = 500
EVERY_SECONDS = 60.0

# A spent code or token has to be known for as long as somebody might replay it to any effect.
REPLAY_MEMORY = timedelta(days=1)

# For each table: its key, the column that says when a row is over, and how long after that it goes.
RULES: tuple[tuple[InstrumentedAttribute[str], InstrumentedAttribute[datetime], timedelta], ...] = (
    (AccessToken.token_hash, AccessToken.expires_at, timedelta(0)),
    (AuthorizationCode.code_hash, AuthorizationCode.expires_at, REPLAY_MEMORY),
    (RefreshToken.token_hash, RefreshToken.expires_at, timedelta(0)),
    (PushedRequest.handle_hash, PushedRequest.expires_at, timedelta(0)),
    (ClientAssertion.id, ClientAssertion.expires_at, timedelta(0)),
    (AuthorizationRequest.id, AuthorizationRequest.created_at, pending.LIFETIME),
    (SignInFlow.id, SignInFlow.created_at, flow.LIFETIME),
)


def purge(deployment: Deployment) -> int:
    """Removes what is over; returns how many rows that were. A transaction for each batch, so that nobody waits for it."""
    now = deployment.clock.now()
    settings = deployment.settings
    rules = (
        *RULES,
        # A session, or a family of tokens, that cannot be alive any more whatever happened to it.
        (BrowserSession.sid, BrowserSession.created_at, timedelta(seconds=settings.session_absolute) + REPLAY_MEMORY),
        (Grant.id, Grant.created_at, timedelta(seconds=settings.refresh_token_absolute) + REPLAY_MEMORY),
    )
    removed = sum(_purge(deployment, key, column, now - kept) for key, column, kept in rules)
    return removed + _purge(deployment, Throttle.key, Throttle.failed_at, throttle.oldest_worth_keeping(now))


def start(deployment: Deployment) -> Callable[[], None]:
    """Purges every minute in a thread of its own until the returned function is called."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(EVERY_SECONDS):
            try:
                purge(deployment)
            except Exception:
                log.exception("housekeeping failed")

    threading.Thread(target=run, name="housekeeping", daemon=True).start()
    return stop.set


def _purge(deployment: Deployment, key: InstrumentedAttribute[str], over: InstrumentedAttribute[datetime], before: datetime) -> int:
    removed = 0
    while True:
        with deployment.transaction(SYSTEM) as tx:
            doomed = tx.session.scalars(select(key).where(over < before).limit(BATCH)).all()
            if doomed:
                tx.session.execute(delete(key.class_).where(key.in_(doomed)).execution_options(synchronize_session=False))
        removed += len(doomed)
        if len(doomed) < BATCH:
            return removed
