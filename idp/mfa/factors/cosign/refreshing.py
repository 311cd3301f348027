"""Refreshing the shares, so that copies of old ones come to nothing: begun by the server after a sign-in, ended by the phone."""

import json
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import update

from idp.audit import Transaction
from idp.crypto import engines
from idp.crypto.cosign import refresh
from idp.crypto.cosign.encoding import random_scalar, write_point
from idp.crypto.cosign.proofs import Proof
from idp.database.compare_and_set import compare_and_set
from idp.keys import Vault
from idp.mfa.factors.cosign.keys import joint_of, phone_point_of, share_context, share_of
from idp.mfa.factors.cosign.tables import CosignKey

EVERY = timedelta(days=30)


@dataclass(frozen=True)
class Begun:
    """What the phone needs: the generation to come, and the factor, which both sides know and nobody else."""

    generation: int
    factor: bytes = field(repr=False)


def due(tx: Transaction, key: CosignKey) -> bool:
    """Whether the shares are old enough."""
    return key.refreshed_at + EVERY <= tx.now


def begin(tx: Transaction, vault: Vault, key: CosignKey) -> Begun:
    """A factor for the next generation; one that was begun before and never taken is forgotten."""
    begun = Begun(key.generation + 1, random_scalar())
    key.next_sealed = vault.seal(json.dumps([begun.generation, begun.factor.hex()]), context=_next_context(key))
    tx.session.flush()
    return begun


def take(tx: Transaction, vault: Vault, key: CosignKey, kid: str, generation: int, proof: Proof) -> bool:
    """Changes to the next shares, once the phone has proven that it holds its own; repeating it is harmless.

    Returns whether the key is in this generation now. Raises ``InvalidProof``.
    """
    if key.generation == generation:
        return True
    before = key.next_sealed
    if before is None:
        return False
    begun, factor = json.loads(vault.open(before, context=_next_context(key)))
    if begun != generation:
        return False
    arithmetic, joint = engines.current().arithmetic, joint_of(key)
    after = refresh.refreshed(arithmetic, share_of(vault, key), phone_point_of(key), bytes.fromhex(factor))
    refresh.check_taken(arithmetic, proof, after.phone_point, kid, generation, joint)
    changing = (
        update(CosignKey)
        .where(
            CosignKey.credential_id == key.credential_id, CosignKey.generation == generation - 1, CosignKey.next_sealed == before
        )
        .values(
            share_sealed=vault.seal(after.share.hex(), context=share_context(key.credential_id)),
            phone_point=write_point(after.phone_point),
            generation=generation,
            next_sealed=None,
            refreshed_at=tx.now,
        )
    )
    changed = compare_and_set(tx.session, changing)
    tx.session.expire(key)
    return changed or key.generation == generation


def _next_context(key: CosignKey) -> str:
    return f"cosign_key:{key.credential_id}:next"
