"""What an engine must do. The face in :mod:`idp.crypto.sm2` has checked keys, ranges and encodings before it calls."""

from typing import Protocol


class EnginePrivateKey(Protocol):
    """A private key, parsed once by its engine. Safe to share between threads."""

    def sign(self, message: bytes, signer_id: bytes) -> bytes:
        """r‖s, 64 bytes, over SM3(Z ‖ message) with a fresh nonce (GB/T 32918.2 §6.1)."""
        ...

    def decrypt(self, c1: bytes, c3: bytes, c2: bytes) -> bytes:
        """The plaintext of a ciphertext whose C1 lies on the curve. Raises ``DecryptionFailed`` when C3 does not fit."""
        ...


class EnginePublicKey(Protocol):
    """A public key, parsed once by its engine. Safe to share between threads."""

    def verify(self, message: bytes, signature: bytes, signer_id: bytes) -> None:
        """Raises ``InvalidSignature`` unless r‖s, both already known to be in range, is a signature over ``message``."""
        ...

    def encrypt(self, plaintext: bytes) -> tuple[bytes, bytes, bytes]:
        """C1 (x‖y), C3 and C2 of a non-empty plaintext, with a fresh nonce (GB/T 32918.4 §6.1)."""
        ...


class Arithmetic(Protocol):
    """The group and its scalars, for protocols that a signature is only the outcome of.

    Points are x‖y (64 bytes) that lie on the curve; scalars are 32 bytes, big-endian, in [0, n-1]. A result that would be the
    point at infinity, or a number without an inverse, raises ``InvalidKey``. Where the engine is constant-time, everything here
    but :meth:`combine` is: secrets go nowhere else.
    """

    def multiply(self, scalar: bytes, point: bytes | None = None) -> bytes:
        """[scalar]point, and [scalar]G without a point. The scalar is secret."""
        ...

    def add(self, one: bytes, other: bytes) -> bytes:
        """The sum of two points."""
        ...

    def combine(self, base_scalar: bytes, scalar: bytes, point: bytes) -> bytes:
        """[base_scalar]G + [scalar]point. For public scalars only: it may take a time that depends on them."""
        ...

    def product(self, one: bytes, other: bytes) -> bytes:
        """one · other modulo n."""
        ...

    def sum(self, one: bytes, other: bytes) -> bytes:
        """one + other modulo n."""
        ...

    def inverse(self, scalar: bytes) -> bytes:
        """scalar⁻¹ modulo n."""
        ...


class Engine(Protocol):
    """One implementation of SM2."""

    name: str
    constant_time: bool

    @property
    def arithmetic(self) -> Arithmetic:
        """Its points and scalars."""
        ...

    def public_point(self, scalar: bytes) -> bytes:
        """The point x‖y of a private key."""
        ...

    def private_key(self, scalar: bytes, point: bytes) -> EnginePrivateKey:
        """Parses a private key."""
        ...

    def public_key(self, point: bytes) -> EnginePublicKey:
        """Parses a public key that lies on the curve."""
        ...
