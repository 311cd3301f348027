"""Filters and paths (RFC 7644 §3.4.2.2, §3.5.2) into a tree. No length and no depth of nesting costs more than it is allowed to."""

import json
import re
from dataclasses import dataclass

from idp.roster.scim.errors import InvalidFilter, InvalidPath

MAX_LENGTH = 4096
MAX_DEPTH = 20
MAX_TERMS = 50
OPERATORS = ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le")

_TOKEN = re.compile(
    r"""\s*(?:(?P<bracket>[()\[\]])
        |(?P<string>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")
        |(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_.:-]))
        |(?P<word>[A-Za-z$][A-Za-z0-9$_.:-]*))""",
    re.VERBOSE,
)
_PATH = re.compile(
    r"(?P<attribute>[A-Za-z$][A-Za-z0-9$_.:-]*)(?:\[(?P<filter>.*)\](?:\.(?P<sub>[A-Za-z$][A-Za-z0-9$_-]*))?)?\Z", re.DOTALL
)

Value = str | bool | int | float | None


@dataclass(frozen=True)
class Comparison:
    """``path op value``; ``op`` is in small letters. ``pr`` (present) has no value."""

    path: str
    op: str
    value: Value = None


@dataclass(frozen=True)
class Junction:
    """``and`` or ``or`` of two or more."""

    op: str
    parts: tuple["Filter", ...]


@dataclass(frozen=True)
class Negation:
    """``not (…)``."""

    inner: "Filter"


@dataclass(frozen=True)
class Within:
    """``path[…]``: one and the same value of a multi-valued attribute fulfils what stands in brackets."""

    path: str
    inner: "Filter"


Filter = Comparison | Junction | Negation | Within


@dataclass(frozen=True)
class Target:
    """A PATCH's path: an attribute, which of its values, and which part of those."""

    path: str
    which: Filter | None = None
    sub: str | None = None


def parse(text: str) -> Filter:
    """The filter as a tree. Raises :class:`InvalidFilter`."""
    if len(text) > MAX_LENGTH:
        raise InvalidFilter("The filter is too long.")
    parser = _Parser(_tokens(text))
    found = parser.disjunction(0)
    parser.expect_end()
    return found


def parse_path(text: str) -> Target:
    """A PATCH's path. Raises :class:`InvalidPath`, or :class:`InvalidFilter` for what stands in brackets."""
    matched = _PATH.match(text.strip()) if len(text) <= MAX_LENGTH else None
    if matched is None:
        raise InvalidPath("The path cannot be read.")
    inner = matched["filter"]
    return Target(matched["attribute"], parse(inner) if inner is not None else None, matched["sub"])


def _tokens(text: str) -> list[tuple[str, str]]:
    found, position, end = [], 0, len(text.rstrip())
    while position < end:
        matched = _TOKEN.match(text, position)
        if matched is None or matched.lastgroup is None:
            raise InvalidFilter(f"The filter cannot be read at character {position + 1}.")
        found.append((matched.lastgroup, matched[matched.lastgroup]))
        position = matched.end()
    return found


class _Parser:
    """Recursive descent: ``or`` binds weaker than ``and``, ``not`` needs parentheses."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._terms = 0

    def disjunction(self, depth: int) -> Filter:
        """``a or b …``."""
        return self._junction("or", depth)

    def expect_end(self) -> None:
        """Nothing may follow."""
        if self._at < len(self._tokens):
            raise InvalidFilter("The filter goes on after its end.")

    def _junction(self, op: str, depth: int) -> Filter:
        part = self._term if op == "and" else lambda below: self._junction("and", below)
        parts = [part(depth)]
        while self._takes_word(op):
            parts.append(part(depth))
        return parts[0] if len(parts) == 1 else Junction(op, tuple(parts))

    def _term(self, depth: int) -> Filter:
        if depth >= MAX_DEPTH:
            raise InvalidFilter("The filter is nested too deeply.")
        if self._takes("("):
            return self._closed(depth, ")")
        if self._takes_word("not"):
            if not self._takes("("):
                raise InvalidFilter("'not' needs parentheses.")
            return Negation(self._closed(depth, ")"))
        path = self._next("word", "an attribute")
        if self._takes("["):
            return Within(path, self._closed(depth, "]"))
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise InvalidFilter("The filter has too many terms.")
        op = self._next("word", "an operator").lower()
        if op == "pr":
            return Comparison(path, op)
        if op not in OPERATORS:
            raise InvalidFilter("There is no such operator.")
        return Comparison(path, op, self._value())

    def _closed(self, depth: int, bracket: str) -> Filter:
        inner = self.disjunction(depth + 1)
        if not self._takes(bracket):
            raise InvalidFilter(f"A '{bracket}' is missing.")
        return inner

    def _value(self) -> Value:
        kind, text = self._peek()
        self._at += 1
        if kind in ("string", "number"):
            value: Value = json.loads(text)
            return value
        words: dict[str, Value] = {"true": True, "false": False, "null": None}
        if kind != "word" or text.lower() not in words:
            raise InvalidFilter("A value is missing: a string in quotation marks, a number, true, false or null.")
        return words[text.lower()]

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _next(self, kind: str, wanted: str) -> str:
        found, text = self._peek()
        if found != kind:
            raise InvalidFilter(f"Where {wanted} should stand, there is something else.")
        self._at += 1
        return text

    def _takes(self, bracket: str) -> bool:
        matches = self._peek() == ("bracket", bracket)
        self._at += matches
        return matches

    def _takes_word(self, word: str) -> bool:
        kind, text = self._peek()
        matches = kind == "word" and text.lower() == word
        self._at += matches
        return matches
