"""The messages of LDAP that a bind needs (RFC 4511 §4): bind, search for one entry, StartTLS, unbind; and their answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from idp.crypto.der.writer import element, enumerated, integer, octets, sequence
from idp.directory import ber
from idp.directory.errors import Unavailable
from idp.directory.filters import Filter

START_TLS = "1.3.6.1.4.1.1466.20037"  # RFC 4511 §4.14
PASSWORD_POLICY = "1.3.6.1.4.1.42.2.27.8.5.1"  # draft-behera-ldap-password-policy §6
_NO_ATTRIBUTES = b"1.1"  # RFC 4511 §4.5.1.8
_MOST_ENTRIES = 2  # one is what is looked for, and two are enough to know that it is not one

_BIND, _UNBIND, _SEARCH, _EXTENDED = 0x60, b"\x42\x00", 0x63, 0x77
_BIND_ANSWER, _ENTRY, _SEARCH_DONE, _REFERENCE, _EXTENDED_ANSWER, _CONTROLS = 0x61, 0x64, 0x65, 0x73, 0x78, 0xA0
RESULTS = (_BIND_ANSWER, _SEARCH_DONE, _EXTENDED_ANSWER)


class Code(IntEnum):
    """The result codes that are told apart (RFC 4511 §4.1.9)."""

    SUCCESS = 0
    SIZE_LIMIT_EXCEEDED = 4
    NO_SUCH_OBJECT = 32
    INVALID_DN_SYNTAX = 34
    INAPPROPRIATE_AUTHENTICATION = 48
    INVALID_CREDENTIALS = 49


@dataclass(frozen=True)
class Result:
    """How an operation ended: the code, the server's own words, and its controls by number."""

    code: int
    diagnostic: str = field(default="", repr=False)
    controls: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Entry:
    """An entry that was found, by its distinguished name."""

    name: str


@dataclass(frozen=True)
class Answer:
    """One message of the server: an entry, the end of an operation, or neither."""

    number: int
    what: Entry | Result | None


def bind(number: int, name: str, password: str) -> bytes:
    """A simple bind by protocol version 3 (§4.2), that asks for the state of the password beside it."""
    operation = element(_BIND, integer(3) + octets(name.encode()) + element(0x80, password.encode("utf-8", "replace")))
    # A server that does not know this control ignores it: it is not critical.
    return _message(number, operation, sequence(octets(PASSWORD_POLICY.encode())))


def search(number: int, base: str, wanted: Filter, values: Mapping[str, str], seconds: int) -> bytes:
    """A search of everything below ``base`` for at most two names (§4.5.1); aliases are not followed."""
    scope_and_limits = enumerated(2) + enumerated(0) + integer(_MOST_ENTRIES) + integer(seconds) + element(ber.BOOLEAN, b"\x00")
    return _message(
        number,
        element(_SEARCH, octets(base.encode()) + scope_and_limits + wanted.encode(values) + sequence(octets(_NO_ATTRIBUTES))),
    )


def start_tls(number: int) -> bytes:
    """The extended request that begins TLS (§4.14.1)."""
    return _message(number, element(_EXTENDED, element(0x80, START_TLS.encode())))


def unbind(number: int) -> bytes:
    """The end of the conversation (§4.3), which is not answered."""
    return _message(number, _UNBIND)


def read(message: bytes) -> Answer:
    """One whole message. Raises ``Unavailable`` for what is none."""
    ((tag, content),) = list(ber.elements(message))
    parts = list(ber.elements(content)) if tag == ber.SEQUENCE else []
    if len(parts) < 2 or parts[0][0] != ber.INTEGER:
        raise Unavailable(detail="an answer that is no LDAPMessage")
    number, (operation, inside) = ber.integer(parts[0][1]), parts[1]
    controls = _controls(parts[2][1]) if len(parts) > 2 and parts[2][0] == _CONTROLS else {}
    if operation == _ENTRY:
        found = next(ber.elements(inside), None)
        if found is None or found[0] != ber.OCTET_STRING:
            raise Unavailable(detail="an entry without a name")
        return Answer(number, Entry(_text(found[1])))
    # §4.5.3: a reference to another server. Nobody's password is taken to where an answer points.
    return Answer(number, _result(inside, controls) if operation in RESULTS else None)


def _result(content: bytes, controls: Mapping[str, bytes]) -> Result:
    parts = list(ber.elements(content))
    if len(parts) < 3 or [tag for tag, _ in parts[:3]] != [ber.ENUMERATED, ber.OCTET_STRING, ber.OCTET_STRING]:
        raise Unavailable(detail="an answer that is no LDAPResult")
    return Result(ber.integer(parts[0][1]), _text(parts[2][1]), controls)


def _controls(content: bytes) -> dict[str, bytes]:
    found = {}
    for _, inside in ber.elements(content):
        parts = [value for tag, value in ber.elements(inside) if tag == ber.OCTET_STRING]
        if parts:
            found[parts[0].decode("ascii", "replace")] = parts[1] if len(parts) > 1 else b""
    return found


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Unavailable(detail="a text that is not UTF-8") from None


def _message(number: int, operation: bytes, controls: bytes = b"") -> bytes:
    return sequence(integer(number), operation, element(_CONTROLS, controls) if controls else b"")
