"""Three authorities with fixed keys, and signatures that come out the same each time, so that the files can be made again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from idp.crypto import sm2, sm3
from idp.crypto.curve import N
from idp.crypto.der import AlgorithmIdentifier, oids, signature_to_der, writer
from idp.crypto.engines.gmssl import GmsslArithmetic
from idp.crypto.key_files import spki
from idp.crypto.x509.extensions import (
    AuthorityKeyIdentifier,
    BasicConstraints,
    ExtendedKeyUsage,
    Extension,
    KeyUsage,
    SubjectAltName,
    SubjectKeyIdentifier,
)
from idp.crypto.x509.extensions import usage as bits
from idp.crypto.x509.extensions.identifiers import key_identifier
from idp.crypto.x509.general_name import GeneralName
from idp.crypto.x509.name import Name
from idp.crypto.z_value import digest_for_signature

AT = datetime(2026, 9, 1, tzinfo=UTC)  # the moment at which the vectors are judged
FROM, UNTIL = datetime(2026, 6, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)
AUTHORITY_FROM, AUTHORITY_UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2035, 12, 31, tzinfo=UTC)
STANDARD_ID = b"1234567812345678"
ALGORITHM = AlgorithmIdentifier(oids.SM2_WITH_SM3).encode()
HOST = "id.school.example.edu.cn"
_ARITHMETIC = GmsslArithmetic()


@dataclass(frozen=True)
class Party:
    """A name, and a key that everybody knows."""

    common_name: str

    @property
    def scalar(self) -> int:
        return number(b"key", self.common_name.encode())

    @property
    def key(self) -> sm2.PublicKey:
        return sm2.PrivateKey(self.scalar.to_bytes(32, "big")).public_key

    @property
    def name(self) -> Name:
        return named(self.common_name)

    def sign(self, message: bytes, signer_id: bytes = STANDARD_ID) -> bytes:
        """r‖s by a nonce that key and message determine: only for vectors."""
        e = int.from_bytes(digest_for_signature(self.key.point, message, signer_id), "big")
        k = number(b"nonce", self.common_name.encode() + signer_id + message)
        r = (e + int.from_bytes(_ARITHMETIC.multiply(k.to_bytes(32, "big"))[:32], "big")) % N
        s = pow(1 + self.scalar, -1, N) * (k - r * self.scalar) % N
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def signed(self, content: bytes, *, algorithm: bytes = ALGORITHM, signer_id: bytes = STANDARD_ID) -> bytes:
        """``SEQUENCE { content, algorithm, signature }``."""
        return assembled(content, signature_to_der(self.sign(content, signer_id)), algorithm)


def number(kind: bytes, of: bytes) -> int:
    """A number from 1 to n-2 that its arguments determine."""
    return int.from_bytes(sm3.digest(b"yima vectors " + kind + of), "big") % (N - 2) + 1


def named(common_name: str) -> Name:
    return Name.of(("C", "CN"), ("O", "Yima test vectors"), ("CN", common_name))


def assembled(content: bytes, signature: bytes, algorithm: bytes = ALGORITHM) -> bytes:
    return writer.sequence(content, algorithm, writer.bit_string(signature))


ROOT, PROVINCE, SCHOOL, LEAF = Party("Ministry"), Party("Province"), Party("School"), Party(HOST)
EXTRA, OTHER = Party("Authority below the school"), Party("Somebody else")
VERSION, SERIAL, SIGNATURE, ISSUER, VALIDITY, SUBJECT, KEY, EXTENSIONS = range(8)


def identifiers(subject: Party, issuer: Party) -> tuple[Extension, Extension]:
    return (
        Extension.of(SubjectKeyIdentifier(key_identifier(subject.key))),
        Extension.of(AuthorityKeyIdentifier(key_identifier(issuer.key))),
    )


def authority(subject: Party, issuer: Party, path_length: int | None) -> bytes:
    """The certificate of an authority."""
    more = (
        Extension.of(BasicConstraints(True, path_length), critical=True),
        Extension.of(KeyUsage.of(bits.KEY_CERT_SIGN, bits.CRL_SIGN), critical=True),
    )
    elements = parts(subject, issuer, (*identifiers(subject, issuer), *more), (AUTHORITY_FROM, AUTHORITY_UNTIL))
    return issuer.signed(writer.sequence(*elements))


def leaf_extensions(issuer: Party = SCHOOL, subject: Party = LEAF) -> tuple[Extension, ...]:
    return (
        *identifiers(subject, issuer),
        Extension.of(KeyUsage.of(bits.DIGITAL_SIGNATURE), critical=True),
        Extension.of(ExtendedKeyUsage((oids.SERVER_AUTH, oids.CLIENT_AUTH))),
        Extension.of(SubjectAltName((GeneralName.dns(HOST),))),
    )


def parts(
    subject: Party = LEAF,
    issuer: Party = SCHOOL,
    extensions: Iterable[Extension] | None = None,
    validity: tuple[datetime, datetime] = (FROM, UNTIL),
) -> list[bytes]:
    """The eight elements of a TBSCertificate, all of them good."""
    held = leaf_extensions(issuer, subject) if extensions is None else extensions
    return [
        writer.explicit(0, writer.integer(2)),
        writer.integer(number(b"serial", subject.common_name.encode()) >> 98),  # 158 bits
        ALGORITHM,
        issuer.name.der,
        writer.sequence(writer.time(validity[0]), writer.time(validity[1])),
        subject.name.der,
        spki.encode(subject.key),
        writer.explicit(3, writer.sequence(*(one.encode() for one in held))),
    ]
