"""What is hashed: every part with its length before it, so that no two lists of parts give the same bytes."""

from idp.crypto import sm3
from idp.crypto.curve import SCALAR_BYTES, N

PROFILE = "yima-cosign-1"
"""The protocol of this package, in every transcript: another version is another language."""


def digest(label: str, *parts: bytes) -> bytes:
    """SM3 over the profile, the label and the parts, each after its length in four bytes. 32 bytes."""
    whole = b"".join(len(part).to_bytes(4, "big") + part for part in (PROFILE.encode(), label.encode(), *parts))
    return sm3.digest(whole)


def challenge(label: str, *parts: bytes) -> bytes:
    """The digest as a scalar, modulo n. 32 bytes."""
    return (int.from_bytes(digest(label, *parts), "big") % N).to_bytes(SCALAR_BYTES, "big")
