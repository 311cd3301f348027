"""SM2 (GB/T 32918): keys, signature, encryption.

The face over the engines. Keys are checked when they are made, so that no engine ever multiplies a point off the curve.
"""

import secrets
from functools import cached_property

from idp.crypto import engines, sm3
from idp.crypto.curve import SCALAR_BYTES, N, check_point, check_scalar, in_signature_range
from idp.crypto.der import ciphertext_from_der, ciphertext_to_der
from idp.crypto.engines import Engine, EnginePrivateKey, EnginePublicKey
from idp.crypto.errors import DecryptionFailed, InvalidEncoding, InvalidKey, InvalidSignature

DEFAULT_ID = b"1234567812345678"  # GM/T 0009 §10: the signer's ID where none was agreed
SIGNATURE_BYTES = 64


class PublicKey:
    """A point of the curve. Equal when the points are."""

    def __init__(self, point: bytes) -> None:
        """``point`` is x‖y (64 bytes) or 04‖x‖y (65 bytes). Raises :class:`InvalidKey`."""
        if len(point) == 65 and point[0] == 4:
            point = point[1:]
        check_point(point)
        self.point = bytes(point)
        self._parsed: dict[str, EnginePublicKey] = {}

    @cached_property
    def digest(self) -> bytes:
        """SM3 over 04‖x‖y, which keys are known and named by."""
        return sm3.digest(b"\x04" + self.point)

    def parsed(self, engine: Engine) -> EnginePublicKey:
        """The key as ``engine`` wants it, parsed once."""
        found = self._parsed.get(engine.name)
        return found if found is not None else self._parsed.setdefault(engine.name, engine.public_key(self.point))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and self.point == other.point

    def __hash__(self) -> int:
        return hash(self.point)

    def __repr__(self) -> str:
        return f"PublicKey({self.point.hex()})"


class PrivateKey:
    """A number in [1, n-2]. Its representation shows nothing of it."""

    def __init__(self, scalar: int | bytes) -> None:
        """``scalar`` is the number, or its 32 bytes, big-endian. Raises :class:`InvalidKey`."""
        if isinstance(scalar, bytes):
            if len(scalar) != SCALAR_BYTES:
                raise InvalidKey
            scalar = int.from_bytes(scalar, "big")
        check_scalar(scalar)
        self.scalar = scalar.to_bytes(SCALAR_BYTES, "big")
        self._parsed: dict[str, EnginePrivateKey] = {}

    @classmethod
    def generate(cls) -> "PrivateKey":
        """A fresh key from the operating system's randomness (GB/T 32918.1 §6.1)."""
        return cls(secrets.randbelow(N - 2) + 1)

    @cached_property
    def public_key(self) -> PublicKey:
        """The public half."""
        return PublicKey(engines.current().public_point(self.scalar))

    def parsed(self, engine: Engine) -> EnginePrivateKey:
        """The key as ``engine`` wants it, parsed once."""
        found = self._parsed.get(engine.name)
        if found is not None:
            return found
        return self._parsed.setdefault(engine.name, engine.private_key(self.scalar, self.public_key.point))

    def __repr__(self) -> str:
        return "PrivateKey(…)"


def sign(key: PrivateKey, message: bytes, *, signer_id: bytes = DEFAULT_ID, engine: Engine | None = None) -> bytes:
    """r‖s, 64 bytes, over SM3(Z ‖ message) (GB/T 32918.2 §6.1)."""
    return key.parsed(engine or engines.current()).sign(message, signer_id)


def verify(
    key: PublicKey, message: bytes, signature: bytes, *, signer_id: bytes = DEFAULT_ID, engine: Engine | None = None
) -> None:
    """Raises :class:`InvalidSignature` unless ``signature`` (r‖s, 64 bytes) is by ``key`` over ``message``."""
    if len(signature) != SIGNATURE_BYTES:
        raise InvalidSignature
    if not in_signature_range(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")):
        raise InvalidSignature
    key.parsed(engine or engines.current()).verify(message, signature, signer_id)


def encrypt(key: PublicKey, plaintext: bytes, *, engine: Engine | None = None) -> bytes:
    """A GM/T 0009 ciphertext in DER, order C1 C3 C2. An empty plaintext has none: raises :class:`InvalidEncoding`."""
    if not plaintext:
        raise InvalidEncoding
    return ciphertext_to_der(*key.parsed(engine or engines.current()).encrypt(plaintext))


def decrypt(key: PrivateKey, ciphertext: bytes, *, engine: Engine | None = None) -> bytes:
    """The plaintext of a GM/T 0009 ciphertext. Raises :class:`DecryptionFailed`, whatever is wrong with it."""
    try:
        c1, c3, c2 = ciphertext_from_der(ciphertext)
    except InvalidEncoding:
        raise DecryptionFailed from None
    return key.parsed(engine or engines.current()).decrypt(c1, c3, c2)
