"""Destroying keys that nothing needs any more. What was sealed under one is then gone for good, in this database."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from idp.audit import Action, Transaction
from idp.crypto import passwords
from idp.keys.errors import KeyInUse, KeyKeptForever, KeyStillNeeded, NoSuchKey
from idp.keys.places import Place
from idp.keys.sealing import SEALING
from idp.keys.states import Purpose, is_published
from idp.keys.tables import Key

# Our policy: by then every server has read the ring anew, and what it began with the key before has ended.
SETTLED = timedelta(minutes=1)
# No cookie that is signed with a key is kept for longer.
COOKIES_LIVE = timedelta(days=366)


def made_by(session: Session, verifier: InstrumentedAttribute[str], kid: str) -> int:
    """How many password verifiers were made under the key ``kid``. Only a sign-in makes one anew."""
    named = verifier.startswith(f"{passwords.VERSION}${kid}$", autoescape=True)
    return session.scalar(select(func.count()).where(named)) or 0


def destroy(
    tx: Transaction, places: Sequence[Place], verifier: InstrumentedAttribute[str], kid: str, *, longest_token: timedelta
) -> Key:
    """Takes the key out of the ring for good. ``places`` are all there are, ``verifier`` the column of password verifiers.

    Raises :class:`NoSuchKey`, :class:`KeyInUse`, :class:`KeyStillNeeded`, :class:`KeyKeptForever`.
    """
    tx.serialise()
    key = tx.session.get(Key, kid)
    if key is None:
        raise NoSuchKey(key_id=kid[:64])
    if key.purpose == Purpose.TOKEN:
        if key.retired_at is None or is_published(key, tx.now, longest_token):
            raise KeyInUse(key_id=kid)
    elif key.purpose == Purpose.WEB:
        if key.withdrawn_at is None and (key.retired_at is None or key.retired_at > tx.now - COOKIES_LIVE):
            raise KeyInUse(key_id=kid)
    elif key.purpose in (*SEALING, Purpose.PASSWORD):
        newest = select(Key).where(Key.purpose == key.purpose).order_by(Key.created_at.desc(), Key.kid).limit(1)
        successor = tx.session.scalars(newest).one()
        if successor.created_at <= key.created_at or successor.created_at > tx.now - SETTLED:
            raise KeyInUse(key_id=kid)
        _check_unneeded(tx.session, places, verifier, key)
    else:
        raise KeyKeptForever(key_id=kid)
    tx.session.execute(delete(Key).where(Key.kid == kid))
    tx.record(Action.KEY_DESTROYED, subject=f"key:{kid}", detail={"purpose": key.purpose, "algorithm": key.algorithm})
    return key


def _check_unneeded(session: Session, places: Sequence[Place], verifier: InstrumentedAttribute[str], key: Key) -> None:
    if key.purpose == Purpose.PASSWORD:
        needed = {verifier.key: made_by(session, verifier, key.kid)}
    else:
        needed = {place.name: place.count(session, key.kid)[0] for place in places}
    if total := sum(needed.values()):
        raise KeyStillNeeded(key_id=key.kid, count=total, where=", ".join(name for name, count in needed.items() if count))
