"""Which key: subjectKeyIdentifier and authorityKeyIdentifier."""

from dataclasses import dataclass
from typing import ClassVar

from idp.crypto import sm2
from idp.crypto.der import Reader, oids, tags, writer
from idp.crypto.x509.errors import InvalidExtension

KEY_IDENTIFIER_BYTES = 20
_MAX_BYTES = 64


def key_identifier(key: sm2.PublicKey) -> bytes:
    """What we write: the first 20 bytes of SM3 over the uncompressed point. RFC 5280 §4.2.1.2 leaves the method open."""
    return key.digest[:KEY_IDENTIFIER_BYTES]


@dataclass(frozen=True, slots=True)
class SubjectKeyIdentifier:
    """RFC 5280 §4.2.1.2. Any bytes are read: the national root's is SHA-1 of its point."""

    identifier: bytes
    oid: ClassVar[str] = oids.SUBJECT_KEY_IDENTIFIER

    @classmethod
    def read(cls, reader: Reader) -> "SubjectKeyIdentifier":
        """The content."""
        return cls(_checked(reader.octets()))

    def encode(self) -> bytes:
        """The content's DER."""
        return writer.octets(self.identifier)


@dataclass(frozen=True, slots=True)
class AuthorityKeyIdentifier:
    """RFC 5280 §4.2.1.1: the issuer's key. Issuer and serial number, where given, are kept as they are encoded."""

    identifier: bytes | None
    issuer_and_serial: bytes = b""
    oid: ClassVar[str] = oids.AUTHORITY_KEY_IDENTIFIER

    @classmethod
    def read(cls, reader: Reader) -> "AuthorityKeyIdentifier":
        """The content."""
        inner = reader.sequence()
        identifier = _checked(inner.octets(tags.context(0))) if inner.next_is(tags.context(0)) else None
        rest = inner.position
        if inner.next_is(tags.context(1, constructed=True)):
            inner.any_element()
            inner.integer(tags.context(2))
        inner.finish()
        return cls(identifier, inner.data[rest : inner.position])

    def encode(self) -> bytes:
        """The content's DER."""
        identifier = b"" if self.identifier is None else writer.element(tags.context(0), self.identifier)
        return writer.sequence(identifier, self.issuer_and_serial)


def _checked(identifier: bytes) -> bytes:
    if not 1 <= len(identifier) <= _MAX_BYTES:
        raise InvalidExtension(extension="keyIdentifier", detail="of no usual length")
    return identifier
