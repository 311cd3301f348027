"""Making a key together, so that neither side can choose it.

The phone commits to its point before it sees the server's, and both prove that they know what is behind theirs: a server that
answers with a point made to fit, so that it alone holds the key, has no proof to show.
"""

from dataclasses import dataclass, field

from idp.crypto.cosign import transcript
from idp.crypto.cosign.encoding import random_scalar
from idp.crypto.cosign.proofs import Proof, check_proof, prove
from idp.crypto.curve import GX, GY, P
from idp.crypto.engines import Arithmetic
from idp.crypto.errors import InvalidProof

_MINUS_BASE = GX.to_bytes(32, "big") + (P - GY).to_bytes(32, "big")


@dataclass(frozen=True)
class Offer:
    """The server's side: its share d2, kept secret, and what the phone is told, P2 = [d2⁻¹]G with a proof."""

    share: bytes = field(repr=False)
    point: bytes
    proof: Proof


@dataclass(frozen=True)
class Opening:
    """What the phone had committed to — P1 = [d1⁻¹]G, its proof, a random string — and the joint key as it came out there."""

    point: bytes
    proof: Proof
    blind: bytes
    joint: bytes


def commitment(session: str, opening_point: bytes, proof: Proof, blind: bytes) -> bytes:
    """What the phone sends first: it tells nothing of the point, and no other point fits it."""
    return transcript.digest("com", session.encode(), opening_point, proof.challenge, proof.answer, blind)


def phone_context(session: str) -> bytes:
    """What the phone's proof is good for."""
    return transcript.digest("kg", b"C", session.encode())


def server_context(session: str, committed: bytes) -> bytes:
    """What the server's proof is good for."""
    return transcript.digest("kg", b"S", session.encode(), committed)


def offer(arithmetic: Arithmetic, session: str, committed: bytes) -> Offer:
    """A fresh share for the phone that has committed."""
    share = random_scalar()
    inverse = arithmetic.inverse(share)
    point = arithmetic.multiply(inverse)
    return Offer(share, point, prove(arithmetic, inverse, point, server_context(session, committed)))


def accept(arithmetic: Arithmetic, share: bytes, session: str, committed: bytes, opening: Opening) -> None:
    """Raises :class:`InvalidProof`, or ``InvalidKey``, unless the phone opens what it committed to and got the same key."""
    if commitment(session, opening.point, opening.proof, opening.blind) != committed:
        raise InvalidProof
    check_proof(arithmetic, opening.proof, opening.point, phone_context(session))
    if joint_point(arithmetic, arithmetic.inverse(share), opening.point) != opening.joint:
        raise InvalidProof


def joint_point(arithmetic: Arithmetic, own_inverse: bytes, other: bytes) -> bytes:
    """P = [d1⁻¹·d2⁻¹]G - G, from one's own inverse and the other's point. Raises ``InvalidKey`` where that is infinity."""
    return arithmetic.add(arithmetic.multiply(own_inverse, other), _MINUS_BASE)
