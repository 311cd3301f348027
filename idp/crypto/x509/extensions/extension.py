"""The frame of an extension, and the set of them (RFC 5280 §4.1.2.9)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from idp.crypto.der import Reader, writer
from idp.crypto.x509.errors import DuplicateExtension
from idp.crypto.x509.extensions.alternative_names import SubjectAltName
from idp.crypto.x509.extensions.constraints import BasicConstraints, InhibitAnyPolicy, NameConstraints, PolicyConstraints
from idp.crypto.x509.extensions.distribution import AuthorityInfoAccess, CRLDistributionPoints
from idp.crypto.x509.extensions.identifiers import AuthorityKeyIdentifier, SubjectKeyIdentifier
from idp.crypto.x509.extensions.identity import UnifiedCreditCode
from idp.crypto.x509.extensions.policies import CertificatePolicies
from idp.crypto.x509.extensions.usage import ExtendedKeyUsage, KeyUsage, OCSPNoCheck
from idp.crypto.x509.extensions.value import ExtensionValue
from idp.crypto.x509.kept import Kept

_KINDS: tuple[type[ExtensionValue], ...] = (
    SubjectKeyIdentifier,
    AuthorityKeyIdentifier,
    BasicConstraints,
    KeyUsage,
    ExtendedKeyUsage,
    SubjectAltName,
    CertificatePolicies,
    CRLDistributionPoints,
    AuthorityInfoAccess,
    NameConstraints,
    PolicyConstraints,
    InhibitAnyPolicy,
    OCSPNoCheck,
    UnifiedCreditCode,
)
Kinds = Mapping[str, type[ExtensionValue]]
KNOWN: Kinds = {kind.oid: kind for kind in _KINDS}
MAX_EXTENSIONS = 64
Value = TypeVar("Value", bound=ExtensionValue)
_VALUES: Kept[ExtensionValue] = Kept(4096)


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension: its type, whether it is critical, its content in DER."""

    oid: str
    critical: bool
    content: bytes

    @classmethod
    def of(cls, value: ExtensionValue, *, critical: bool = False) -> "Extension":
        """Around a value."""
        return cls(value.oid, critical, value.encode())

    def encode(self) -> bytes:
        """Its DER."""
        return writer.sequence(writer.oid(self.oid), writer.default_false(self.critical), writer.octets(self.content))


class Extensions:
    """The extensions of one certificate, request, list or answer, none twice. Those that are known have been read."""

    __slots__ = ("_items", "_values", "_written")

    def __init__(self, items: Iterable[Extension], values: dict[str, ExtensionValue], written: bytes | None = None) -> None:
        """``written`` is the encoding of what was made of values, not read."""
        self._items = {item.oid: item for item in items}
        self._values: dict[str, Any] = values
        self._written = written

    @classmethod
    def of(cls, *items: tuple[ExtensionValue, bool]) -> "Extensions":
        """Pairs of a value and whether it is critical, in the order they are written."""
        made = [_made(value, critical) for value, critical in items]
        written = writer.sequence(*(der for _, der in made))
        return cls([one for one, _ in made], {value.oid: value for value, _ in items}, written)

    @classmethod
    def read(cls, reader: Reader, known: Kinds = KNOWN) -> "Extensions":
        """The next element, ``SEQUENCE SIZE (1..MAX) OF Extension``. ``known`` are the kinds that have a meaning where it stands.

        Raises ``MalformedDER``, :class:`DuplicateExtension` and what each known extension raises.
        """
        inner = reader.sequence()
        items: dict[str, Extension] = {}
        values: dict[str, ExtensionValue] = {}
        while not inner.at_end():
            at = inner.position
            one = inner.sequence()
            found = _FRAMES.get(inner.data[at : inner.position]) or _read_frame(one, at)
            if found.oid in items:
                raise DuplicateExtension(extension=found.oid)
            items[found.oid] = found
            kind = known.get(found.oid)
            if kind is not None:
                values[found.oid] = _VALUES.get((kind, found.content)) or _read_value(kind, found, one)
            if len(items) > MAX_EXTENSIONS:
                raise inner.fail("too many extensions")
        if not items:
            raise inner.fail("no extension where one is due")
        return cls(items.values(), values)

    def get(self, kind: type[Value]) -> Value | None:
        """The value of an extension, or nothing."""
        found: Value | None = self._values.get(kind.oid)
        return found

    def is_critical(self, oid: str) -> bool:
        """Whether it stands here and is critical."""
        found = self._items.get(oid)
        return found is not None and found.critical

    def unknown_critical(self) -> str | None:
        """The first critical extension that has no meaning where it stands."""
        return next((item.oid for item in self if item.critical and item.oid not in self._values), None)

    def encode(self) -> bytes:
        """The DER, values written anew from what was read of them."""
        if self._written is not None:
            return self._written
        return writer.sequence(
            *(
                Extension(
                    item.oid, item.critical, self._values[item.oid].encode() if item.oid in self._values else item.content
                ).encode()
                for item in self
            )
        )

    def __contains__(self, oid: object) -> bool:
        return oid in self._items

    def __iter__(self) -> Iterator[Extension]:
        return iter(self._items.values())

    def __len__(self) -> int:
        return len(self._items)


_FRAMES: Kept[Extension] = Kept(4096)


def _read_frame(one: Reader, at: int) -> Extension:
    oid, critical, content = one.oid(), one.default_false(), one.octets()
    one.finish()
    found, whole = Extension(oid, critical, content), one.data[at : one.end]
    _FRAMES.keep(whole, found, len(whole))
    return found


def _read_value(kind: type[ExtensionValue], found: Extension, one: Reader) -> ExtensionValue:
    # Read where it stands, so that an error names the byte. It is the last of its frame.
    start = one.end - len(found.content)
    content = Reader(one.data, limit=one.end, start=start, end=one.end, depth=one.depth + 1)
    value = kind.read(content)
    content.finish()
    _VALUES.keep((kind, found.content), value, len(found.content))
    return value


# All certificates of an authority and a profile share most of their extensions.
@lru_cache(maxsize=1024)
def _made(value: ExtensionValue, critical: bool) -> tuple[Extension, bytes]:
    made = Extension.of(value, critical=critical)
    return made, made.encode()
