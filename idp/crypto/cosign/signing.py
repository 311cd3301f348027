"""The server's answer to a request to co-sign."""

from dataclasses import dataclass
from functools import cached_property

from idp.crypto import sm2, sm3
from idp.crypto.cosign import transcript
from idp.crypto.cosign.encoding import random_scalar
from idp.crypto.cosign.proofs import PairProof, check_pair
from idp.crypto.curve import N
from idp.crypto.engines import Arithmetic
from idp.crypto.z_value import digest_for_signature


@dataclass(frozen=True)
class Binding:
    """What one co-signature is for. ``message`` is the server's own text, never what a phone sends.

    ``number`` is the one that the person read on the sign-in page and typed into the phone; empty where there is no page.
    """

    kid: str
    transaction: str
    number: str
    message: bytes
    joint: bytes

    @cached_property
    def digest(self) -> bytes:
        """e = SM3(Z ‖ M) (GB/T 32918.2 §6.1 A2), from the message itself: a phone cannot have another digest signed."""
        return digest_for_signature(self.joint, self.message, sm2.DEFAULT_ID)

    @cached_property
    def context(self) -> bytes:
        """What the phone's proof has to be made for."""
        texts = (self.kid, self.transaction, self.number)
        return transcript.digest("sg", *(text.encode() for text in texts), sm3.digest(self.message), self.digest, self.joint)


@dataclass(frozen=True)
class Request:
    """What the phone sends: Q1 = [w1]G, and the proof that it knows d1⁻¹ and w1."""

    point: bytes
    proof: PairProof


@dataclass(frozen=True)
class ProvenRequest:
    """A request whose proof holds. Only :func:`check_request` makes one, and nothing else is answered."""

    binding: Binding
    point: bytes


@dataclass(frozen=True)
class Answer:
    """r and s1, 32 bytes each."""

    r: bytes
    s1: bytes


def check_request(arithmetic: Arithmetic, binding: Binding, phone_point: bytes, request: Request) -> ProvenRequest:
    """Raises ``InvalidProof`` unless the phone knows its share and its nonce.

    Without the first, somebody who stole the phone could try every PIN against one answer; without the second, an answer to a
    chosen point would be d2⁻¹ times that point, which decrypts SM2 ciphertexts.
    """
    check_pair(arithmetic, request.proof, phone_point, request.point, binding.context)
    return ProvenRequest(binding, request.point)


def answer(arithmetic: Arithmetic, share: bytes, request: ProvenRequest) -> Answer:
    """The answer, with a nonce that is forgotten here. Whoever calls this has spent the transaction: two answers to one
    transaction with one nonce would give the share away, and none is kept that could be used again.
    """
    inverse = arithmetic.inverse(share)
    while True:
        nonce = random_scalar()
        # Two ladders and a sum, not one combined multiplication: the latter is not constant-time.
        point = arithmetic.add(arithmetic.multiply(nonce), arithmetic.multiply(inverse, request.point))
        r = (int.from_bytes(request.binding.digest, "big") + int.from_bytes(point[:32], "big")) % N
        s1 = arithmetic.product(share, arithmetic.sum(r.to_bytes(32, "big"), nonce))
        # GB/T 32918.2 §6.1 A5: another nonce if r = 0; that r + k ≠ n and s ≠ 0 only the phone can see.
        if r != 0 and any(s1):
            return Answer(r.to_bytes(32, "big"), s1)


def check_signature(binding: Binding, signature: bytes) -> None:
    """Raises ``InvalidSignature`` unless r‖s is an ordinary SM2 signature by the joint key over the whole message."""
    sm2.verify(sm2.PublicKey(binding.joint), binding.message, signature)
