"""GeneralName (RFC 5280 §4.2.1.6): a DNS name, an address, a mailbox, a URI, a distinguished name, or a registered or other one."""

import ipaddress
import re
from dataclasses import dataclass

from idp.crypto.der import Reader, tags, writer
from idp.crypto.x509.errors import InvalidName
from idp.crypto.x509.name import Name, read_tagged

OTHER, EMAIL, DNS, DIRECTORY, URI, IP, REGISTERED = 0, 1, 2, 4, 6, 7, 8
_LABEL = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_ABSOLUTE_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
MAX_HOST, MAX_URI = 253, 2048


@dataclass(frozen=True, slots=True)
class GeneralName:
    """One name. ``value`` is text for the kinds that are text, packed bytes for an address, a :class:`Name` for a directory name,
    the dotted type for a registered one, and the encoded pair for an other one.
    """

    kind: int
    value: str | bytes | Name

    @classmethod
    def dns(cls, host: str) -> "GeneralName":
        """A DNS name, perhaps with a wildcard as its whole first label. Raises :class:`InvalidName`."""
        check_dns(host)
        return cls(DNS, host)

    @classmethod
    def email(cls, mailbox: str) -> "GeneralName":
        """A mailbox. Raises :class:`InvalidName`."""
        check_email(mailbox)
        return cls(EMAIL, mailbox)

    @classmethod
    def uri(cls, uri: str) -> "GeneralName":
        """An absolute URI. Raises :class:`InvalidName`."""
        check_uri(uri)
        return cls(URI, uri)

    @classmethod
    def ip(cls, address: str) -> "GeneralName":
        """An IPv4 or IPv6 address. Raises :class:`InvalidName`."""
        try:
            return cls(IP, ipaddress.ip_address(address).packed)
        except ValueError:
            raise InvalidName(detail="not an address") from None

    @classmethod
    def directory(cls, name: Name) -> "GeneralName":
        """A distinguished name."""
        return cls(DIRECTORY, name)

    @classmethod
    def read(cls, reader: Reader, *, constraint: bool = False) -> "GeneralName":
        """The next element. With ``constraint`` as a subtree of name constraints has it (RFC 5280 §4.2.1.10).

        Raises ``MalformedDER``, :class:`InvalidName`.
        """
        for kind, check in _TEXTS.items():
            if reader.next_is(tags.context(kind)):
                text = reader.text_as(tags.IA5_STRING, tags.context(kind))
                if constraint:
                    check_constraint(kind, text)
                else:
                    check(text)
                return cls(kind, text)
        return cls._read_other(reader, constraint)

    @classmethod
    def _read_other(cls, reader: Reader, constraint: bool) -> "GeneralName":
        at = reader.position
        if reader.next_is(tags.context(IP)):
            packed = reader.octets(tags.context(IP))
            if len(packed) not in ((8, 32) if constraint else (4, 16)):
                raise reader.fail("an address of the wrong length", at)
            return cls(IP, packed)
        if reader.next_is(tags.context(DIRECTORY, constructed=True)):
            return cls(DIRECTORY, read_tagged(reader, DIRECTORY))
        if reader.next_is(tags.context(REGISTERED)):
            return cls(REGISTERED, reader.oid(tags.context(REGISTERED)))
        inner = reader.explicit(OTHER)  # otherName; x400Address and ediPartyName end here too, as another tag
        inner.oid()
        value = inner.explicit(0)
        value.any_element()
        value.finish()
        inner.finish()
        return cls(OTHER, reader.data[at : reader.position])

    def encode(self) -> bytes:
        """Its DER."""
        match self.value:
            case Name():
                return writer.explicit(self.kind, self.value.der)
            case bytes():
                return self.value if self.kind == OTHER else writer.element(tags.context(self.kind), self.value)
            case str():
                if self.kind == REGISTERED:
                    return writer.implicit(self.kind, writer.oid(self.value))
                return writer.element(tags.context(self.kind), self.value.encode("ascii"))

    def __str__(self) -> str:
        if self.kind == IP and isinstance(self.value, bytes) and len(self.value) in (4, 16):
            return str(ipaddress.ip_address(self.value))
        return self.value.hex() if isinstance(self.value, bytes) else str(self.value)


def read_names(reader: Reader) -> tuple[GeneralName, ...]:
    """GeneralNames: what is left of ``reader``, at least one. Raises ``MalformedDER``, :class:`InvalidName`."""
    names = []
    while not reader.at_end():
        names.append(GeneralName.read(reader))
    if not names:
        raise reader.fail("no name where one is due")
    return tuple(names)


def check_dns(host: str) -> None:
    """RFC 5280 §4.2.1.6: the preferred name syntax of RFC 1034 §3.5; RFC 6125 §6.4.3: a wildcard is a whole first label."""
    if len(host) > MAX_HOST or _HOST.fullmatch(host.removeprefix("*.")) is None:
        raise InvalidName(detail="not a DNS name")


def check_email(mailbox: str) -> None:
    """RFC 5280 §4.2.1.6: a Mailbox of RFC 2821 without its quoted and its bracketed forms."""
    local, at, host = mailbox.rpartition("@")
    if not at or len(local) > 64 or _LOCAL_PART.fullmatch(local) is None or len(host) > MAX_HOST or _HOST.fullmatch(host) is None:
        raise InvalidName(detail="not a mailbox")


def check_uri(uri: str) -> None:
    """RFC 5280 §4.2.1.6: absolute, with a scheme and what the scheme means."""
    if len(uri) > MAX_URI or _ABSOLUTE_URI.fullmatch(uri) is None:
        raise InvalidName(detail="not an absolute URI")


def check_constraint(kind: int, text: str) -> None:
    """RFC 5280 §4.2.1.10: a host; for mailboxes also a whole mailbox or ``.domain``; for URIs also ``.domain``; empty for all."""
    if kind == EMAIL and "@" in text:
        check_email(text)
        return
    host = text.removeprefix(".") if kind != DNS else text
    if text and (len(host) > MAX_HOST or _HOST.fullmatch(host) is None):
        raise InvalidName(detail="not a host or a domain")


_TEXTS = {EMAIL: check_email, DNS: check_dns, URI: check_uri}
