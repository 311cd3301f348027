"""Search filters: read once as text (RFC 4515), made into what goes over the wire with a person's values in their places.

A value is never text of a filter. It is put into the parsed filter as the bytes of an assertion, so that no character in it can
mean anything; ``text`` is for showing, and escapes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from idp.crypto.der.writer import element, octets
from idp.i18n import N_

PLACES = ("number", "email", "phone", "person")
MAX_FILTER, MAX_DEPTH = 1000, 8
_PLACE = re.compile(r"\{([a-z]+)\}")
_DESCRIPTION = re.compile(r"[A-Za-z][A-Za-z0-9-]*(;[A-Za-z0-9-]+)*|[0-9]+(\.[0-9]+)+(;[A-Za-z0-9-]+)*")  # RFC 4512 §2.5
_HEX = re.compile(r"\\([0-9A-Fa-f]{2})")

# RFC 4511 §4.5.1.7: the choices of Filter.
_AND, _OR, _NOT, _EQUAL, _SUBSTRINGS = 0xA0, 0xA1, 0xA2, 0xA3, 0xA4
_GREATER, _LESS, _PRESENT, _APPROXIMATE, _EXTENSIBLE = 0xA5, 0xA6, 0x87, 0xA8, 0xA9
_JOINS = {"&": _AND, "|": _OR, "!": _NOT}
_COMPARISONS = {">=": _GREATER, "<=": _LESS, "~=": _APPROXIMATE, "=": _EQUAL}
_ITEM = re.compile(r"([^=<>~:()]+)(?::([A-Za-z0-9.-]+))?(:=|>=|<=|~=|=)(.*)", re.DOTALL)


class InvalidFilter(ValueError):
    """Not a filter as RFC 4515 has it. ``reason`` is a message to translate."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Joined:
    """``&``, ``|`` or ``!`` over others."""

    tag: int
    parts: tuple["Filter", ...]

    def encode(self, values: Mapping[str, str]) -> bytes:
        """As it goes over the wire."""
        return element(self.tag, b"".join(part.encode(values) for part in self.parts))

    def text(self, values: Mapping[str, str]) -> str:
        """As people write it."""
        sign = next(sign for sign, tag in _JOINS.items() if tag == self.tag)
        return f"({sign}{''.join(part.text(values) for part in self.parts)})"


@dataclass(frozen=True)
class Item:
    """A comparison: ``attribute``, what kind, and the value with its places; ``rule`` is the matching rule of an extensible one."""

    attribute: str
    tag: int
    value: str
    rule: str = ""

    def encode(self, values: Mapping[str, str]) -> bytes:
        """As it goes over the wire."""
        attribute = octets(self.attribute.encode())
        if self.tag == _PRESENT:
            return element(_PRESENT, self.attribute.encode())
        if self.tag == _SUBSTRINGS:
            first, *middle, last = [_filled(part, values) for part in self.value.split("*")]
            parts = [element(0x80, first)] if first else []
            parts += [element(0x81, one) for one in middle if one]
            parts += [element(0x82, last)] if last else []
            return element(_SUBSTRINGS, attribute + element(0x30, b"".join(parts)))
        if self.tag == _EXTENSIBLE:
            rule = element(0x81, self.rule.encode()) + element(0x82, self.attribute.encode())
            return element(_EXTENSIBLE, rule + element(0x83, _filled(self.value, values)))
        return element(self.tag, attribute + octets(_filled(self.value, values)))

    def text(self, values: Mapping[str, str]) -> str:
        """As people write it, values escaped (RFC 4515 §3)."""
        shown = _PLACE.sub(lambda place: escaped(values[place[1]]), self.value)
        if self.tag == _EXTENSIBLE:
            return f"({self.attribute}:{self.rule}:={shown})"
        signs = {tag: sign for sign, tag in _COMPARISONS.items()}
        return f"({self.attribute}{signs.get(self.tag, '=')}{shown})"


Filter = Joined | Item


def parse(text: str) -> Filter:
    """Reads a filter. Raises :class:`InvalidFilter`."""
    if len(text) > MAX_FILTER:
        raise InvalidFilter(N_("the filter is too long"))
    found, rest = _read(text.strip(), 0)
    if rest:
        raise InvalidFilter(N_("the filter goes on after its last bracket"))
    return found


def places(text: str) -> set[str]:
    """The places for values in a text. Raises :class:`InvalidFilter` for one that does not exist."""
    found = {place[1] for place in _PLACE.finditer(text)}
    if not found <= set(PLACES):
        raise InvalidFilter(N_("the places for values are {number}, {email}, {phone} and {person}"))
    return found


def escaped(value: str) -> str:
    r"""A value as it stands in a filter: RFC 4515 §3, ``* ( ) \`` and NUL, and whatever is not printable ASCII, as ``\XX``."""
    return "".join(
        chr(byte) if 0x20 <= byte < 0x7F and byte not in b"*()\\" else f"\\{byte:02x}" for byte in value.encode("utf-8", "replace")
    )


def _read(text: str, depth: int) -> tuple[Filter, str]:
    if depth > MAX_DEPTH or not text.startswith("("):
        raise InvalidFilter(N_("a filter is written in brackets, like (uid={number})"))
    kind = _JOINS.get(text[1:2])
    if kind is None:
        inside, closed, rest = text[1:].partition(")")
        if not closed:
            raise InvalidFilter(N_("a bracket of the filter is not closed"))
        return _item(inside), rest
    parts, rest = [], text[2:]
    while rest.startswith("("):
        part, rest = _read(rest, depth + 1)
        parts.append(part)
    if not rest.startswith(")") or not parts or (kind == _NOT and len(parts) > 1):
        raise InvalidFilter(N_("a bracket of the filter is not closed"))
    return Joined(kind, tuple(parts)), rest[1:]


def _item(text: str) -> Item:
    found = _ITEM.fullmatch(text)
    if found is None or not _DESCRIPTION.fullmatch(found[1]):
        raise InvalidFilter(N_("a filter is written in brackets, like (uid={number})"))
    attribute, rule, sign, value = found[1], found[2] or "", found[3], found[4]
    bare = _HEX.sub("", value)
    if "\\" in bare or "(" in bare or "\x00" in value:
        raise InvalidFilter(N_("the characters ( ) * \\ stand in a value as \\28 \\29 \\2a \\5c"))
    places(value)
    if (sign == ":=") != bool(rule) or (sign != "=" and "*" in value):
        raise InvalidFilter(N_("this kind of filter is not supported"))
    if rule:
        return Item(attribute, _EXTENSIBLE, value, rule)
    if sign == "=" and value == "*":
        return Item(attribute, _PRESENT, value)
    if sign == "=" and "*" in value:
        return Item(attribute, _SUBSTRINGS, value)
    return Item(attribute, _COMPARISONS[sign], value)


def _filled(text: str, values: Mapping[str, str]) -> bytes:
    """A value's bytes: what was escaped in the filter's text, and the places."""
    done, position = b"", 0
    for place in _PLACE.finditer(text):
        done += _unescaped(text[position : place.start()]) + values[place[1]].encode("utf-8", "replace")
        position = place.end()
    return done + _unescaped(text[position:])


def _unescaped(text: str) -> bytes:
    return b"".join(
        bytes.fromhex(part) if index % 2 else part.encode("utf-8", "replace") for index, part in enumerate(_HEX.split(text))
    )
