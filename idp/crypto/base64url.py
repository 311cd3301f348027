"""base64url without padding (RFC 7515 §2), decoded strictly: every value has one spelling."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

from idp.crypto.errors import InvalidEncoding

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*\Z")


def encode(data: bytes) -> str:
    """The text of ``data``."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The bytes of ``text``. Raises :class:`InvalidEncoding` for padding, white space, and pad bits that are not zero.

    The last is how the text of a signature can be changed without changing its bytes (RFC 4648 §3.5).
    """
    if len(text) % 4 == 1 or not _ALPHABET.match(text):
        raise InvalidEncoding
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(data) != text:
        raise InvalidEncoding
    return data
