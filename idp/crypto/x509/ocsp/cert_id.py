"""CertID (RFC 6960 §4.1.1): which certificate is meant, by digests of its issuer and its number."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from idp.crypto import sm2, sm3
from idp.crypto.der import AlgorithmIdentifier, Reader, oids, writer
from idp.crypto.errors import UnsupportedAlgorithm
from idp.crypto.x509.name import Name
from idp.crypto.x509.tbs import check_serial_number, read_serial_number

# SHA-1 names here and proves nothing; it is what most clients send (RFC 5019 §2.1.1 even demands it).
_DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    oids.SM3: sm3.digest,
    oids.SHA256: lambda data: hashlib.sha256(data).digest(),
    oids.SHA1: lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
}
ALGORITHMS = tuple(_DIGESTS)


@dataclass(frozen=True, slots=True)
class CertID:
    """Which certificate. Digests of another algorithm than SM3, SHA-256 and SHA-1 are refused."""

    algorithm: AlgorithmIdentifier
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial_number: int

    @classmethod
    def of(cls, issuer: Name, key: sm2.PublicKey, serial_number: int, algorithm: str = oids.SM3) -> "CertID":
        """Of the certificate with this number by this issuer."""
        name_hash, key_hash = issuer_digests(issuer, key, algorithm)
        return cls(AlgorithmIdentifier(algorithm), name_hash, key_hash, serial_number)

    @classmethod
    def read(cls, reader: Reader) -> "CertID":
        """The next element. Raises ``MalformedDER``, :class:`UnsupportedAlgorithm`, ``InvalidSerialNumber``."""
        inner = reader.sequence()
        algorithm = AlgorithmIdentifier.read(inner)
        if algorithm.algorithm not in _DIGESTS or not algorithm.without_parameters:
            raise UnsupportedAlgorithm(algorithm=algorithm.algorithm)
        name_hash, key_hash = inner.octets(), inner.octets()
        size = 20 if algorithm.algorithm == oids.SHA1 else 32
        if len(name_hash) != size or len(key_hash) != size:
            raise inner.fail("a digest of the wrong length")
        serial_number = read_serial_number(inner)
        inner.finish()
        return cls(algorithm, name_hash, key_hash, serial_number)

    def encode(self) -> bytes:
        """Its DER."""
        check_serial_number(self.serial_number)
        return writer.sequence(
            self.algorithm.encode(),
            writer.octets(self.issuer_name_hash),
            writer.octets(self.issuer_key_hash),
            writer.integer(self.serial_number),
        )

    def is_by(self, issuer: Name, key: sm2.PublicKey) -> bool:
        """Whether the issuer with this name and key is the one that is meant."""
        return (self.issuer_name_hash, self.issuer_key_hash) == issuer_digests(issuer, key, self.algorithm.algorithm)


def issuer_digests(issuer: Name, key: sm2.PublicKey, algorithm: str) -> tuple[bytes, bytes]:
    """Of the encoded name, and of the key: the bits of the point without tag, length and unused bits (RFC 6960 §4.1.1)."""
    digest = _DIGESTS[algorithm]
    return digest(issuer.der), digest(b"\x04" + key.point)
