"""How points and scalars travel: lower-case hexadecimal digits of one length, and nothing that is not one of its kind."""

import re
import secrets

from idp.crypto.curve import SCALAR_BYTES, N, check_point
from idp.crypto.errors import InvalidEncoding

_POINT = re.compile(r"04[0-9a-f]{128}")
_SCALAR = re.compile(r"[0-9a-f]{64}")


def read_point(text: str) -> bytes:
    """x‖y (64 bytes) of ``04‖x‖y`` in 130 digits.

    Raises :class:`InvalidEncoding`, or ``InvalidKey`` for what is not on the curve. Infinity has no such encoding.
    """
    if not _POINT.fullmatch(text):
        raise InvalidEncoding
    point = bytes.fromhex(text[2:])
    check_point(point)
    return point


def read_scalar(text: str) -> bytes:
    """32 bytes of a number in [1, n-1] in 64 digits. Raises :class:`InvalidEncoding`."""
    if not _SCALAR.fullmatch(text) or not 1 <= int(text, 16) < N:
        raise InvalidEncoding
    return bytes.fromhex(text)


def read_digest(text: str) -> bytes:
    """32 bytes of a digest, or of a random string as long, in 64 digits. Raises :class:`InvalidEncoding`."""
    if not _SCALAR.fullmatch(text):
        raise InvalidEncoding
    return bytes.fromhex(text)


def write_point(point: bytes) -> str:
    """``04‖x‖y`` in 130 digits."""
    return f"04{point.hex()}"


def random_scalar() -> bytes:
    """A number in [1, n-1] from the operating system's randomness, 32 bytes."""
    return (secrets.randbelow(N - 1) + 1).to_bytes(SCALAR_BYTES, "big")
