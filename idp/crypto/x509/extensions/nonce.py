"""The nonce by which an answer is bound to its question (RFC 9654)."""

from dataclasses import dataclass
from typing import ClassVar

from idp.crypto.der import Reader, oids, writer
from idp.crypto.x509.errors import InvalidExtension

MAX_BYTES = 128


@dataclass(frozen=True, slots=True)
class OCSPNonce:
    """RFC 9654 §2.1: 1 to 128 bytes."""

    value: bytes
    oid: ClassVar[str] = oids.OCSP_NONCE

    @classmethod
    def read(cls, reader: Reader) -> "OCSPNonce":
        """The content."""
        value = reader.octets()
        if not 1 <= len(value) <= MAX_BYTES:
            raise InvalidExtension(extension="nonce", detail="empty or too long")
        return cls(value)

    def encode(self) -> bytes:
        """The content's DER."""
        return writer.octets(self.value)
