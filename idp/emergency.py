"""When a key is in wrong hands: it goes at once, another takes over, and what was opened or signed with it ends with it.

Here rather than in the ring, because a key's certificate and people's sessions go with it.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from idp.audit import Action, Actor, Transaction
from idp.certification.tokens import keys as token_keys
from idp.deployment import Deployment
from idp.keys import adoption, rotation, schedule
from idp.keys.errors import KeyNotRevocable, NoSuchKey
from idp.keys.states import TOKEN_ALGORITHMS, Purpose, State, state
from idp.keys.tables import Key
from idp.login import sessions
from idp.login.errors import NoSuchSession
from idp.login.sessions import Ending
from idp.login.tables import BrowserSession
from idp.oidc import families

log = logging.getLogger("yima.keys")

BATCH = 200


@dataclass(frozen=True, slots=True)
class Revoked:
    """What was done about one key: which takes its place, and the serial number of its certificate that was revoked with it."""

    kid: str
    purpose: str
    successor: str
    certificate: str | None


def revoke_key(tx: Transaction, deployment: Deployment, kid: str, reason: str) -> Revoked:
    """Takes a key out of use at once. A token key is withdrawn: what it signed no longer verifies, and its certificate is revoked
    (``keyCompromise``). A secret is renewed: what the old one sealed is to be sealed anew, and then the old one destroyed.

    ``reason`` stands in the journal. Raises :class:`NoSuchKey`, or :class:`KeyNotRevocable` for what cannot change.
    """
    tx.serialise()
    key = tx.session.get(Key, kid, populate_existing=True)
    if key is None:
        raise NoSuchKey(key_id=kid[:64])
    certificate = None
    if key.purpose == Purpose.TOKEN:
        if state(key, tx.now) is not State.WITHDRAWN:
            rotation.retire(tx, deployment.master, kid)
        certificate = token_keys.revoke_certificate(tx, key)
        what = key.algorithm
    elif key.purpose in rotation.RENEWABLE:
        newest = _in_use(tx, key.purpose)
        if newest is None or newest.kid == kid:
            rotation.renew_secret(tx, deployment.master, Purpose(key.purpose), at_once=True)
        if key.purpose == Purpose.WEB:  # cookies that were signed with it are not believed any more
            key.withdrawn_at = key.withdrawn_at or tx.now
            tx.session.flush()
        what = key.purpose
    else:
        raise KeyNotRevocable(key_id=kid, purpose=key.purpose)
    successor = _in_use(tx, what)
    done = Revoked(kid, key.purpose, successor.kid if successor is not None else "", certificate)
    detail = {"purpose": done.purpose, "successor": done.successor, "certificate": done.certificate, "reason": reason}
    tx.record(Action.KEY_REVOKED, subject=f"key:{kid}", detail=detail)
    log.warning("the key %s is revoked, %s takes its place", kid, done.successor)
    return done


def revoke_all(tx: Transaction, deployment: Deployment, reason: str) -> list[Revoked]:
    """The same for every key that a copy of this machine holds: those that sign tokens, those that wait to, and every secret that
    can change. Keys in devices stay, and so does the one for SAML, whose metadata has to travel first.
    """
    tx.serialise()
    rows = tx.session.scalars(select(Key).order_by(Key.created_at, Key.kid).execution_options(populate_existing=True)).all()
    elsewhere = set(adoption.in_devices(tx.session, rows))
    ours = [row for row in rows if row.kid not in elsewhere and state(row, tx.now) is not State.WITHDRAWN]
    tokens = {algorithm for names in TOKEN_ALGORITHMS.values() for algorithm in names}
    # Those that wait go first, so that none of them takes over.
    signing = sorted((row for row in ours if row.algorithm in tokens), key=lambda row: state(row, tx.now) is not State.NEXT)
    secrets = [row for purpose in rotation.RENEWABLE if (row := schedule.in_use(ours, purpose.value, tx.now)) is not None]
    return [revoke_key(tx, deployment, row.kid, reason) for row in [*signing, *secrets]]


def end_sessions(
    deployment: Deployment,
    actor: Actor,
    since: datetime,
    endings: Sequence[Ending],
    tell: Callable[[int], None] = lambda _: None,
) -> tuple[int, int]:
    """Ends every session that began at ``since`` or later, and every family of tokens that was given since; returns how many those
    were. Each session in a transaction of its own, as when its person ends it: apps are told.
    """
    ended = families_ended = 0
    begun = select(BrowserSession.person_id, BrowserSession.sid).where(
        BrowserSession.ended_at.is_(None), BrowserSession.created_at >= since
    )
    while True:
        with deployment.reading() as session:
            rows = session.execute(begun.limit(BATCH)).all()
        if not rows:
            break
        for person_id, sid in rows:
            with suppress(NoSuchSession), deployment.transaction(actor) as tx:  # its person has just ended it
                sessions.end(tx, person_id, sid, endings)
                ended += 1
        tell(len(rows))
    while True:
        with deployment.transaction(actor) as tx:
            count = families.revoke_since(tx, since, BATCH)
        families_ended += count
        if count < BATCH:
            break
    with deployment.transaction(actor) as tx:
        detail = {"since": since.isoformat(), "sessions": ended, "families": families_ended}
        tx.record(Action.SESSIONS_ENDED, subject="keys:emergency", detail=detail)
    return ended, families_ended


def _in_use(tx: Transaction, what: str) -> Key | None:
    rows = tx.session.scalars(select(Key).execution_options(populate_existing=True)).all()
    return schedule.in_use(rows, what, tx.now)
