"""The phone's share: making a key, asking for a signature, finishing it."""

import secrets
from dataclasses import dataclass

from idp.crypto.cosign import keygen, refresh, transcript
from idp.crypto.cosign.encoding import random_scalar
from idp.crypto.cosign.keygen import Offer, Opening
from idp.crypto.cosign.proofs import PairProof, Proof, check_proof, prove
from idp.crypto.cosign.signing import Answer, Binding, Request, check_signature
from idp.crypto.curve import N
from idp.crypto.engines import Arithmetic


def prove_pair(arithmetic: Arithmetic, first: bytes, second: bytes, points: tuple[bytes, bytes], context: bytes) -> PairProof:
    """A proof that we know what is behind both points."""
    one, other = random_scalar(), random_scalar()
    commitments = arithmetic.multiply(one), arithmetic.multiply(other)
    value = transcript.challenge("pok2", context, *points, *commitments)
    return PairProof(
        value,
        arithmetic.sum(one, arithmetic.product(value, first)),
        arithmetic.sum(other, arithmetic.product(value, second)),
    )


@dataclass
class Share:
    """d1, and nothing that is not needed for it."""

    arithmetic: Arithmetic
    d1: bytes
    joint: bytes = b""

    @classmethod
    def new(cls, arithmetic: Arithmetic) -> "Share":
        return cls(arithmetic, random_scalar())

    @property
    def inverse(self) -> bytes:
        return self.arithmetic.inverse(self.d1)

    @property
    def point(self) -> bytes:
        return self.arithmetic.multiply(self.inverse)

    def commit(self, session: str) -> tuple[bytes, Opening]:
        """The commitment, and what opens it once the server has made its offer."""
        proof = prove(self.arithmetic, self.inverse, self.point, keygen.phone_context(session))
        blind = secrets.token_bytes(32)
        return keygen.commitment(session, self.point, proof, blind), Opening(self.point, proof, blind, b"")

    def open(self, session: str, committed: bytes, opening: Opening, server_point: bytes, server_proof: Proof) -> Opening:
        """Checks the server's proof, computes the joint key and opens the commitment."""
        check_proof(self.arithmetic, server_proof, server_point, keygen.server_context(session, committed))
        self.joint = keygen.joint_point(self.arithmetic, self.inverse, server_point)
        return Opening(opening.point, opening.proof, opening.blind, self.joint)

    def request(self, binding: Binding) -> tuple[bytes, Request]:
        """A nonce, and the request made with it."""
        nonce = random_scalar()
        point = self.arithmetic.multiply(nonce)
        proof = prove_pair(self.arithmetic, self.inverse, nonce, (self.point, point), binding.context)
        return nonce, Request(point, proof)

    def combine(self, nonce: bytes, answer: Answer) -> bytes:
        """s = d1·(s1 + w1) - r, not looked at yet."""
        r = int.from_bytes(answer.r, "big")
        s = int.from_bytes(self.arithmetic.product(self.d1, self.arithmetic.sum(answer.s1, nonce)), "big") - r
        return answer.r + (s % N).to_bytes(32, "big")

    def finish(self, binding: Binding, nonce: bytes, answer: Answer) -> bytes:
        """r‖s, released only when it is a signature over what was shown."""
        signature = self.combine(nonce, answer)
        check_signature(binding, signature)
        return signature

    def refresh(self, kid: str, generation: int, factor: bytes) -> tuple["Share", Proof]:
        """The next share, and the proof that the phone has it."""
        after = Share(self.arithmetic, self.arithmetic.product(self.d1, factor), self.joint)
        return after, prove(self.arithmetic, after.inverse, after.point, refresh.context(kid, generation, self.joint))


def make_key(arithmetic: Arithmetic, session: str = "session") -> tuple[Share, Offer]:
    """A key that a phone and a server have made together."""
    share = Share.new(arithmetic)
    committed, closed = share.commit(session)
    offer = keygen.offer(arithmetic, session, committed)
    opening = share.open(session, committed, closed, offer.point, offer.proof)
    keygen.accept(arithmetic, offer.share, session, committed, opening)
    return share, offer
