"""What the key may be used for: keyUsage, extendedKeyUsage, and OCSP's nocheck."""

from dataclasses import dataclass
from typing import ClassVar

from idp.crypto.der import Reader, oids, writer
from idp.crypto.x509.errors import InvalidExtension

# RFC 5280 §4.2.1.3, in the order of the bits.
DIGITAL_SIGNATURE, NON_REPUDIATION, KEY_ENCIPHERMENT, DATA_ENCIPHERMENT, KEY_AGREEMENT = range(5)
KEY_CERT_SIGN, CRL_SIGN, ENCIPHER_ONLY, DECIPHER_ONLY = range(5, 9)


@dataclass(frozen=True, slots=True)
class KeyUsage:
    """RFC 5280 §4.2.1.3: the bits that are set, at least one."""

    bits: frozenset[int]
    oid: ClassVar[str] = oids.KEY_USAGE

    @classmethod
    def of(cls, *bits: int) -> "KeyUsage":
        """These bits."""
        return cls(frozenset(bits))

    @classmethod
    def read(cls, reader: Reader) -> "KeyUsage":
        """The content."""
        bits = reader.named_bits()
        if not bits or max(bits) > DECIPHER_ONLY:
            raise InvalidExtension(extension="keyUsage", detail="no bit, or one that has no meaning")
        return cls(bits)

    def encode(self) -> bytes:
        """The content's DER."""
        return writer.named_bits(self.bits)


@dataclass(frozen=True, slots=True)
class ExtendedKeyUsage:
    """RFC 5280 §4.2.1.12: the purposes, at least one, none twice."""

    purposes: tuple[str, ...]
    oid: ClassVar[str] = oids.EXTENDED_KEY_USAGE

    @classmethod
    def read(cls, reader: Reader) -> "ExtendedKeyUsage":
        """The content."""
        inner, purposes = reader.sequence(), []
        while not inner.at_end():
            purposes.append(inner.oid())
        if not purposes or len(set(purposes)) != len(purposes):
            raise InvalidExtension(extension="extendedKeyUsage", detail="no purpose, or one twice")
        return cls(tuple(purposes))

    def encode(self) -> bytes:
        """The content's DER."""
        return writer.sequence(*map(writer.oid, self.purposes))


@dataclass(frozen=True, slots=True)
class OCSPNoCheck:
    """RFC 6960 §4.2.2.2.1: the responder's own certificate need not be checked for revocation while it is valid."""

    oid: ClassVar[str] = oids.OCSP_NOCHECK

    @classmethod
    def read(cls, reader: Reader) -> "OCSPNoCheck":
        """The content."""
        reader.null()
        return cls()

    def encode(self) -> bytes:
        """The content's DER."""
        return writer.NULL
