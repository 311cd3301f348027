"""The recommended curve of GB/T 32918.5, and what every engine must check before it multiplies."""

from idp.crypto.errors import InvalidKey

# GB/T 32918.5 §2: y² = x³ + ax + b over F_p, base point (GX, GY) of prime order N.
P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
GX = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
GY = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0

POINT_BYTES = 64
SCALAR_BYTES = 32


def check_point(point: bytes) -> None:
    """Refuses what is not ``x‖y`` of a point of the curve other than infinity. Raises :class:`InvalidKey`.

    The curve's cofactor is 1, so a point of the curve is a point of the group: nothing else needs checking.
    """
    if len(point) != POINT_BYTES:
        raise InvalidKey
    x, y = int.from_bytes(point[:32], "big"), int.from_bytes(point[32:], "big")
    if x >= P or y >= P or (y * y - (x * x * x + A * x + B)) % P != 0:
        raise InvalidKey


def check_scalar(scalar: int) -> None:
    """Refuses a private key outside [1, n-2]. Raises :class:`InvalidKey`.

    GB/T 32918.1 §6.1: d = n-1 is excluded because (1 + d) would have no inverse.
    """
    if not 1 <= scalar <= N - 2:
        raise InvalidKey


def in_signature_range(r: int, s: int) -> bool:
    """Whether r and s may be parts of a signature. GB/T 32918.2 §7.1 B1, B2 and B5: both in [1, n-1], r + s not 0 modulo n."""
    return 1 <= r < N and 1 <= s < N and (r + s) % N != 0
