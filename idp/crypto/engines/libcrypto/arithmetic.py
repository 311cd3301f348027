"""Points and scalars by libcrypto, for protocols whose shares must not leak through time.

What is secret meets three kinds of work only: the ladder of ``EC_POINT_mul`` with one scalar, Montgomery multiplication, and a
power with a public exponent. Each takes a time that does not depend on the number (OpenSSL's own private-key operations stand
on the same three).
"""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from idp.crypto.curve import N
from idp.crypto.errors import InvalidKey

_UNCOMPRESSED = 4
_BN_FLG_CONSTTIME = 0x04
_ORDER_MINUS_2 = (N - 2).to_bytes(32, "big")


class LibcryptoArithmetic:
    """The group and its scalars. Safe to share between threads: nothing here is written to after construction."""

    def __init__(self, library: ctypes.CDLL, group: int) -> None:
        self._library = library
        self._group = group
        self._order = library.EC_GROUP_get0_order(group)
        # Both live as long as the engine, which is as long as the process.
        self._montgomery = library.BN_MONT_CTX_new()
        with self._context() as context:
            self._succeeded(library.BN_MONT_CTX_set(self._montgomery, self._order, context))

    def multiply(self, scalar: bytes, point: bytes | None = None) -> bytes:
        """[scalar]point, and [scalar]G without a point, by the ladder."""
        with self._number(scalar) as number, self._point() as result:
            if point is None:
                done = self._library.EC_POINT_mul(self._group, result, number, None, None, None)
            else:
                with self._point(point) as factor:
                    done = self._library.EC_POINT_mul(self._group, result, None, factor, number, None)
            return self._octets(done, result)

    def add(self, one: bytes, other: bytes) -> bytes:
        """The sum of two points."""
        with self._point(one) as left, self._point(other) as right, self._point() as result:
            return self._octets(self._library.EC_POINT_add(self._group, result, left, right, None), result)

    def combine(self, base_scalar: bytes, scalar: bytes, point: bytes) -> bytes:
        """[base_scalar]G + [scalar]point, public scalars only: with two of them libcrypto leaves the ladder for a faster way."""
        with (
            self._number(base_scalar) as base,
            self._number(scalar) as number,
            self._point(point) as factor,
            self._point() as result,
        ):
            return self._octets(self._library.EC_POINT_mul(self._group, result, base, factor, number, None), result)

    def product(self, one: bytes, other: bytes) -> bytes:
        """one · other modulo n: one · R, times the other, times R⁻¹."""
        lib = self._library

        def work(left: int, right: int, result: int, context: int) -> bool:
            return bool(
                lib.BN_to_montgomery(result, left, self._montgomery, context) == 1
                and lib.BN_mod_mul_montgomery(result, result, right, self._montgomery, context) == 1
            )

        return self._modulo(work, one, other)

    def sum(self, one: bytes, other: bytes) -> bytes:
        """one + other modulo n; ``BN_mod_add_quick`` subtracts the order or zero by a mask."""
        return self._modulo(
            lambda left, right, result, _: self._library.BN_mod_add_quick(result, left, right, self._order) == 1, one, other
        )

    def inverse(self, scalar: bytes) -> bytes:
        """scalar⁻¹ modulo n, which is scalar^(n-2): n is prime, and the exponent is no secret."""
        if not any(scalar):
            raise InvalidKey
        return self._modulo(
            lambda base, exponent, result, context: (
                self._library.BN_mod_exp_mont_consttime(result, base, exponent, self._order, context, self._montgomery) == 1
            ),
            scalar,
            _ORDER_MINUS_2,
        )

    def _modulo(self, work: Callable[[int, int, int, int], bool], one: bytes, other: bytes) -> bytes:
        out = ctypes.create_string_buffer(32)
        with self._number(one) as left, self._number(other) as right, self._number() as result, self._context() as context:
            self._succeeded(work(left, right, result, context))
            self._succeeded(self._library.BN_bn2binpad(result, out, 32) == 32)
        value = out.raw
        ctypes.memset(out, 0, 32)
        return value

    def _octets(self, done: int, point: int) -> bytes:
        out = ctypes.create_string_buffer(65)
        # The point at infinity has one byte only.
        self._succeeded(done == 1 and self._library.EC_POINT_point2oct(self._group, point, _UNCOMPRESSED, out, 65, None) == 65)
        return out.raw[1:]

    def _succeeded(self, done: int) -> None:
        if not done:
            self._library.ERR_clear_error()
            raise InvalidKey

    @contextmanager
    def _number(self, value: bytes = b"") -> Iterator[int]:
        number = self._library.BN_bin2bn(value, len(value), None)
        self._library.BN_set_flags(number, _BN_FLG_CONSTTIME)
        try:
            yield number
        finally:
            self._library.BN_clear_free(number)

    @contextmanager
    def _point(self, octets: bytes | None = None) -> Iterator[int]:
        point = self._library.EC_POINT_new(self._group)
        try:
            if octets is not None:
                self._succeeded(self._library.EC_POINT_oct2point(self._group, point, b"\x04" + octets, 65, None) == 1)
            yield point
        finally:
            self._library.EC_POINT_clear_free(point)

    @contextmanager
    def _context(self) -> Iterator[int]:
        context = self._library.BN_CTX_secure_new()
        try:
            yield context
        finally:
            self._library.BN_CTX_free(context)
