"""Reading what the phone sends: one shape for each message, and nothing that is not of that shape."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idp.crypto.cosign.encoding import read_point, read_scalar
from idp.crypto.cosign.proofs import PairProof, Proof
from idp.crypto.cosign.transcript import PROFILE
from idp.crypto.errors import CryptoError
from idp.crypto.jose.strict_json import read_object
from idp.phone.errors import Malformed

MAX_BYTES = 8192
MAX_SEQUENCE = 2**53 - 1  # what the phone's numbers can hold

_TEXTS = {
    "id": re.compile(r"[A-Za-z0-9_-]{22}"),
    "profile": re.compile(re.escape(PROFILE)),
    "digest": re.compile(r"[0-9a-f]{64}"),
    "scalar": re.compile(r"[0-9a-f]{64}"),
    "point": re.compile(r"04[0-9a-f]{128}"),
    "number": re.compile(r"[0-9]{2}|"),
    "reason": re.compile(r"not_me|cancelled"),
}
Shape = Mapping[str, str]
"""The members of a message by name, each with its kind: one of ``_TEXTS``, ``sequence``, ``generation``, ``proof`` or ``pair``."""


@dataclass(frozen=True)
class Signed:
    """A message as it came: its members, the text that the device signed, and the signature, not looked at yet."""

    members: Mapping[str, Any]
    text: str
    signature: str


def read(body: bytes, shape: Shape) -> Signed:
    """The message in ``body``. Raises :class:`Malformed` for one more member or one less, another type, or another spelling."""
    if len(body) > MAX_BYTES:
        raise Malformed
    try:
        outer = read_object(body)
        if set(outer) != {"signed", "signature"} or not all(isinstance(value, str) for value in outer.values()):
            raise Malformed
        members = read_object(outer["signed"].encode())
    except (CryptoError, UnicodeEncodeError):
        raise Malformed from None
    if set(members) != set(shape) or not all(_fits(kind, members[name]) for name, kind in shape.items()):
        raise Malformed
    return Signed(members, outer["signed"], outer["signature"])


def point(text: str) -> bytes:
    """A point. Raises :class:`Malformed` for what is not on the curve."""
    try:
        return read_point(text)
    except CryptoError:
        raise Malformed from None


def proof(texts: list[str]) -> Proof:
    """A proof of one number."""
    return Proof(*(_scalar(text) for text in texts))


def pair(texts: list[str]) -> PairProof:
    """A proof of two."""
    return PairProof(*(_scalar(text) for text in texts))


def _scalar(text: str) -> bytes:
    try:
        return read_scalar(text)
    except CryptoError:
        raise Malformed from None


def _fits(kind: str, value: object) -> bool:
    if kind == "sequence":
        return type(value) is int and 0 < value <= MAX_SEQUENCE
    if kind == "generation":
        return type(value) is int and 1 < value < 2**31
    if kind in ("proof", "pair"):
        length = 2 if kind == "proof" else 3
        return isinstance(value, list) and len(value) == length and all(_fits("scalar", item) for item in value)
    return isinstance(value, str) and _TEXTS[kind].fullmatch(value) is not None
