"""SM3 (GB/T 32905): digest, HMAC, and the two key derivations over them.

By hashlib where its OpenSSL has SM3, else by gmssl, which is some five hundred times slower. Both are held against the
standard's examples.
"""

import hashlib
import hmac as _hmac
from collections.abc import Callable
from typing import Any

DIGEST_BYTES = 32
BLOCK_BYTES = 64


def _is_native() -> bool:
    try:
        return "sm3" in hashlib.algorithms_available and bool(hashlib.new("sm3"))
    except ValueError:  # listed, but the provider that has it is not loaded
        return False


_NATIVE = _is_native()


def _sm3_of_this_machine() -> Callable[..., Any]:
    if _NATIVE:
        return lambda data=b"": hashlib.new("sm3", data)
    from idp.crypto.engines.gmssl_sm3 import GmsslSM3

    return GmsslSM3


new = _sm3_of_this_machine()


def digest(data: bytes) -> bytes:
    """The digest, 32 bytes."""
    value: bytes = new(data).digest()
    return value


def hmac(key: bytes, data: bytes) -> bytes:
    """HMAC-SM3 (GB/T 15852.2; RFC 2104 with SM3), 32 bytes."""
    return _hmac.digest(key, data, "sm3") if _NATIVE else _hmac.new(key, data, new).digest()


def kdf(shared: bytes, length: int) -> bytes:
    """``length`` bytes from a shared secret: SM3(shared ‖ counter), the counter from 1 (GB/T 32918.4 §5.4.3)."""
    blocks = -(-length // DIGEST_BYTES)
    return b"".join(digest(shared + i.to_bytes(4, "big")) for i in range(1, blocks + 1))[:length]


def pbkdf2(password: bytes, salt: bytes, iterations: int, length: int) -> bytes:
    """PBKDF2 with HMAC-SM3 (GM/T 0091-2020; RFC 8018 §5.2), ``length`` bytes.

    For key files and exchange with other systems. People's passwords are not kept this way, see :mod:`idp.crypto.passwords`.
    """
    if iterations < 1 or length < 1:
        raise ValueError("iterations and length must be positive")
    if _NATIVE:
        return hashlib.pbkdf2_hmac("sm3", password, salt, iterations, length)
    out = b""
    for block in range(1, -(-length // DIGEST_BYTES) + 1):
        u = t = hmac(password, salt + block.to_bytes(4, "big"))
        for _ in range(iterations - 1):
            u = hmac(password, u)
            t = bytes(a ^ b for a, b in zip(t, u, strict=True))
        out += t
    return out[:length]
