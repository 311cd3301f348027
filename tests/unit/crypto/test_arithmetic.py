"""Points and scalars: both engines come to the same, at the edges too, and keep the laws of the group."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.crypto import engines
from idp.crypto.curve import GX, GY, N, P
from idp.crypto.engines import Engine
from idp.crypto.errors import InvalidKey

BASE = GX.to_bytes(32, "big") + GY.to_bytes(32, "big")
MINUS_BASE = GX.to_bytes(32, "big") + (P - GY).to_bytes(32, "big")
EDGES = (1, 2, 3, 2**32, 2**64 - 1, 2**128, N // 2, N - 2, N - 1)

numbers = st.integers(1, N - 1)


def scalar(number: int) -> bytes:
    return number.to_bytes(32, "big")


@pytest.mark.parametrize("one", EDGES)
def test_the_engines_agree_at_the_edges(one: int) -> None:
    slow, fast = (engines.load(name).arithmetic for name in ("gmssl", "libcrypto"))
    point = fast.multiply(scalar(7))
    assert slow.multiply(scalar(one)) == fast.multiply(scalar(one))
    assert slow.multiply(scalar(one), point) == fast.multiply(scalar(one), point)
    assert slow.inverse(scalar(one)) == fast.inverse(scalar(one))
    for other in EDGES:
        assert slow.product(scalar(one), scalar(other)) == fast.product(scalar(one), scalar(other)) == scalar(one * other % N)
        assert slow.sum(scalar(one), scalar(other)) == fast.sum(scalar(one), scalar(other)) == scalar((one + other) % N)


@settings(max_examples=25, deadline=None)
@given(one=numbers, other=numbers)
def test_the_engines_agree_on_any_numbers(one: int, other: int) -> None:
    slow, fast = (engines.load(name).arithmetic for name in ("gmssl", "libcrypto"))
    left, right = fast.multiply(scalar(one)), fast.multiply(scalar(other))
    assert slow.multiply(scalar(one), right) == fast.multiply(scalar(one), right) == fast.multiply(scalar(one * other % N))
    if left[:32] != right[:32]:
        assert slow.add(left, right) == fast.add(left, right) == fast.multiply(scalar((one + other) % N))
    assert slow.product(scalar(one), scalar(other)) == fast.product(scalar(one), scalar(other))


def test_one_and_the_order_less_one_are_the_base_point_and_its_negative(engine: Engine) -> None:
    assert engine.arithmetic.multiply(scalar(1)) == BASE
    assert engine.arithmetic.multiply(scalar(N - 1)) == MINUS_BASE


def test_a_point_is_added_to_itself(engine: Engine) -> None:
    assert engine.arithmetic.add(BASE, BASE) == engine.arithmetic.multiply(scalar(2))


def test_a_combination_is_the_sum_of_its_parts(engine: Engine) -> None:
    point = engine.arithmetic.multiply(scalar(5))
    assert engine.arithmetic.combine(scalar(3), scalar(4), point) == engine.arithmetic.multiply(scalar(23))


def test_a_number_times_its_inverse_is_one(engine: Engine) -> None:
    assert engine.arithmetic.product(scalar(12345), engine.arithmetic.inverse(scalar(12345))) == scalar(1)


def test_infinity_is_no_point(engine: Engine) -> None:
    with pytest.raises(InvalidKey):
        engine.arithmetic.multiply(bytes(32))
    with pytest.raises(InvalidKey):
        engine.arithmetic.add(BASE, MINUS_BASE)
    with pytest.raises(InvalidKey):
        engine.arithmetic.combine(scalar(1), scalar(N - 1), BASE)


def test_nothing_has_no_inverse(engine: Engine) -> None:
    with pytest.raises(InvalidKey):
        engine.arithmetic.inverse(bytes(32))
