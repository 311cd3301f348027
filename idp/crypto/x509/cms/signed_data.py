"""Signed messages (GM/T 0010; RFC 5652 §5), as they are read. Nothing is verified by reading."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from idp.crypto.der import AlgorithmIdentifier, Reader, oids, signature_from_der, tags, writer
from idp.crypto.errors import UnsupportedAlgorithm
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.cms import attributes
from idp.crypto.x509.cms.errors import InvalidMessage, OtherMessage
from idp.crypto.x509.cms.signing_certificate import SigningCertificate
from idp.crypto.x509.cms.syntax import SIGNATURE_ALGORITHMS, SYNTAXES
from idp.crypto.x509.name import Name
from idp.crypto.x509.signing import element_bytes
from idp.crypto.x509.tbs import read_serial_number

MAX_BYTES = 1 << 26  # our policy, as all of these
MAX_CERTIFICATES = MAX_SIGNERS = 16
_SIGNER_VERSION = 1  # the signer by issuer and number
_VERSIONS = (1, 3)  # RFC 5652 §5.1: 3 for content that is not data


@dataclass(frozen=True, slots=True)
class SignerInfo:
    """One signature. ``signed`` is what it is over, ``None`` where that is the document itself; ``encoded_signature`` is the
    signature as it stands in the message, which is what a time-stamp of it is about.
    """

    issuer: Name
    serial_number: int
    signature: bytes
    encoded_signature: bytes
    signed: bytes | None = None
    content_type: str | None = None
    message_digest: bytes | None = None
    signing_time: datetime | None = None
    signing_certificate: SigningCertificate | None = None
    timestamp: bytes | None = None

    @classmethod
    def read(cls, reader: Reader) -> "SignerInfo":
        """The next element. Raises ``MalformedDER``, ``UnsupportedAlgorithm``, :class:`InvalidMessage`."""
        signer = reader.sequence()
        signer.version(_SIGNER_VERSION)
        issuer, serial_number = read_issuer_and_serial(signer)
        check_algorithm(AlgorithmIdentifier.read(signer), (oids.SM3, oids.SM2_WITH_SM3))
        at, tag = signer.position, tags.context(attributes.SIGNED, constructed=True)
        stated = attributes.read(signer, tag) if signer.next_is(tag) else None
        # RFC 5652 §5.4: what is signed is the set under its own tag.
        signed = None
        if stated is not None:
            whole = Reader(signer.data, limit=len(signer.data), start=at, end=signer.position)
            signed = writer.element(tags.SET, whole.content(tag))
        check_algorithm(AlgorithmIdentifier.read(signer), SIGNATURE_ALGORITHMS)
        encoded = signer.octets()
        unsigned = attributes.read_unsigned(signer) if not signer.at_end() else {}
        signer.finish()
        tokens = unsigned.get(oids.TIME_STAMP_TOKEN, [])
        if len(tokens) > 1:
            raise InvalidMessage(detail="a signature with several time-stamps")
        return cls(
            issuer,
            serial_number,
            signature_from_der(encoded),
            encoded,
            signed,
            timestamp=tokens[0] if tokens else None,
            **_stated(stated),
        )


@dataclass(frozen=True, slots=True)
class SignedData:
    """A signed message. ``content`` is ``None`` for a detached one, ``message_type`` the kind of message that holds it."""

    der: bytes = field(repr=False)
    version: int
    message_type: str
    content_type: str
    content: bytes | None = field(repr=False)
    certificates: tuple[Certificate, ...]
    signers: tuple[SignerInfo, ...]

    @classmethod
    def from_der(cls, der: bytes, *, limit: int = MAX_BYTES) -> "SignedData":
        """Raises ``MalformedDER``, ``UnsupportedAlgorithm``, the errors of certificates and of this room."""
        reader = Reader(der, limit=limit)
        outer = reader.sequence()
        reader.finish()
        message_type = outer.oid()
        if message_type not in [syntax.signed_data for syntax in SYNTAXES]:
            raise OtherMessage(detail="not signed data")
        body = outer.explicit(0)
        outer.finish()
        data = body.sequence()
        body.finish()
        version = data.small_integer(_VERSIONS[-1])
        if version not in _VERSIONS:
            raise InvalidMessage(detail="signed data of another version")
        for one in data.elements():
            AlgorithmIdentifier.read(one)
        content_type, content = _read_content(data.sequence())
        certificates = _read_certificates(data)
        signers = tuple(SignerInfo.read(one) for one in data.elements())
        data.finish()
        if not 1 <= len(signers) <= MAX_SIGNERS:
            raise InvalidMessage(detail=f"{len(signers)} signatures")
        return cls(bytes(der), version, message_type, content_type, content, certificates, signers)


def read_issuer_and_serial(reader: Reader) -> tuple[Name, int]:
    """IssuerAndSerialNumber (RFC 5652 §10.2.4)."""
    named = reader.sequence()
    found = Name.read(named), read_serial_number(named)
    named.finish()
    return found


def issuer_and_serial(certificate: Certificate) -> bytes:
    """The same, written."""
    return writer.sequence(certificate.issuer.der, writer.integer(certificate.serial_number))


def check_algorithm(found: AlgorithmIdentifier, allowed: tuple[str, ...]) -> None:
    """Raises ``UnsupportedAlgorithm`` for another one, or one with parameters."""
    if found.algorithm not in allowed or not found.without_parameters:
        raise UnsupportedAlgorithm(algorithm=found.algorithm[:64])


def _stated(found: Mapping[str, Reader] | None) -> dict[str, Any]:
    """RFC 5652 §11.1, §11.2: where there are attributes, the type and the digest of the content are among them."""
    if found is None:
        return {}
    if oids.CONTENT_TYPE not in found or oids.MESSAGE_DIGEST not in found:
        raise InvalidMessage(detail="signed attributes without the type or the digest of the content")
    time, certificate = found.get(oids.SIGNING_TIME), found.get(oids.SIGNING_CERTIFICATE_V2)
    return {
        "content_type": found[oids.CONTENT_TYPE].oid(),
        "message_digest": found[oids.MESSAGE_DIGEST].octets(),
        "signing_time": time.time() if time is not None else None,
        "signing_certificate": SigningCertificate.read(certificate) if certificate is not None else None,
    }


def _read_content(reader: Reader) -> tuple[str, bytes | None]:
    kind = reader.oid()
    inside = reader.optional_explicit(0)
    reader.finish()
    if inside is None:
        return kind, None
    content = inside.octets()
    inside.finish()
    return kind, content


def _read_certificates(data: Reader) -> tuple[Certificate, ...]:
    tag = tags.context(0, constructed=True)
    found: list[Certificate] = []
    for one in data.elements(tag) if data.next_is(tag) else ():
        if len(found) == MAX_CERTIFICATES:
            raise InvalidMessage(detail="too many certificates")
        found.append(Certificate(element_bytes(one)))
    if data.next_is(tags.context(1, constructed=True)):
        data.any_element()  # lists of revoked certificates, which we take from the authority itself
    return tuple(found)
