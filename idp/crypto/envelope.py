"""Secrets at rest: SM4-GCM in a versioned text that names its key and opens in one place only."""

import secrets
from collections.abc import Mapping

from idp.crypto import base64url, sm4
from idp.crypto.errors import DecryptionFailed, InvalidEncoding, InvalidKey, UnknownKey

VERSION = "y1"


def prefix(kid: str) -> str:
    """What every text begins with that the key ``kid`` sealed."""
    return f"{VERSION}.{kid}."


class Envelope:
    """Seals under the current key, opens under any it holds.

    The text is ``y1.<key id>.<nonce>.<ciphertext and tag>``, the last two in base64url. The 96-bit nonce is random: a key must
    not seal more than 2³² values (NIST SP 800-38D §8.3), which no school system comes near; rotate the key before.
    """

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        """``keys`` are SM4 keys by id; ids hold no dot. Raises :class:`InvalidKey`."""
        if current not in keys or any("." in kid or len(key) != sm4.KEY_BYTES for kid, key in keys.items()):
            raise InvalidKey
        self._keys = dict(keys)
        self._current = current

    def seal(self, plaintext: bytes, *, context: bytes) -> str:
        """``plaintext``, to be opened with the same ``context`` only: name the row and column it is kept in."""
        nonce = secrets.token_bytes(sm4.NONCE_BYTES)
        sealed = sm4.gcm_encrypt(self._keys[self._current], nonce, plaintext, self._bound(self._current, context))
        return ".".join((VERSION, self._current, base64url.encode(nonce), base64url.encode(sealed)))

    def open(self, sealed: str, *, context: bytes) -> bytes:
        """The plaintext. Raises :class:`UnknownKey`, or :class:`DecryptionFailed` whatever else is wrong."""
        parts = sealed.split(".")
        if len(parts) != 4 or parts[0] != VERSION:
            raise DecryptionFailed
        _, kid, nonce, ciphertext = parts
        key = self._keys.get(kid)
        if key is None:
            raise UnknownKey(key_id=kid[:64])
        try:
            return sm4.gcm_decrypt(key, base64url.decode(nonce), base64url.decode(ciphertext), self._bound(kid, context))
        except InvalidEncoding:
            raise DecryptionFailed from None

    @property
    def current(self) -> str:
        """The id of the key that seals."""
        return self._current

    def needs_reseal(self, sealed: str) -> bool:
        """Whether another key than the current one sealed it."""
        return not sealed.startswith(prefix(self._current))

    @staticmethod
    def _bound(kid: str, context: bytes) -> bytes:
        return f"{VERSION}.{kid}.".encode() + context
