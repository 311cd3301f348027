"""Shamir's sharing of a secret (Communications of the ACM 22/11, 1979), byte by byte over GF(2⁸) with x⁸+x⁴+x³+x+1.

The field is that of AES (FIPS 197 §4), the secret stands at x = 0, and the shares at x = 1, 2, …: other implementations do the
same, and a test lets one read ours. No table is looked up and nothing branches by a secret.
"""

import secrets
from collections.abc import Mapping
from functools import reduce

MAX_SHARES = 255


def split(secret: bytes, *, shares: int, threshold: int) -> dict[int, bytes]:
    """``shares`` shares by their x, of which any ``threshold`` give the secret back. Raises ``ValueError`` for other numbers."""
    if not 2 <= threshold <= shares <= MAX_SHARES:
        raise ValueError((threshold, shares))
    # Every coefficient is uniform, the highest too: if it could not be zero, a share would tell something.
    coefficients = [secret, *(secrets.token_bytes(len(secret)) for _ in range(threshold - 1))]
    return {x: bytes(_value(place, x) for place in zip(*coefficients, strict=True)) for x in range(1, shares + 1)}


def combine(shares: Mapping[int, bytes]) -> bytes:
    """The value at x = 0 of the polynomials through ``shares``. It is the secret only where they are enough and belong together:
    nothing here can tell.
    """
    basis = {x: reduce(_multiply, (_multiply(o, _inverse(o ^ x)) for o in shares if o != x), 1) for x in shares}
    terms = (bytes(_multiply(byte, basis[x]) for byte in share) for x, share in shares.items())
    return reduce(lambda one, other: bytes(a ^ b for a, b in zip(one, other, strict=True)), terms)


def _value(coefficients: tuple[int, ...], x: int) -> int:
    return reduce(lambda value, coefficient: _multiply(value, x) ^ coefficient, reversed(coefficients), 0)


def _multiply(one: int, other: int) -> int:
    product = 0
    for bit in range(8):
        product ^= one & -(other >> bit & 1)
        one = (one << 1) ^ (0x11B & -(one >> 7))
    return product


def _inverse(value: int) -> int:
    """value²⁵⁴: the inverse, because value²⁵⁵ is 1."""
    result = 1
    for _ in range(7):
        value = _multiply(value, value)
        result = _multiply(result, value)
    return result
