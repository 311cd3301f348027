"""The server's half of a key: made with the phone, kept sealed, found by name."""

import secrets

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.crypto import engines
from idp.crypto.cosign import keygen
from idp.crypto.cosign.encoding import read_digest, read_point, write_point
from idp.crypto.cosign.keygen import Offer, Opening
from idp.crypto.cosign.transcript import PROFILE
from idp.database.compare_and_set import compare_and_set
from idp.keys import Vault
from idp.mfa.factor import HELD, State
from idp.mfa.factors.cosign.tables import CosignKey
from idp.mfa.tables import Credential


def begin(tx: Transaction, vault: Vault, credential: Credential, session: str, commitment: str, device: str) -> Offer:
    """Makes the server's share for a phone that has committed. ``session`` is the set-up's name, in every proof."""
    offer = keygen.offer(engines.current().arithmetic, session, read_digest(commitment))
    row = CosignKey(
        credential_id=credential.id,
        profile=PROFILE,
        device_point=device,
        commitment=commitment,
        share_sealed=vault.seal(offer.share.hex(), context=share_context(credential.id)),
        refreshed_at=tx.now,
    )
    tx.session.add(row)
    tx.session.flush()
    return offer


def accept(tx: Transaction, vault: Vault, credential: Credential, key: CosignKey, session: str, opening: Opening) -> str:
    """Takes the phone's half, checked against its commitment, and names the key. Returns the name.

    Raises ``InvalidProof`` or ``InvalidKey``. Repeating it with the same opening gives the same name.
    """
    if credential.handle is not None and key.joint_point == write_point(opening.joint):
        return credential.handle
    keygen.accept(engines.current().arithmetic, share_of(vault, key), session, read_digest(key.commitment), opening)
    key.phone_point, key.joint_point = write_point(opening.point), write_point(opening.joint)
    credential.handle = secrets.token_urlsafe(16)
    tx.session.flush()
    return credential.handle


def find(session: Session, kid: str, *, locking: bool = False) -> tuple[Credential, CosignKey] | None:
    """The credential and the key of this name, unless it is revoked.

    ``locking`` makes whoever else asks so wait: wrong answers at once are counted one after another.
    """
    wanted = (
        select(Credential, CosignKey)
        .join(CosignKey, CosignKey.credential_id == Credential.id)
        .where(Credential.handle == kid, Credential.state.in_((State.PENDING, *HELD)), CosignKey.joint_point.is_not(None))
        .execution_options(populate_existing=True)
    )
    row = session.execute(wanted.with_for_update() if locking else wanted).one_or_none()
    return (row[0], row[1]) if row is not None else None


def take_sequence(tx: Transaction, key: CosignKey, sequence: int) -> bool:
    """Whether this message of the phone comes after every earlier one: a copy of it never does."""
    later = update(CosignKey).where(CosignKey.credential_id == key.credential_id, CosignKey.sequence < sequence)
    return compare_and_set(tx.session, later.values(sequence=sequence))


def share_of(vault: Vault, key: CosignKey) -> bytes:
    """d2."""
    return bytes.fromhex(vault.open(key.share_sealed, context=share_context(key.credential_id)))


def joint_of(key: CosignKey) -> bytes:
    """The joint key, x‖y."""
    return read_point(key.joint_point or "")


def phone_point_of(key: CosignKey) -> bytes:
    """The point of the phone's share, x‖y."""
    return read_point(key.phone_point or "")


def share_context(credential_id: int) -> str:
    """The place that the share is sealed for."""
    return f"cosign_key:{credential_id}:share"
