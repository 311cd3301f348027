"""The one encoding of each value. Values are the caller's own: a wrong one is a mistake of ours, and ends in ``ValueError``."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache

from idp.crypto.der import tags

NULL = b"\x05\x00"
TRUE = b"\x01\x01\xff"


def element(tag: int, content: bytes) -> bytes:
    """The tag, the shortest length, the content."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    if length < 0x100:
        return bytes((tag, 0x81, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE of encoded elements; an empty part is one that is absent."""
    return element(tags.SEQUENCE, b"".join(parts))


def set_of(parts: Iterable[bytes], tag: int = tags.SET) -> bytes:
    """A SET OF, in order (X.690 §11.6)."""
    return element(tag, b"".join(sorted(parts)))


def explicit(number: int, content: bytes) -> bytes:
    """``[number] EXPLICIT``."""
    return element(tags.context(number, constructed=True), content)


def implicit(number: int, encoded: bytes) -> bytes:
    """``[number] IMPLICIT`` in place of the tag of an encoded element, which stays constructed or primitive."""
    return bytes((tags.context(number) | encoded[0] & 0x20,)) + encoded[1:]


def integer(number: int, tag: int = tags.INTEGER) -> bytes:
    """An INTEGER in the fewest bytes."""
    magnitude = number if number >= 0 else ~number
    return element(tag, number.to_bytes(magnitude.bit_length() // 8 + 1, "big", signed=True))


def enumerated(number: int) -> bytes:
    """An ENUMERATED."""
    return integer(number, tags.ENUMERATED)


def default_false(value: bool, tag: int = tags.BOOLEAN) -> bytes:
    """``BOOLEAN DEFAULT FALSE``: nothing for false (X.690 §11.5)."""
    return element(tag, b"\xff") if value else b""


def octets(content: bytes) -> bytes:
    """An OCTET STRING."""
    return element(tags.OCTET_STRING, content)


def bit_string(content: bytes) -> bytes:
    """A BIT STRING of whole bytes."""
    return element(tags.BIT_STRING, b"\x00" + content)


def named_bits(numbers: Iterable[int], tag: int = tags.BIT_STRING) -> bytes:
    """A BIT STRING with named bits, without trailing zero bits (X.690 §11.2.2)."""
    wanted = set(numbers)
    if not wanted:
        return element(tag, b"\x00")
    bits = max(wanted) + 1
    body = bytearray((bits + 7) // 8)
    for number in wanted:
        body[number // 8] |= 0x80 >> number % 8
    return element(tag, bytes((-bits % 8,)) + body)


@lru_cache(maxsize=1024)
def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    first, second, *arcs = map(int, dotted.split("."))
    if first > 2 or second < 0 or (first < 2 and second > 39):
        raise ValueError(dotted)
    return element(tags.OBJECT_IDENTIFIER, b"".join(map(_arc, (40 * first + second, *arcs))))


def _arc(number: int) -> bytes:
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(0x80 | number & 0x7F)
    return bytes(reversed(groups))


def text(tag: int, value: str) -> bytes:
    """A string of the type that ``tag`` names."""
    return element(tag, value.encode("utf-8" if tag == tags.UTF8_STRING else "ascii"))


# A list of revoked certificates is mostly times, hardly two alike: put together from these in half the time of formatting.
_YEAR = tuple(b"\x17\x0d%02d" % number for number in range(100))  # always of thirteen characters
_TWO = tuple(b"%02d" % number for number in range(100))


def time(moment: datetime) -> bytes:
    """UTCTime through 2049, GeneralizedTime after (RFC 5280 §4.1.2.5)."""
    if not 1950 <= moment.year < 2050:
        return generalized_time(moment)
    at = _in_seconds(moment)
    return _YEAR[at.year % 100] + _TWO[at.month] + _TWO[at.day] + _TWO[at.hour] + _TWO[at.minute] + _TWO[at.second] + b"Z"


@lru_cache(maxsize=4096)
def generalized_time(moment: datetime) -> bytes:
    """A GeneralizedTime in whole seconds (RFC 5280 §4.1.2.5.2)."""
    moment = _in_seconds(moment)
    parts = moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second
    return element(tags.GENERALIZED_TIME, b"%04d%02d%02d%02d%02d%02dZ" % parts)


def _in_seconds(moment: datetime) -> datetime:
    if moment.tzinfo is None or moment.microsecond:
        raise ValueError("times in certificates are whole seconds with their zone")
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
