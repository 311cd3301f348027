"""Distinguished names (RFC 5280 §4.1.2.4), and when two of them are the same."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from idp.crypto.der import Reader, oids, tags, writer
from idp.crypto.x509.characters import has_unseen
from idp.crypto.x509.errors import InvalidName
from idp.crypto.x509.kept import Kept

MAX_ATTRIBUTES = 32
_READ_AS = (tags.PRINTABLE_STRING, tags.UTF8_STRING, tags.IA5_STRING)

# What each attribute is called in text (RFC 4514 §3; GB/T 20518 has them by the same names).
SHORT_NAMES = {
    oids.COMMON_NAME: "CN",
    oids.SURNAME: "SN",
    oids.SERIAL_NUMBER: "serialNumber",
    oids.COUNTRY: "C",
    oids.LOCALITY: "L",
    oids.PROVINCE: "ST",
    oids.STREET: "street",
    oids.ORGANIZATION: "O",
    oids.ORGANIZATIONAL_UNIT: "OU",
    oids.TITLE: "title",
    oids.GIVEN_NAME: "GN",
    oids.DN_QUALIFIER: "dnQualifier",
    oids.ORGANIZATION_IDENTIFIER: "organizationIdentifier",
    oids.USER_ID: "UID",
    oids.DOMAIN_COMPONENT: "DC",
    oids.EMAIL_ADDRESS: "emailAddress",
}
OIDS = {short: oid for oid, short in SHORT_NAMES.items()}
# GB/T 20518 §5.2.4.3: the country is a PrintableString. RFC 4519, PKCS #9: these two are IA5String. The rest is UTF8String.
_WRITTEN_AS = {
    oids.COUNTRY: tags.PRINTABLE_STRING,
    oids.DOMAIN_COMPONENT: tags.IA5_STRING,
    oids.EMAIL_ADDRESS: tags.IA5_STRING,
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute: its type, its value, and the string type it is written in."""

    type: str
    value: str
    tag: int

    @classmethod
    def of(cls, attribute_type: str, value: str) -> "Attribute":
        """In the string type that we write. Raises :class:`InvalidName`."""
        _check(attribute_type, value)
        tag = _WRITTEN_AS.get(attribute_type, tags.UTF8_STRING)
        if tag != tags.UTF8_STRING and not value.isascii():
            raise InvalidName
        return cls(attribute_type, value, tag)

    @classmethod
    def read(cls, reader: Reader) -> "Attribute":
        """The next element. Raises ``MalformedDER``, :class:`InvalidName`."""
        inner = reader.sequence()
        attribute_type = inner.oid()
        for tag in _READ_AS:
            if inner.next_is(tag):
                value = inner.text(tag)
                break
        else:
            raise inner.fail("a value that is no PrintableString, UTF8String or IA5String")
        inner.finish()
        _check(attribute_type, value)
        return cls(attribute_type, value, tag)

    def encode(self) -> bytes:
        """Its DER."""
        return writer.sequence(writer.oid(self.type), writer.text(self.tag, self.value))


class Name:
    """A sequence of relative distinguished names, as a rule of one attribute each. Equal when RFC 5280 §7.1 says so."""

    __slots__ = ("_comparable", "_text", "der", "rdns")

    def __init__(self, rdns: Sequence[Sequence[Attribute]], der: bytes | None = None) -> None:
        """``der`` is what ``rdns`` were read from, which is the one encoding that they have."""
        self.rdns = tuple(tuple(rdn) for rdn in rdns)
        self.der = der or writer.sequence(*(writer.set_of(attribute.encode() for attribute in rdn) for rdn in self.rdns))
        self._comparable: tuple[frozenset[tuple[str, str]], ...] | None = None
        self._text: str | None = None

    @classmethod
    def of(cls, *attributes: tuple[str, str]) -> "Name":
        """``Name.of(("C", "CN"), ("O", "第一中学"))``: short names or dotted types, widest first. Raises :class:`InvalidName`."""
        return cls([(Attribute.of(OIDS.get(kind, kind), value),) for kind, value in attributes])

    @classmethod
    def read(cls, reader: Reader) -> "Name":
        """The next element. Raises ``MalformedDER``, :class:`InvalidName`."""
        at = reader.position
        inner = reader.sequence()
        der = reader.data[at : reader.position]
        kept = _READ.get(der)
        if kept is not None:
            return kept
        rdns: list[tuple[Attribute, ...]] = []
        while not inner.at_end():
            rdn = tuple(Attribute.read(attribute) for attribute in inner.set_of())
            if not rdn or len(rdns) >= MAX_ATTRIBUTES:
                raise inner.fail("an empty part of a name, or too many parts")
            rdns.append(rdn)
        name = cls(rdns, der)
        _READ.keep(der, name, len(der))
        return name

    @property
    def comparable(self) -> tuple[frozenset[tuple[str, str]], ...]:
        """What two equal names have in common: each part as a set of types and folded values."""
        if self._comparable is None:
            self._comparable = tuple(frozenset((one.type, _folded(one.value)) for one in rdn) for rdn in self.rdns)
        return self._comparable

    def attributes(self) -> Iterator[Attribute]:
        """Every attribute, in order."""
        for rdn in self.rdns:
            yield from rdn

    def get(self, attribute_type: str) -> str | None:
        """The value of the last attribute of a type, which is the narrowest."""
        return next((one.value for one in reversed(list(self.attributes())) if one.type == attribute_type), None)

    def is_within(self, base: "Name") -> bool:
        """Whether it begins with ``base``: the subtree of a directoryName (RFC 5280 §4.2.1.10)."""
        return self.comparable[: len(base.rdns)] == base.comparable

    def __bool__(self) -> bool:
        return bool(self.rdns)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Name) and (self.der == other.der or self.comparable == other.comparable)

    def __hash__(self) -> int:
        return hash(self.comparable)

    def __str__(self) -> str:
        if self._text is None:
            parts = ("+".join(f"{SHORT_NAMES.get(one.type, one.type)}={_escaped(one.value)}" for one in rdn) for rdn in self.rdns)
            self._text = ",".join(reversed(list(parts)))
        return self._text

    def __repr__(self) -> str:
        return f"Name({str(self)!r})"


_READ: Kept[Name] = Kept(4096)


@lru_cache(maxsize=4096)
def _folded(value: str) -> str:
    # RFC 5280 §7.1 with RFC 4518 §2: compatibility forms and case folded, white space collapsed.
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


def _check(attribute_type: str, value: str) -> None:
    if not value.strip() or has_unseen(value):
        raise InvalidName
    if attribute_type == oids.COUNTRY and len(value) != 2:
        raise InvalidName(detail="a country that is not two letters")


def _escaped(value: str) -> str:
    # RFC 4514 §2.4.
    escaped = "".join(f"\\{character}" if character in ',+"\\<>;=' else character for character in value)
    if escaped.startswith(("#", " ")):
        escaped = f"\\{escaped}"
    return f"{escaped[:-1]}\\ " if escaped.endswith(" ") else escaped


def read_tagged(reader: Reader, number: int) -> Name:
    """A name under ``[number]``, which is always explicit because a Name is a CHOICE (X.680 §31.2.7)."""
    inner = reader.explicit(number)
    name = Name.read(inner)
    inner.finish()
    return name
