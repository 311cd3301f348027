"""A set of public keys, as read from a JWKS document (RFC 7517 §5)."""

from collections.abc import Iterable, Mapping
from typing import Any

from idp.crypto.errors import CryptoError, InvalidKey
from idp.crypto.jose.jwk import PublicJwk, read_public

MAX_KEYS = 64


class KeySet:
    """The usable keys of a set; ``ignored`` tells why each of the others is not.

    RFC 7517 §5: keys of unknown types or with unusable values are passed over, so that one of them does not take the set down.
    """

    def __init__(self, jwks: Iterable[Mapping[str, Any]]) -> None:
        self.keys: list[PublicJwk] = []
        self.ignored: list[str] = []
        for number, jwk in enumerate(jwks):
            if number >= MAX_KEYS:
                raise InvalidKey(detail=f"more than {MAX_KEYS} keys")
            try:
                self.keys.append(read_public(jwk))
            except CryptoError as error:
                self.ignored.append(f"{number}: {error}")

    @classmethod
    def from_document(cls, document: object) -> "KeySet":
        """Reads ``{"keys": [...]}``. Raises :class:`InvalidKey` when it is not that."""
        keys = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
            raise InvalidKey
        return cls(keys)

    def candidates(self, kid: str | None, algorithm: str) -> list[PublicJwk]:
        """The keys that may have signed: those named ``kid``, or all where the token names none, that fit ``algorithm``."""
        return [key for key in self.keys if (kid is None or key.kid == kid) and algorithm in key.algorithms]
