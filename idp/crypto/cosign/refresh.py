"""Refreshing the shares: d1·t and d2·t⁻¹ make the same key, and a copy of either old share is worth nothing any more."""

from dataclasses import dataclass, field

from idp.crypto.cosign import transcript
from idp.crypto.cosign.proofs import Proof, check_proof
from idp.crypto.engines import Arithmetic


@dataclass(frozen=True)
class Refreshed:
    """The server's next share, and the point that the phone's next share has: [(d1·t)⁻¹]G."""

    share: bytes = field(repr=False)
    phone_point: bytes


def refreshed(arithmetic: Arithmetic, share: bytes, phone_point: bytes, factor: bytes) -> Refreshed:
    """What the server holds after a refresh by ``factor``, which both sides know."""
    inverse = arithmetic.inverse(factor)
    return Refreshed(arithmetic.product(share, inverse), arithmetic.multiply(inverse, phone_point))


def context(kid: str, generation: int, joint: bytes) -> bytes:
    """What the phone's proof of its next share is good for."""
    return transcript.digest("rf", kid.encode(), str(generation).encode(), joint)


def check_taken(arithmetic: Arithmetic, proof: Proof, next_point: bytes, kid: str, generation: int, joint: bytes) -> None:
    """Raises ``InvalidProof`` unless the phone holds its next share. Before that the server must not give up its old one."""
    check_proof(arithmetic, proof, next_point, context(kid, generation, joint))
