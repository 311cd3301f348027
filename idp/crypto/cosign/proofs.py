"""Schnorr proofs of knowledge, made non-interactive by a challenge over everything they are to be good for.

A proof without its secret is refused, and so is one that was made for another context: the context names the role, the
transaction, the message and the key.
"""

from dataclasses import dataclass

from idp.crypto.cosign.encoding import random_scalar
from idp.crypto.cosign.transcript import challenge
from idp.crypto.curve import N
from idp.crypto.engines import Arithmetic
from idp.crypto.errors import InvalidKey, InvalidProof


@dataclass(frozen=True)
class Proof:
    """Of the x in X = [x]G: challenge and answer, scalars of 32 bytes."""

    challenge: bytes
    answer: bytes


@dataclass(frozen=True)
class PairProof:
    """Of two numbers at once, under one challenge: neither can be taken out and shown beside another."""

    challenge: bytes
    first: bytes
    second: bytes


def prove(arithmetic: Arithmetic, secret: bytes, point: bytes, context: bytes) -> Proof:
    """A proof that we know ``secret``, where ``point`` is [secret]G."""
    blind = random_scalar()
    value = challenge("pok1", context, point, arithmetic.multiply(blind))
    return Proof(value, arithmetic.sum(blind, arithmetic.product(value, secret)))


def check_proof(arithmetic: Arithmetic, proof: Proof, point: bytes, context: bytes) -> None:
    """Raises :class:`InvalidProof` unless whoever made ``proof`` knew the number behind ``point``, for this very ``context``."""
    recovered = _recover(arithmetic, proof.challenge, proof.answer, point)
    if challenge("pok1", context, point, recovered) != proof.challenge:
        raise InvalidProof


def check_pair(arithmetic: Arithmetic, proof: PairProof, first: bytes, second: bytes, context: bytes) -> None:
    """Raises :class:`InvalidProof` unless whoever made ``proof`` knew the numbers behind both points, for this ``context``."""
    one = _recover(arithmetic, proof.challenge, proof.first, first)
    other = _recover(arithmetic, proof.challenge, proof.second, second)
    if challenge("pok2", context, first, second, one, other) != proof.challenge:
        raise InvalidProof


def _recover(arithmetic: Arithmetic, value: bytes, answer: bytes, point: bytes) -> bytes:
    """[answer]G - [challenge]point: the commitment that the proof began with, if it is one. All of it is public."""
    negative = (N - int.from_bytes(value, "big")).to_bytes(32, "big")
    try:
        return arithmetic.combine(answer, negative, point)
    except InvalidKey:  # the sum is the point at infinity: nobody begins a proof with it
        raise InvalidProof from None
