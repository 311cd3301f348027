"""What DER allows is read; everything else is refused, with the byte at which it went wrong."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.crypto.der import AlgorithmIdentifier, Reader, tags, writer
from idp.crypto.errors import MalformedDER


def reader(data: bytes) -> Reader:
    return Reader(data, limit=1 << 16)


REFUSED: list[tuple[str, str, Callable[[Reader], object], int]] = [
    ("nothing at all", "", Reader.integer, 0),
    ("a tag without a length", "02", Reader.integer, 0),
    ("another tag", "040100", Reader.integer, 0),
    ("content longer than the data", "020200", Reader.integer, 1),
    ("the indefinite length", "30800000", Reader.sequence, 1),
    ("a long length for a short content", "04810100", Reader.octets, 1),
    ("a length with a leading zero", "0482008000", Reader.octets, 1),
    ("a length of five bytes", "04850000000001ff", Reader.octets, 1),
    ("a length cut short", "0482", Reader.octets, 1),
    ("an empty integer", "0200", Reader.integer, 2),
    ("an integer with a zero too many", "02020005", Reader.integer, 2),
    ("a negative integer with an ff too many", "0202ffff", Reader.integer, 2),
    ("a boolean that is 01", "010101", Reader.boolean, 2),
    ("a boolean of two bytes", "0102ffff", Reader.boolean, 2),
    ("a default that is written out", "010100", Reader.default_false, 0),
    ("a NULL with content", "050100", Reader.null, 2),
    ("a bit string with unused bits where whole bytes are due", "030201fe", Reader.bit_string, 2),
    ("a bit string without its first byte", "0300", Reader.bit_string, 2),
    ("named bits with a trailing zero bit", "03020680", Reader.named_bits, 2),
    ("named bits with unused bits that are set", "03020781", Reader.named_bits, 2),
    ("named bits of no bytes that claim unused ones", "030101", Reader.named_bits, 2),
    ("named bits with eight unused", "03020880", Reader.named_bits, 2),
    ("an empty object identifier", "0600", Reader.oid, 2),
    ("an object identifier cut in the middle of an arc", "0601a0", Reader.oid, 2),
    ("an arc with a leading zero group", "0603558003", Reader.oid, 2),
    ("an UTCTime without seconds", "170b323630313031303030305a"[:4] + "323630313031303030305a", Reader.time, 2),
    ("an UTCTime with an offset", "1711" + b"260101000000+0800".hex(), Reader.time, 2),
    ("a day that does not exist", "170d" + b"260230000000Z".hex(), Reader.time, 2),
    ("a second that does not exist", "170d" + b"260101000060Z".hex(), Reader.time, 2),
    ("digits that are not ASCII", "1710" + "26010100000٣Z".encode().hex().ljust(32, "0"), Reader.time, 2),
    ("a GeneralizedTime before 2050", "180f" + b"20260101000000Z".hex(), Reader.time, 0),
    ("a GeneralizedTime with a fraction", "1811" + b"20260101000000.5Z".hex(), Reader.generalized_time, 2),
    ("a tag number above thirty", "1f81010100", Reader.any_element, 0),
    ("a broken element inside one that is passed over", "300302020005"[:10], Reader.any_element, 3),
]


@pytest.mark.parametrize(("data", "read", "offset"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_refused_with_its_offset(data: str, read: Callable[[Reader], object], offset: int) -> None:
    with pytest.raises(MalformedDER) as refused:
        read(reader(bytes.fromhex(data)))
    assert refused.value.offset == offset
    assert refused.value.detail


def test_an_offset_inside_counts_from_the_start_of_the_whole() -> None:
    inner = reader(bytes.fromhex("3005300302020005"[:14])).sequence()
    with pytest.raises(MalformedDER) as refused:
        inner.sequence().integer()
    assert refused.value.offset == 5


def test_text_must_be_of_its_type() -> None:
    for tag, content in ((tags.PRINTABLE_STRING, b"a@b"), (tags.IA5_STRING, b"\xe9"), (tags.UTF8_STRING, b"\xed\xa0\x80")):
        with pytest.raises(MalformedDER):
            reader(writer.element(tag, content)).text(tag)


def test_bytes_behind_the_last_element_are_refused() -> None:
    whole = reader(b"\x05\x00\x00")
    whole.null()
    with pytest.raises(MalformedDER):
        whole.finish()


def test_a_set_out_of_order_is_refused() -> None:
    with pytest.raises(MalformedDER):
        list(reader(bytes.fromhex("3106020102020101")).set_of())


def test_a_set_with_an_element_twice_is_refused() -> None:
    with pytest.raises(MalformedDER):
        list(reader(bytes.fromhex("3106020101020101")).set_of())


def test_more_bytes_than_the_format_may_have_are_refused_before_anything_is_read() -> None:
    with pytest.raises(MalformedDER):
        Reader(bytes(11), limit=10)


def test_what_is_nested_too_deep_is_refused() -> None:
    data = b""
    for _ in range(200):
        data = writer.sequence(data)
    with pytest.raises(MalformedDER):
        reader(data).any_element()


@given(st.integers(-(2**256), 2**256))
def test_every_integer_is_read_as_it_was_written(number: int) -> None:
    assert reader(writer.integer(number)).integer() == number


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=6), st.integers(0, 2), st.integers(0, 39))
def test_every_object_identifier_is_read_as_it_was_written(arcs: list[int], first: int, second: int) -> None:
    dotted = ".".join(map(str, (first, second, *arcs)))
    assert reader(writer.oid(dotted)).oid() == dotted


@given(st.frozensets(st.integers(0, 40)))
def test_named_bits_are_read_as_they_were_written(numbers: frozenset[int]) -> None:
    assert reader(writer.named_bits(numbers)).named_bits() == numbers


@given(st.datetimes(datetime(1950, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds of the strategy
def test_every_moment_is_read_as_it_was_written(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    assert reader(writer.time(moment)).time() == moment


@given(st.binary(max_size=40))
def test_what_is_passed_over_as_any_element_is_what_the_writer_writes(data: bytes) -> None:
    found = reader(data)
    try:
        element = found.any_element()
    except MalformedDER:
        return
    head = 2 if element[1] < 0x80 else 2 + (element[1] & 0x7F)
    assert writer.element(element[0], element[head:]) == element == data[: found.position]


def test_absent_and_null_parameters_mean_the_same_and_stay_what_they_are() -> None:
    for algorithm in (AlgorithmIdentifier("1.2.3"), AlgorithmIdentifier("1.2.3", writer.NULL)):
        assert algorithm.without_parameters
        assert AlgorithmIdentifier.read(reader(algorithm.encode())) == algorithm
