"""SM2 by the package gmssl, which we use for its curve arithmetic and nothing else.

gmssl 3.2.2 draws nonces from a predictable generator, strips digits off public keys, returns ``None`` for a signature, checks
no range, compares no C3 and knows one signer ID. Everything but the arithmetic of points is therefore done here. Its big
integers take a time that depends on the secret: this engine is for machines without a better one, and for checking one.
"""

import secrets
from hmac import compare_digest

from gmssl.sm2 import CryptSM2

from idp.crypto import sm3
from idp.crypto.curve import GX, GY, A, N, P
from idp.crypto.errors import DecryptionFailed, InvalidKey, InvalidSignature
from idp.crypto.z_value import digest_for_signature

_BASE_POINT = f"{GX:064x}{GY:064x}"


class GmsslEngine:
    """The reference, and the fallback."""

    name = "gmssl"
    constant_time = False

    def __init__(self) -> None:
        self.arithmetic = GmsslArithmetic()

    def public_point(self, scalar: bytes) -> bytes:
        """The point x‖y of a private key."""
        return _multiply(int.from_bytes(scalar, "big"), _BASE_POINT)

    def private_key(self, scalar: bytes, point: bytes) -> "GmsslPrivateKey":
        """Parses a private key."""
        return GmsslPrivateKey(scalar, point)

    def public_key(self, point: bytes) -> "GmsslPublicKey":
        """Parses a public key."""
        return GmsslPublicKey(point)


class GmsslArithmetic:
    """Points and scalars in Python's integers: not constant-time, and exact."""

    def multiply(self, scalar: bytes, point: bytes | None = None) -> bytes:
        """[scalar]point, and [scalar]G without a point."""
        number = int.from_bytes(scalar, "big")
        if number % N == 0:
            raise InvalidKey
        return _multiply(number, point.hex() if point is not None else _BASE_POINT)

    def add(self, one: bytes, other: bytes) -> bytes:
        """The sum, by the affine formulas of GB/T 32918.1 §3.2.3.1."""
        x1, y1, x2, y2 = (int.from_bytes(half, "big") for half in (one[:32], one[32:], other[:32], other[32:]))
        if x1 == x2 and (y1 + y2) % P == 0:
            raise InvalidKey
        slope = (3 * x1 * x1 + A) * pow(2 * y1, -1, P) if one == other else (y2 - y1) * pow(x2 - x1, -1, P)
        x = (slope * slope - x1 - x2) % P
        return x.to_bytes(32, "big") + ((slope * (x1 - x) - y1) % P).to_bytes(32, "big")

    def combine(self, base_scalar: bytes, scalar: bytes, point: bytes) -> bytes:
        """[base_scalar]G + [scalar]point."""
        return self.add(self.multiply(base_scalar), self.multiply(scalar, point))

    def product(self, one: bytes, other: bytes) -> bytes:
        """one · other modulo n."""
        return (int.from_bytes(one, "big") * int.from_bytes(other, "big") % N).to_bytes(32, "big")

    def sum(self, one: bytes, other: bytes) -> bytes:
        """one + other modulo n."""
        return ((int.from_bytes(one, "big") + int.from_bytes(other, "big")) % N).to_bytes(32, "big")

    def inverse(self, scalar: bytes) -> bytes:
        """scalar⁻¹ modulo n."""
        number = int.from_bytes(scalar, "big")
        if number % N == 0:
            raise InvalidKey
        return pow(number, -1, N).to_bytes(32, "big")


class GmsslPrivateKey:
    """Signs and decrypts."""

    def __init__(self, scalar: bytes, point: bytes) -> None:
        self._scalar = int.from_bytes(scalar, "big")
        self._point = point
        self._curve = _curve(private_key=scalar.hex())

    def sign(self, message: bytes, signer_id: bytes) -> bytes:
        """r‖s over SM3(Z ‖ message)."""
        digest = digest_for_signature(self._point, message, signer_id)
        while True:
            # GB/T 32918.2 §6.1 A3, A5, A6: a nonce in [1, n-1]; another one if r = 0, r + k = n or s = 0.
            signature = self._curve.sign(digest, f"{_nonce():064x}")
            if signature is not None:
                return bytes.fromhex(signature)

    def decrypt(self, c1: bytes, c3: bytes, c2: bytes) -> bytes:
        """GB/T 32918.4 §7.1."""
        shared = _multiply(self._scalar, c1.hex())
        mask = sm3.kdf(shared, len(c2))
        plaintext = bytes(a ^ b for a, b in zip(c2, mask, strict=True))
        # B4 and B6: an all-zero mask, or a C3 that does not fit, is an error and tells nothing more.
        fits = compare_digest(c3, sm3.digest(shared[:32] + plaintext + shared[32:]))
        if not (fits and any(mask)):
            raise DecryptionFailed
        return plaintext


class GmsslPublicKey:
    """Verifies and encrypts."""

    def __init__(self, point: bytes) -> None:
        self._point = point
        self._curve = _curve(public_key=point.hex())

    def verify(self, message: bytes, signature: bytes, signer_id: bytes) -> None:
        """GB/T 32918.2 §7.1, the ranges being checked already."""
        digest = digest_for_signature(self._point, message, signer_id)
        try:
            accepted = self._curve.verify(signature.hex(), digest)
        except (TypeError, ValueError):
            # Inside, a sum that is the point at infinity comes back as None and is sliced: no signature has one.
            accepted = False
        if accepted is not True:
            raise InvalidSignature

    def encrypt(self, plaintext: bytes) -> tuple[bytes, bytes, bytes]:
        """GB/T 32918.4 §6.1."""
        while True:
            nonce = _nonce()
            shared = _multiply(nonce, self._point.hex())
            mask = sm3.kdf(shared, len(plaintext))
            if any(mask):  # A5: an all-zero mask would send the plaintext in clear
                c2 = bytes(a ^ b for a, b in zip(plaintext, mask, strict=True))
                return _multiply(nonce, _BASE_POINT), sm3.digest(shared[:32] + plaintext + shared[32:]), c2


def _curve(private_key: str = "", public_key: str = "") -> CryptSM2:
    curve = CryptSM2(private_key=private_key, public_key="")
    curve.public_key = public_key  # past the constructor, which strips every leading 0 and 4
    return curve


def _nonce() -> int:
    return secrets.randbelow(N - 1) + 1


def _multiply(scalar: int, point: str) -> bytes:
    return bytes.fromhex(_curve()._kg(scalar, point))
