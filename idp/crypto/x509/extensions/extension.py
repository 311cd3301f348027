"""The frame of an extension, and the set of them (RFC 5280 §4.1.2.9)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

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

    __slots__ = ("_items", "_values")

    def __init__(self, items: Iterable[Extension], values: dict[str, ExtensionValue]) -> None:
        self._items = {item.oid: item for item in items}
        self._values = values

    @classmethod
    def of(cls, *items: tuple[ExtensionValue, bool]) -> "Extensions":
        """Pairs of a value and whether it is critical, in the order they are written."""
        return cls([Extension.of(value, critical=critical) for value, critical in items], {value.oid: value for value, _ in items})

    @classmethod
    def read(cls, reader: Reader, known: Kinds = KNOWN) -> "Extensions":
        """The next element, ``SEQUENCE SIZE (1..MAX) OF Extension``. ``known`` are the kinds that have a meaning where it stands.

        Raises ``MalformedDER``, :class:`DuplicateExtension` and what each known extension raises.
        """
        inner = reader.sequence()
        items: dict[str, Extension] = {}
        values: dict[str, ExtensionValue] = {}
        while not inner.at_end():
            one = inner.sequence()
            oid, critical = one.oid(), one.default_false()
            content = one.octets_holding_der()
            one.finish()
            if oid in items:
                raise DuplicateExtension(extension=oid)
            items[oid] = Extension(oid, critical, content.data[content.position : content.end])
            kind = known.get(oid)
            if kind is not None:
                values[oid] = kind.read(content)
                content.finish()
            if len(items) > MAX_EXTENSIONS:
                raise inner.fail("too many extensions")
        if not items:
            raise inner.fail("no extension where one is due")
        return cls(items.values(), values)

    def get(self, kind: type[Value]) -> Value | None:
        """The value of an extension, or nothing."""
        return cast("Value | None", self._values.get(kind.oid))

    def is_critical(self, oid: str) -> bool:
        """Whether it stands here and is critical."""
        found = self._items.get(oid)
        return found is not None and found.critical

    def unknown_critical(self) -> str | None:
        """The first critical extension that has no meaning where it stands."""
        return next((item.oid for item in self if item.critical and item.oid not in self._values), None)

    def encode(self) -> bytes:
        """The DER, values written anew from what was read of them."""
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
