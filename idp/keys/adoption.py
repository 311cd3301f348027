"""Taking keys of a device into use: each for one thing only, and for ever known by its public half."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.crypto.devices.reference import KeyReference
from idp.crypto.devices.signer import SdfSigner
from idp.crypto.envelope import Envelope
from idp.keys.errors import DeviceKeyInUse
from idp.keys.sealing import check_master, device_token_key
from idp.keys.states import Purpose
from idp.keys.tables import DeviceKey, Key

OVER = "over"  # what it was for has another key now


def adopt(tx: Transaction, signer: SdfSigner, purpose: str) -> DeviceKey:
    """Writes down what a key is used for. Raises :class:`DeviceKeyInUse` for one that is or was in use, whatever for."""
    tx.serialise()
    if tx.session.get(DeviceKey, signer.kid) is not None:
        raise DeviceKeyInUse(key=signer.reference)
    row = DeviceKey(kid=signer.kid, reference=str(signer.reference), purpose=purpose, adopted_at=tx.now)
    tx.session.add(row)
    tx.session.flush()
    tx.record(Action.KEY_ADOPTED, subject=f"key:{row.kid}", detail={"purpose": purpose, "device": row.reference})
    return row


def adopt_token_keys(tx: Transaction, master: Envelope, signers: Sequence[SdfSigner]) -> list[Key]:
    """Makes keys of a device the next ones to sign tokens, in their order; published from now on like any other that waits.

    A software key that waits is withdrawn: it has signed nothing. The active one goes on until the next rotation.
    Raises :class:`DeviceKeyInUse`.
    """
    made = []
    for number, signer in enumerate(signers):
        adopt(tx, signer, Purpose.TOKEN.value)
        # The order they are used in is the order they were made in.
        made.append(device_token_key(master, signer, tx.now + timedelta(microseconds=number)))
    waiting = select(Key).where(
        Key.purpose == Purpose.TOKEN.value,
        Key.algorithm.in_({key.algorithm for key in made}),
        Key.activated_at.is_(None),
        Key.withdrawn_at.is_(None),
        Key.kid.not_in(select(DeviceKey.kid)),
    )
    for key in tx.session.scalars(waiting.with_for_update()):
        key.withdrawn_at = tx.now
        tx.record(Action.KEY_RETIRED, subject=f"key:{key.kid}", detail={"algorithm": key.algorithm})
    for key in made:
        check_master(tx.session, key)
    tx.session.add_all(made)
    tx.session.flush()
    return made


def leave(tx: Transaction, kid: str) -> None:
    """Notes that nothing is signed with a key any more; one that lives in no device is passed over."""
    row = tx.session.get(DeviceKey, kid)
    if row is not None:
        row.purpose = OVER


def place(session: Session, kid: str) -> str | None:
    """Where a key lives, ``sdf:LABEL#INDEX``; nothing for one in the database."""
    row = session.get(DeviceKey, kid)
    return row.reference if row is not None else None


def places(session: Session) -> Mapping[str, KeyReference]:
    """Where keys live that are not in the database, by their id."""
    return {row.kid: KeyReference.parse(row.reference) for row in session.scalars(select(DeviceKey))}


def listed(session: Session) -> Sequence[DeviceKey]:
    """Every key of a device that was ever taken into use, in that order."""
    return session.scalars(select(DeviceKey).order_by(DeviceKey.adopted_at, DeviceKey.reference)).all()


def in_devices(session: Session, keys: Iterable[Key]) -> Collection[str]:
    """The ids of those keys that live in a device."""
    kids = [key.kid for key in keys]
    return set(session.scalars(select(DeviceKey.kid).where(DeviceKey.kid.in_(kids)))) if kids else set()
