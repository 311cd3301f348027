"""The digest that an SM2 signature signs: SM3 over the signer's Z value and the message."""

from functools import lru_cache

from idp.crypto import sm3
from idp.crypto.curve import GX, GY, A, B
from idp.crypto.errors import InvalidKey

_CURVE = b"".join(number.to_bytes(32, "big") for number in (A, B, GX, GY))
MAX_ID_BYTES = 8191  # its length in bits is written in two bytes


@lru_cache(maxsize=1024)
def z_value(point: bytes, signer_id: bytes) -> bytes:
    """GB/T 32918.2 §5.5: Z = SM3(bits of the ID ‖ ID ‖ a ‖ b ‖ x_G ‖ y_G ‖ x_A ‖ y_A), computed once for a key."""
    if len(signer_id) > MAX_ID_BYTES:
        raise InvalidKey
    return sm3.digest((len(signer_id) * 8).to_bytes(2, "big") + signer_id + _CURVE + point)


def digest_for_signature(point: bytes, message: bytes, signer_id: bytes) -> bytes:
    """e = SM3(Z ‖ message), 32 bytes (GB/T 32918.2 §6.1 A1, A2)."""
    return sm3.digest(z_value(point, signer_id) + message)
