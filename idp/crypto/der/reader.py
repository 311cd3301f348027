"""A reader that accepts only what DER allows (X.690 §10, §11), and says at which byte it stopped."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache

from idp.crypto.der import tags
from idp.crypto.errors import MalformedDER

MAX_DEPTH = 24  # a certificate nests about ten deep; our policy
MAX_OID_BYTES = 64
_LONG_FORM = 0x80
_PRINTABLE = re.compile(r"[A-Za-z0-9 '()+,\-./:=?]*")  # X.680 §41.4
_ENCODING = {tags.UTF8_STRING: "utf-8", tags.PRINTABLE_STRING: "ascii", tags.IA5_STRING: "ascii"}


class Reader:
    """A place in ``data``, up to ``end``. Every method reads the next element and steps over it, or raises ``MalformedDER``.

    Readers of what is nested share the data, so that an offset always counts from the start of the whole.
    """

    __slots__ = ("data", "depth", "end", "position")

    def __init__(self, data: bytes, *, limit: int, start: int = 0, end: int | None = None, depth: int = 0) -> None:
        """``limit`` is the most bytes that this format may have; more is refused before anything is read."""
        self.data = data
        self.position = start
        self.end = len(data) if end is None else end
        self.depth = depth
        if self.end - start > limit:
            raise MalformedDER(start, f"more than {limit} bytes")
        if depth > MAX_DEPTH:
            raise MalformedDER(start, f"nested more than {MAX_DEPTH} deep")

    # --- Where we are -------------------------------------------------------------------------------------------------

    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self.position >= self.end

    def next_is(self, tag: int) -> bool:
        """Whether the next element has this tag. OPTIONAL and CHOICE are decided by it."""
        return self.position < self.end and self.data[self.position] == tag

    def finish(self) -> None:
        """Demands that nothing is left: a structure is read to its last byte."""
        if self.position != self.end:
            raise MalformedDER(self.position, "bytes after the last element")

    def fail(self, reason: str, at: int | None = None) -> MalformedDER:
        """The error to raise for a value that is encoded well and still not allowed here."""
        return MalformedDER(self.position if at is None else at, reason)

    def check_form(self) -> None:
        """Demands that what is left is elements in their one form, without stepping over them."""
        ahead = Reader(self.data, limit=self.end, start=self.position, end=self.end, depth=self.depth)
        while not ahead.at_end():
            ahead.any_element()

    # --- Elements -----------------------------------------------------------------------------------------------------

    def take(self, tag: int) -> int:
        """Steps over the next element, which must have this tag; where its content starts. It ends at ``position``."""
        data, at = self.data, self.position
        if at + 2 > self.end:
            raise MalformedDER(at, "the data ends where an element is due")
        if data[at] != tag:
            raise MalformedDER(at, f"tag {data[at]:02x} where {tag:02x} is due")
        length, start = data[at + 1], at + 2
        if length >= _LONG_FORM:
            count = length & 0x7F
            start += count
            # X.690 §10.1: the shortest form of the length, and never the indefinite one.
            if not 1 <= count <= 4 or start > self.end or data[at + 2] == 0:
                raise MalformedDER(at + 1, "a length that is not the shortest")
            length = int.from_bytes(data[at + 2 : start], "big")
            if length < _LONG_FORM:
                raise MalformedDER(at + 1, "a length that is not the shortest")
        stop = start + length
        if stop > self.end:
            raise MalformedDER(at + 1, "longer than what holds it")
        self.position = stop
        return start

    def nested(self, tag: int) -> "Reader":
        """A reader of the content of the next element."""
        start = self.take(tag)
        return self._inside(start, self.position, self.depth + 1)

    def _inside(self, start: int, end: int, depth: int) -> "Reader":
        # What lies within us is within our limit: only the depth is left to be looked at.
        if depth > MAX_DEPTH:
            raise MalformedDER(start, f"nested more than {MAX_DEPTH} deep")
        inner = Reader.__new__(Reader)
        inner.data, inner.position, inner.end, inner.depth = self.data, start, end, depth
        return inner

    def sequence(self) -> "Reader":
        """A reader of the content of a SEQUENCE."""
        return self.nested(tags.SEQUENCE)

    def set_of(self, tag: int = tags.SET) -> Iterator["Reader"]:
        """For each element of a SET OF, a reader standing before it. Empty sets are the caller's matter.

        X.690 §11.6: in ascending order of their encodings; two alike stand in no set of these formats.
        """
        previous = b""
        for one in self.elements(tag):
            element = one.data[one.position : one.end]
            if element <= previous:
                raise MalformedDER(one.position, "a set that is not in order")
            previous = element
            yield one

    def elements(self, tag: int = tags.SET) -> Iterator["Reader"]:
        """The same in whatever order: for the sets that others write as they come, where nothing signed depends on it."""
        inner = self.nested(tag)
        while not inner.at_end():
            at = inner.position
            inner.take(inner.data[at])
            yield inner._inside(at, inner.position, inner.depth)

    def explicit(self, number: int) -> "Reader":
        """A reader of what stands in ``[number] EXPLICIT``."""
        return self.nested(tags.context(number, constructed=True))

    def optional_explicit(self, number: int) -> "Reader | None":
        """The same, or nothing where the next element is another."""
        return self.explicit(number) if self.next_is(tags.context(number, constructed=True)) else None

    def octets_holding_der(self) -> "Reader":
        """A reader of the DER inside an OCTET STRING, as extensions have it."""
        return self.nested(tags.OCTET_STRING)

    def any_element(self) -> bytes:
        """The whole encoding of the next element, whatever it is; its inside is checked to be well-formed too."""
        at = self.position
        if self.at_end():
            raise MalformedDER(at, "the data ends where an element is due")
        tag = self.data[at]
        if tag & 0x1F == 0x1F:
            raise MalformedDER(at, "a tag number above thirty")
        if tag & 0x20:
            inner = self.nested(tag)
            while not inner.at_end():
                inner.any_element()
        else:
            self.take(tag)
        return self.data[at : self.position]

    # --- Values -------------------------------------------------------------------------------------------------------

    def content(self, tag: int) -> bytes:
        """The content of the next element."""
        start = self.take(tag)
        return self.data[start : self.position]

    def integer(self, tag: int = tags.INTEGER) -> int:
        """An INTEGER of any sign."""
        start = self.take(tag)
        data, length = self.data, self.position - start
        # X.690 §8.3.2: no more bytes than needed: the first nine bits are neither all zero nor all one.
        if length == 0 or (length > 1 and data[start] in (0, 0xFF) and (data[start] ^ data[start + 1]) & 0x80 == 0):
            raise MalformedDER(start, "an integer that is not the shortest")
        return int.from_bytes(data[start : self.position], "big", signed=True)

    def small_integer(self, limit: int, tag: int = tags.INTEGER) -> int:
        """An INTEGER from 0 to ``limit``."""
        at = self.position
        number = self.integer(tag)
        if not 0 <= number <= limit:
            raise MalformedDER(at, f"a number outside 0 to {limit}")
        return number

    def version(self, *allowed: int) -> int:
        """An INTEGER that is one of ``allowed``."""
        at = self.position
        number = self.integer()
        if number not in allowed:
            raise MalformedDER(at, "a version that is not known here")
        return number

    def enumerated(self) -> int:
        """An ENUMERATED that is not negative."""
        return self.small_integer(0xFFFF, tags.ENUMERATED)

    def boolean(self, tag: int = tags.BOOLEAN) -> bool:
        """A BOOLEAN."""
        start = self.take(tag)
        value = self.data[start : self.position]
        if value not in (b"\x00", b"\xff"):  # X.690 §11.1: true is all ones
            raise MalformedDER(start, "a boolean that is neither 00 nor ff")
        return value == b"\xff"

    def default_false(self, tag: int = tags.BOOLEAN) -> bool:
        """``BOOLEAN DEFAULT FALSE``."""
        if not self.next_is(tag):
            return False
        at = self.position
        if not self.boolean(tag):
            raise MalformedDER(at, "a default that is written out")  # X.690 §11.5
        return True

    def null(self) -> None:
        """A NULL."""
        start = self.take(tags.NULL)
        if self.position != start:
            raise MalformedDER(start, "a NULL with content")

    def octets(self, tag: int = tags.OCTET_STRING) -> bytes:
        """An OCTET STRING."""
        return self.content(tag)

    def bit_string(self, tag: int = tags.BIT_STRING) -> bytes:
        """A BIT STRING of whole bytes."""
        start = self.take(tag)
        if self.position == start or self.data[start] != 0:
            raise MalformedDER(start, "a bit string that is not of whole bytes")
        return self.data[start + 1 : self.position]

    def named_bits(self, tag: int = tags.BIT_STRING) -> frozenset[int]:
        """The numbers of the bits that are set in a BIT STRING with named bits."""
        start = self.take(tag)
        content = self.data[start : self.position]
        unused = content[0] if content else 8
        body = content[1:]
        # X.690 §11.2: bits that are not used are zero, and no trailing zero bit is written.
        if (
            unused > 7
            or (not body and unused)
            or (body and not body[-1] >> unused & 1)
            or (body and body[-1] & ((1 << unused) - 1))
        ):
            raise MalformedDER(start, "named bits that are not in their one form")
        return frozenset(8 * i + bit for i, byte in enumerate(body) for bit in range(8) if byte & 0x80 >> bit)

    def oid(self, tag: int = tags.OBJECT_IDENTIFIER) -> str:
        """An OBJECT IDENTIFIER, dotted."""
        start = self.take(tag)
        try:
            return _dotted(self.data[start : self.position])
        except ValueError:
            raise MalformedDER(start, "an object identifier that is not in its one form") from None

    def text(self, tag: int) -> str:
        """A UTF8String, PrintableString or IA5String; which one is told by ``tag``."""
        return self.text_as(tag, tag)

    def text_as(self, kind: int, tag: int) -> str:
        """The same under an implicit ``tag``."""
        start = self.take(tag)
        try:
            text = self.data[start : self.position].decode(_ENCODING[kind])
        except UnicodeDecodeError:
            raise MalformedDER(start, "bytes that are not text of their type") from None
        if kind == tags.PRINTABLE_STRING and _PRINTABLE.fullmatch(text) is None:
            raise MalformedDER(start, "a character that PrintableString has not")
        return text

    def time(self) -> datetime:
        """A moment as RFC 5280 §4.1.2.5 has it: UTCTime through 2049, GeneralizedTime after, in seconds and in UTC."""
        if not self.next_is(tags.UTC_TIME):
            at = self.position
            moment = self.generalized_time()
            if moment.year < 2050:
                raise MalformedDER(at, "a GeneralizedTime before 2050")
            return moment
        start = self.take(tags.UTC_TIME)
        try:
            return _moment(self.data[start : self.position], 2)
        except ValueError:
            raise MalformedDER(start, "not a time") from None

    def generalized_time(self, tag: int = tags.GENERALIZED_TIME) -> datetime:
        """A GeneralizedTime in seconds and in UTC (RFC 5280 §4.1.2.5.2: without fractions)."""
        start = self.take(tag)
        try:
            return _moment(self.data[start : self.position], 4)
        except ValueError:
            raise MalformedDER(start, "not a time") from None


@lru_cache(maxsize=2048)
def _moment(content: bytes, year_digits: int) -> datetime:
    text = content.decode("ascii")
    if len(text) != year_digits + 11 or text[-1] != "Z" or not text[:-1].isdecimal():
        raise ValueError(text)
    year = int(text[:year_digits])
    if year_digits == 2:
        year += 2000 if year < 50 else 1900  # RFC 5280 §4.1.2.5.1
    rest = text[year_digits:-1]
    month, day, hour, minute, second = (int(rest[i : i + 2]) for i in range(0, 10, 2))
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


@lru_cache(maxsize=1024)
def _dotted(content: bytes) -> str:
    if not content or len(content) > MAX_OID_BYTES or content[-1] & 0x80:
        raise ValueError(content)
    arcs, number, starts = [], 0, True
    for byte in content:
        if starts and byte == 0x80:  # X.690 §8.19.2: the fewest bytes
            raise ValueError(content)
        number = number << 7 | byte & 0x7F
        starts = not byte & 0x80
        if starts:
            arcs.append(number)
            number = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))
