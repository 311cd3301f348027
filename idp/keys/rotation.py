"""Making, rotating and retiring keys."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.crypto.envelope import Envelope
from idp.keys.adoption import in_devices
from idp.keys.errors import DeviceKeysUsedUp, KeyNotRetirable, NoSuchKey
from idp.keys.sealing import check_master, new_secret, new_token_key
from idp.keys.states import KEY_SETS, Purpose, State, state
from idp.keys.tables import Key

ALGORITHMS = tuple(algorithm for group in KEY_SETS.values() for algorithm in group)

# Secrets that can change at any moment: what an older one sealed names it and still opens. The other secrets are bound into
# stored indexes and subjects, so changing one means rewriting them.
RENEWABLE = (Purpose.SEAL, Purpose.AUTHORITY, Purpose.PASSWORD, Purpose.AUDIT, Purpose.WEB)

# Before a key signs cookies every server has to have read it: twice as long as one goes on with what it has read.
ANNOUNCED = timedelta(seconds=10)


def missing_secrets(session: Session, master: Envelope, now: datetime) -> list[Key]:
    """A secret for every purpose that has none: all of them in a new installation, those of a newer version in an old one.

    The journal's own key is among them, so nothing can be recorded before they are.
    """
    there = set(session.scalars(select(Key.purpose).distinct()))
    return [new_secret(master, purpose, now) for purpose in Purpose if purpose is not Purpose.TOKEN and purpose not in there]


def lacking(keys: Collection[Key], now: datetime, *, spares: bool = True, in_device: Collection[str] = ()) -> list[str]:
    """The algorithms that lack their active key, and with ``spares`` those that lack their next one: twice what lacks both.

    After an active key that is ``in_device`` (ids) no other is made: the next one is for a person to choose.
    """
    missing = []
    for algorithm in ALGORITHMS:
        mine = [key for key in keys if key.purpose == Purpose.TOKEN and key.algorithm == algorithm]
        have = {state(key, now) for key in mine}
        missing += [algorithm] * (State.ACTIVE not in have)
        missing += [algorithm] * (spares and State.NEXT not in have and not _sign_in_device(mine, in_device, now))
    return missing


def prepare(master: Envelope, algorithms: Iterable[str], now: datetime) -> list[Key]:
    """Keys for :func:`complete`, made before its transaction begins: an RSA key takes half a second, in which others may write."""
    return [new_token_key(master, algorithm, now) for algorithm in algorithms]


def complete(tx: Transaction, master: Envelope, prepared: Iterable[Key] = (), *, spares: bool = True) -> list[Key]:
    """Gives every token algorithm its active key and (with ``spares``) its next one, where they are missing; returns those it
    made. What is ``prepared`` is used first, and forgotten where another process has been quicker.
    """
    tx.serialise()
    ready: dict[str, list[Key]] = {}
    for key in prepared:
        ready.setdefault(key.algorithm, []).append(key)

    def take(algorithm: str) -> Key:
        waiting = ready.get(algorithm)
        return _add(tx, waiting.pop() if waiting else new_token_key(master, algorithm, tx.now))

    made = []
    for algorithm in ALGORITHMS:
        keys = _token_keys(tx, algorithm)
        have = [state(key, tx.now) for key in keys]
        if State.ACTIVE not in have:
            made.append(take(algorithm))
            made[-1].activated_at = tx.now
        if spares and State.NEXT not in have and not _sign_in_device(keys, in_devices(tx.session, keys), tx.now):
            made.append(take(algorithm))
    return made


def rotate(tx: Transaction, master: Envelope, algorithm: str, *, publish_ahead: timedelta, in_software: bool = False) -> Key:
    """Puts the next key of ``algorithm`` in the active one's place, and makes a new next one; returns the one that takes over.

    The next key has been in the published set since it was made. It takes over once that is ``publish_ahead`` ago, so that
    every app has seen it: at once, as a rule, and later only after two rotations in quick succession.

    Where keys live in a device the next is another of a device, and none is made here: with none left it raises
    :class:`DeviceKeysUsedUp`, unless the way back to a key ``in_software`` is meant.
    """
    keys = _token_keys(tx, algorithm)
    waiting = [key for key in keys if key.activated_at is None]
    current = [key for key in keys if key.activated_at is not None and key.retired_at is None]
    in_device = in_devices(tx.session, keys)
    if in_software:
        for key in [key for key in waiting if key.kid in in_device]:
            _withdraw(tx, key)
            waiting.remove(key)
    elif not waiting and (stuck := [key for key in current if key.kid in in_device]):
        raise DeviceKeysUsedUp(key_id=stuck[0].kid)
    successor = waiting[0] if waiting else _add(tx, new_token_key(master, algorithm, tx.now))
    successor.activated_at = max(tx.now, successor.created_at + publish_ahead)
    for key in current:
        key.retired_at = successor.activated_at
    if len(waiting) <= 1 and successor.kid not in in_device:
        _add(tx, new_token_key(master, algorithm, tx.now))
    tx.record(Action.KEY_ROTATED, subject=f"key:{successor.kid}", detail={"algorithm": algorithm})
    return successor


def renew_secret(tx: Transaction, master: Envelope, purpose: Purpose, *, at_once: bool = False) -> Key:
    """A new secret for ``purpose``, used for everything from now on; what older ones sealed still opens. One for cookies signs some
    seconds later, when every server knows it, unless it has to be ``at_once``.
    """
    if purpose not in RENEWABLE:
        raise KeyNotRetirable(key_id=purpose.value)
    tx.session.execute(
        update(Key).where(Key.purpose == purpose.value, Key.retired_at.is_(None)).values(retired_at=tx.now),
        execution_options={"synchronize_session": False},
    )
    key = _add(tx, new_secret(master, purpose, tx.now))
    if purpose is Purpose.WEB and not at_once:
        key.activated_at = tx.now + ANNOUNCED
    return key


def retire(tx: Transaction, master: Envelope, kid: str) -> Key:
    """Withdraws a token key at once, for a key that may be in wrong hands: tokens signed with it no longer verify.

    If it was the active one the next takes over now, seen by all apps or not. Raises :class:`NoSuchKey`, or
    :class:`KeyNotRetirable` for a key that protects stored data.
    """
    key = tx.session.get(Key, kid)
    if key is None:
        raise NoSuchKey(key_id=kid)
    if key.purpose != Purpose.TOKEN:
        raise KeyNotRetirable(key_id=kid)
    was_active = state(key, tx.now) is State.ACTIVE
    key.withdrawn_at = tx.now
    key.retired_at = key.retired_at or tx.now
    if was_active:
        try:
            rotate(tx, master, key.algorithm, publish_ahead=timedelta(0))
        except DeviceKeysUsedUp:  # somebody has to sign
            rotate(tx, master, key.algorithm, publish_ahead=timedelta(0), in_software=True)
    else:
        complete(tx, master)
    tx.record(Action.KEY_RETIRED, subject=f"key:{kid}", detail={"algorithm": key.algorithm})
    return key


def listed(tx: Transaction) -> Sequence[Key]:
    """Every key, oldest first."""
    return tx.session.scalars(select(Key).order_by(Key.created_at, Key.kid)).all()


def _token_keys(tx: Transaction, algorithm: str) -> Sequence[Key]:
    mine = select(Key).where(Key.purpose == Purpose.TOKEN.value, Key.algorithm == algorithm, Key.withdrawn_at.is_(None))
    return tx.session.scalars(mine.order_by(Key.created_at).with_for_update()).all()


def _sign_in_device(keys: Iterable[Key], in_device: Collection[str], now: datetime) -> bool:
    return any(key.kid in in_device and state(key, now) is State.ACTIVE for key in keys)


def _withdraw(tx: Transaction, key: Key) -> None:
    key.withdrawn_at = tx.now
    tx.record(Action.KEY_RETIRED, subject=f"key:{key.kid}", detail={"algorithm": key.algorithm})


def _add(tx: Transaction, key: Key) -> Key:
    tx.serialise()
    check_master(tx.session, key)
    tx.session.add(key)
    tx.record(Action.KEY_CREATED, subject=f"key:{key.kid}", detail={"purpose": key.purpose, "algorithm": key.algorithm})
    return key
