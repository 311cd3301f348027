"""Password verifiers: argon2id, then HMAC-SM3 under a key that is not in the database.

The memory-hard function makes each guess dear (RFC 9106); the key makes a stolen table worthless by itself, and puts the stored
value under a national algorithm. The text is ``yp1$<pepper id>$m=…,t=…,p=…$<salt>$<tag>``.
"""

import secrets
import threading
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest

from argon2.exceptions import HashingError
from argon2.low_level import Type, hash_secret_raw

from idp.crypto import base64url, sm3
from idp.crypto.errors import CryptoError, InvalidKey, PasswordNotUsable, WrongPassword

VERSION = "yp1"
MAX_PASSWORD_BYTES = 1024
_SALT_BYTES = 16
_HASH_BYTES = 32

# Each hash takes tens of megabytes and a core: more at once than this would only wait for memory.
_CONCURRENT = threading.BoundedSemaphore(4)


@dataclass(frozen=True)
class Cost:
    """What a guess costs. The default is OWASP's and RFC 9106's smaller setting: 19 MiB, two passes, one lane."""

    memory_kib: int = 19456
    passes: int = 2
    lanes: int = 1

    def __str__(self) -> str:
        return f"m={self.memory_kib},t={self.passes},p={self.lanes}"


class PasswordHasher:
    """Makes and checks verifiers. Peppers are HMAC-SM3 keys by id; ``current`` names the one for new verifiers."""

    def __init__(self, peppers: Mapping[str, bytes], current: str, cost: Cost | None = None) -> None:
        if current not in peppers or any("$" in kid for kid in peppers):
            raise InvalidKey
        self._peppers = dict(peppers)
        self._current = current
        self._cost = cost or Cost()

    def hash(self, password: str) -> str:
        """A verifier for ``password``. Raises :class:`PasswordNotUsable` for an empty or oversized one."""
        salt = secrets.token_bytes(_SALT_BYTES)
        tag = self._tag(password, salt, self._cost, self._current)
        return "$".join((VERSION, self._current, str(self._cost), base64url.encode(salt), base64url.encode(tag)))

    def verify(self, stored: str, password: str) -> None:
        """Raises :class:`WrongPassword` unless ``stored`` was made from ``password``; a damaged ``stored`` fits none."""
        try:
            version, kid, cost_text, salt_text, tag_text = stored.split("$")
            cost = _parse_cost(cost_text)
            salt, tag = base64url.decode(salt_text), base64url.decode(tag_text)
            if version != VERSION or kid not in self._peppers:
                raise WrongPassword(detail=f"verifier of version {version[:8]!r}, pepper {kid[:64]!r}")
            computed = self._tag(password, salt, cost, kid)
        except (ValueError, CryptoError, HashingError) as error:
            raise WrongPassword(detail=str(error)) from None
        if not compare_digest(tag, computed):
            raise WrongPassword

    def spend_the_same_time(self, password: str) -> None:
        """Does the work of a check and has no result, for an account that does not exist."""
        try:
            self._tag(password, bytes(_SALT_BYTES), self._cost, self._current)
        except PasswordNotUsable:
            return

    def needs_rehash(self, stored: str) -> bool:
        """Whether the verifier was made at another cost or under another pepper than a new one would be."""
        return not stored.startswith(f"{VERSION}${self._current}${self._cost}$")

    def _tag(self, password: str, salt: bytes, cost: Cost, kid: str) -> bytes:
        with _CONCURRENT:
            raw = hash_secret_raw(_prepared(password), salt, cost.passes, cost.memory_kib, cost.lanes, _HASH_BYTES, Type.ID)
        return sm3.hmac(self._peppers[kid], raw)


def _prepared(password: str) -> bytes:
    # RFC 8265 §4.2 (OpaqueString): NFC, and every kind of space is a space, so that one keyboard's password works on another's.
    text = "".join(" " if unicodedata.category(c) == "Zs" else c for c in unicodedata.normalize("NFC", password))
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise PasswordNotUsable from None
    if not data or len(data) > MAX_PASSWORD_BYTES:
        raise PasswordNotUsable
    return data


def _parse_cost(text: str) -> Cost:
    memory, passes, lanes = (part.partition("=")[2] for part in text.split(","))
    cost = Cost(int(memory), int(passes), int(lanes))
    # A damaged row must not ask for the whole machine's memory.
    if not (0 < cost.memory_kib <= 2**20 and 0 < cost.passes <= 100 and 0 < cost.lanes <= 16):
        raise ValueError("a cost that was never set here")
    return cost
