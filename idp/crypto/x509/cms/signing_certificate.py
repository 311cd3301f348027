"""SigningCertificateV2 (RFC 5035 §3): which certificate signs, said under the signature."""

from dataclasses import dataclass

from idp.crypto.der import AlgorithmIdentifier, Reader, oids, tags, writer
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.cms.errors import InvalidMessage
from idp.crypto.x509.cms.syntax import SM3
from idp.crypto.x509.general_name import DIRECTORY, read_names
from idp.crypto.x509.name import Name
from idp.crypto.x509.tbs import read_serial_number


@dataclass(frozen=True, slots=True)
class SigningCertificate:
    """ESSCertIDv2 (RFC 5035 §4): the digest of the signer's certificate, so that no other one can be put in its place."""

    algorithm: str
    digest: bytes
    issuer: Name | None = None
    serial_number: int | None = None

    @classmethod
    def read(cls, reader: Reader) -> "SigningCertificate":
        """The first one of the attribute's value, which is the signer's. Raises ``MalformedDER``, :class:`InvalidMessage`."""
        first = reader.sequence().sequence().sequence()
        algorithm = AlgorithmIdentifier.read(first).algorithm if first.next_is(tags.SEQUENCE) else oids.SHA256
        digest, issuer, serial_number = first.octets(), None, None
        if first.next_is(tags.SEQUENCE):
            named = first.sequence()
            names = read_names(named.sequence())
            serial_number = read_serial_number(named)
            named.finish()
            issuer = names[0].value if len(names) == 1 and isinstance(names[0].value, Name) else None
            if issuer is None:
                raise InvalidMessage(detail="the signer's certificate by an issuer without a name")
        first.finish()
        return cls(algorithm, digest, issuer, serial_number)

    def is_of(self, certificate: Certificate) -> bool:
        """Whether it names this certificate."""
        if self.algorithm != oids.SM3 or self.digest != certificate.fingerprint:
            return False
        return self.issuer is None or (self.issuer, self.serial_number) == (certificate.issuer, certificate.serial_number)


def encode(certificate: Certificate) -> bytes:
    """The attribute's value for the signer ``certificate``."""
    name = writer.sequence(writer.explicit(DIRECTORY, certificate.issuer.der))
    issuer_serial = writer.sequence(name, writer.integer(certificate.serial_number))
    identifier = writer.sequence(SM3.encode(), writer.octets(certificate.fingerprint), issuer_serial)
    return writer.sequence(writer.sequence(identifier))
