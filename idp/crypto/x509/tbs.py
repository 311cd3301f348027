"""TBSCertificate (RFC 5280 §4.1.2): what a certificate says, and what it may not say."""

from dataclasses import dataclass
from datetime import datetime

from idp.crypto import sm2
from idp.crypto.der import AlgorithmIdentifier, Reader, oids, writer
from idp.crypto.errors import MalformedDER
from idp.crypto.key_files import spki
from idp.crypto.x509.errors import InvalidExtension, InvalidName, InvalidSerialNumber, InvalidValidity, UnsupportedVersion
from idp.crypto.x509.extensions import BasicConstraints, Extensions, KeyUsage, SubjectAltName
from idp.crypto.x509.extensions.usage import KEY_CERT_SIGN
from idp.crypto.x509.name import Name
from idp.crypto.x509.signing import SM2_WITH_SM3, read_algorithm

V3 = 2
MAX_SERIAL_BYTES = 20


@dataclass(frozen=True, slots=True)
class TBSCertificate:
    """The contents of a certificate of version 3 for an SM2 key."""

    serial_number: int
    issuer: Name
    not_before: datetime
    not_after: datetime
    subject: Name
    public_key: sm2.PublicKey
    extensions: Extensions
    signature: AlgorithmIdentifier = SM2_WITH_SM3

    @classmethod
    def read(cls, reader: Reader) -> "TBSCertificate":
        """The next element. Raises ``MalformedDER``, ``UnsupportedAlgorithm``, ``InvalidKey`` and the errors of this room."""
        inner = reader.sequence()
        version = inner.optional_explicit(0)
        if version is None:  # the default is version 1
            raise UnsupportedVersion
        number = version.integer()
        version.finish()
        if number != V3:
            raise UnsupportedVersion
        serial_number = read_serial_number(inner)
        signature = read_algorithm(inner)
        issuer = Name.read(inner)
        validity = inner.sequence()
        not_before, not_after = validity.time(), validity.time()
        validity.finish()
        subject = Name.read(inner)
        public_key = spki.read(inner)
        # RFC 5280 §4.1.2.8: unique identifiers must not be generated; they are not read here.
        found = inner.explicit(3) if not inner.at_end() else None
        if found is None:
            raise MalformedDER(inner.position, "no extensions")
        extensions = Extensions.read(found)
        found.finish()
        inner.finish()
        tbs = cls(serial_number, issuer, not_before, not_after, subject, public_key, extensions, signature)
        check_contents(tbs)
        return tbs

    def encode(self) -> bytes:
        """The DER. Raises what :func:`check_contents` raises: what could not be read is not written either."""
        check_contents(self)
        return writer.sequence(
            writer.explicit(0, writer.integer(V3)),
            writer.integer(self.serial_number),
            self.signature.encode(),
            self.issuer.der,
            writer.sequence(writer.time(self.not_before), writer.time(self.not_after)),
            self.subject.der,
            spki.encode(self.public_key),
            writer.explicit(3, self.extensions.encode()),
        )


def read_serial_number(reader: Reader) -> int:
    """The next element. Raises ``MalformedDER``, :class:`InvalidSerialNumber`."""
    number = reader.integer()
    check_serial_number(number)
    return number


def check_serial_number(number: int) -> None:
    """RFC 5280 §4.1.2.2: positive, and at most 20 bytes as it is encoded. Raises :class:`InvalidSerialNumber`."""
    if number <= 0 or number.bit_length() >= 8 * MAX_SERIAL_BYTES:
        raise InvalidSerialNumber


def check_contents(tbs: TBSCertificate) -> None:
    """What RFC 5280 asks of the parts together. Raises the errors of this room."""
    check_serial_number(tbs.serial_number)
    if tbs.not_after < tbs.not_before:
        raise InvalidValidity
    if not tbs.issuer:
        raise InvalidName(detail="an issuer without a name")  # RFC 5280 §4.1.2.4
    alternative = tbs.extensions.get(SubjectAltName)
    # RFC 5280 §4.1.2.6: without a subject the alternative name is all there is, and critical.
    if not tbs.subject and (alternative is None or not tbs.extensions.is_critical(oids.SUBJECT_ALT_NAME)):
        raise InvalidName(detail="neither a subject nor a critical alternative name")
    constraints, usage = tbs.extensions.get(BasicConstraints), tbs.extensions.get(KeyUsage)
    is_authority = constraints is not None and constraints.ca
    # RFC 5280 §4.2.1.3, §4.2.1.9: keyCertSign goes with cA, and a path length with keyCertSign.
    if usage is not None and (KEY_CERT_SIGN in usage.bits) != is_authority:
        raise InvalidExtension(extension="keyUsage", detail="keyCertSign and cA do not agree")
    if is_authority and not tbs.subject:
        raise InvalidName(detail="an authority without a name")
