"""TimeStampToken (RFC 3161 §2.4.2): CMS signed data (RFC 5652 §5) around what the stamp says, by one SM2 signature."""

from collections.abc import Sequence
from dataclasses import dataclass

from idp.crypto import sm2, sm3
from idp.crypto.der import AlgorithmIdentifier, Reader, oids, signature_from_der, signature_to_der, tags, writer
from idp.crypto.errors import InvalidKey, UnsupportedAlgorithm
from idp.crypto.jose.signer import Signer
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.errors import InvalidTimeStamp
from idp.crypto.x509.general_name import DIRECTORY, read_names
from idp.crypto.x509.name import Name
from idp.crypto.x509.signing import SM2_WITH_SM3, element_bytes, public_key_of
from idp.crypto.x509.tbs import read_serial_number
from idp.crypto.x509.timestamp.info import TimeStampInfo

MAX_BYTES, MAX_CERTIFICATES = 1 << 16, 8  # our policy
_V1, _V3 = 1, 3
_SM3 = AlgorithmIdentifier(oids.SM3)
# Written is SM2 with SM3; GM/T 0010 names the signature by the algorithm of the key, which is read too (decision 0025).
_SIGNATURES = (oids.SM2_WITH_SM3, oids.SM2_SIGNATURE)


@dataclass(frozen=True, slots=True)
class SigningCertificate:
    """ESSCertIDv2 (RFC 5035 §4): the digest of the signer's certificate, so that no other one can be put in its place."""

    algorithm: str
    digest: bytes
    issuer: Name | None = None
    serial_number: int | None = None

    def is_of(self, certificate: Certificate) -> bool:
        """Whether it names this certificate."""
        if self.algorithm != oids.SM3 or self.digest != certificate.fingerprint:
            return False
        return self.issuer is None or (self.issuer, self.serial_number) == (certificate.issuer, certificate.serial_number)


@dataclass(frozen=True, slots=True)
class TimeStampToken:
    """A token as it was read; nothing is verified by reading. ``signed`` is what the signature is over."""

    der: bytes
    info: TimeStampInfo
    info_der: bytes
    issuer: Name
    serial_number: int
    message_digest: bytes
    signing_certificate: SigningCertificate
    signed: bytes
    signature: bytes
    certificates: tuple[Certificate, ...]

    @classmethod
    def from_der(cls, der: bytes) -> "TimeStampToken":
        """Raises ``MalformedDER``, ``UnsupportedAlgorithm`` and the errors of this room."""
        reader = Reader(der, limit=MAX_BYTES)
        outer = reader.sequence()
        reader.finish()
        if outer.oid() != oids.SIGNED_DATA:
            raise InvalidTimeStamp(detail="not signed data")
        body = outer.explicit(0)
        outer.finish()
        data = body.sequence()
        body.finish()
        data.version(_V3)  # RFC 5652 §5.1: 3 for content that is not id-data
        for one in data.set_of():
            AlgorithmIdentifier.read(one)
        info_der = _read_content(data.sequence())
        certificates = _read_certificates(data)
        signers = list(data.set_of())
        data.finish()
        if len(signers) != 1:  # RFC 3161 §2.4.2: no signature but the authority's
            raise InvalidTimeStamp(detail=f"{len(signers)} signatures")
        signer = signers[0].sequence()
        signer.version(_V1)
        named = signer.sequence()
        issuer, serial_number = Name.read(named), read_serial_number(named)
        named.finish()
        _check_algorithm(AlgorithmIdentifier.read(signer), (oids.SM3,))
        at = signer.position
        attributes = _read_attributes(signer)
        # RFC 5652 §5.4: what is signed is the set under its own tag.
        signed = writer.element(tags.SET, Reader(signer.data, limit=len(der), start=at, end=signer.position).content(0xA0))
        _check_algorithm(AlgorithmIdentifier.read(signer), _SIGNATURES)
        signature = signature_from_der(signer.octets())
        signer.finish()
        return cls(
            bytes(der),
            TimeStampInfo.from_der(info_der),
            info_der,
            issuer,
            serial_number,
            _message_digest(attributes),
            _signing_certificate(attributes),
            signed,
            signature,
            certificates,
        )


def sign_token(info: TimeStampInfo, signer: Signer, certificate: Certificate, along: Sequence[Certificate] = ()) -> bytes:
    """The DER of a token by the key of ``certificate``. ``along`` are the certificates to put in.

    Raises ``UnsupportedAlgorithm`` for a signer that is not SM2, :class:`InvalidTimeStamp` for the certificate of another key.
    """
    if public_key_of(signer) != certificate.public_key:
        raise InvalidTimeStamp(detail="the certificate of another key")
    content = info.encode()
    name = writer.sequence(writer.explicit(DIRECTORY, certificate.issuer.der))
    issuer_serial = writer.sequence(name, writer.integer(certificate.serial_number))
    identifier = writer.sequence(_SM3.encode(), writer.octets(certificate.fingerprint), issuer_serial)
    attributes = (
        _attribute(oids.CONTENT_TYPE, writer.oid(oids.TST_INFO)),
        _attribute(oids.MESSAGE_DIGEST, writer.octets(sm3.digest(content))),
        _attribute(oids.SIGNING_CERTIFICATE_V2, writer.sequence(writer.sequence(identifier))),
    )
    signature = signer.sign(writer.set_of(attributes))
    if len(signature) != sm2.SIGNATURE_BYTES:
        raise InvalidKey(detail="the signer does not give r‖s")
    signer_info = writer.sequence(
        writer.integer(_V1),
        writer.sequence(certificate.issuer.der, writer.integer(certificate.serial_number)),
        _SM3.encode(),
        writer.set_of(attributes, tags.context(0, constructed=True)),
        SM2_WITH_SM3.encode(),
        writer.octets(signature_to_der(signature)),
    )
    signed_data = writer.sequence(
        writer.integer(_V3),
        writer.set_of([_SM3.encode()]),
        writer.sequence(writer.oid(oids.TST_INFO), writer.explicit(0, writer.octets(content))),
        writer.set_of([one.der for one in along], tags.context(0, constructed=True)) if along else b"",
        writer.set_of([signer_info]),
    )
    return writer.sequence(writer.oid(oids.SIGNED_DATA), writer.explicit(0, signed_data))


def _attribute(kind: str, value: bytes) -> bytes:
    return writer.sequence(writer.oid(kind), writer.set_of([value]))


def _check_algorithm(found: AlgorithmIdentifier, allowed: Sequence[str]) -> None:
    if found.algorithm not in allowed or not found.without_parameters:
        raise UnsupportedAlgorithm(algorithm=found.algorithm[:64])


def _read_content(reader: Reader) -> bytes:
    if reader.oid() != oids.TST_INFO:
        raise InvalidTimeStamp(detail="signed data that is no time-stamp")
    inside = reader.explicit(0)
    reader.finish()
    content = inside.octets()
    inside.finish()
    return content


def _read_certificates(data: Reader) -> tuple[Certificate, ...]:
    tag = tags.context(0, constructed=True)
    found = [Certificate(element_bytes(one)) for one in data.set_of(tag)] if data.next_is(tag) else []
    if data.next_is(tags.context(1, constructed=True)):
        data.any_element()  # lists of revoked certificates, which we take from the authority itself
    if len(found) > MAX_CERTIFICATES:
        raise InvalidTimeStamp(detail="too many certificates")
    return tuple(found)


def _read_attributes(signer: Reader) -> dict[str, Reader]:
    """By type, a reader standing before the one value of each (RFC 5652 §11)."""
    found: dict[str, Reader] = {}
    for one in signer.set_of(tags.context(0, constructed=True)):
        attribute = one.sequence()
        kind, values = attribute.oid(), list(attribute.set_of())
        attribute.finish()
        if kind in found or len(values) != 1:
            raise InvalidTimeStamp(detail=f"an attribute twice, or without its one value: {kind}")
        found[kind] = values[0]
    content = found.get(oids.CONTENT_TYPE)
    if content is None or content.oid() != oids.TST_INFO:  # RFC 5652 §11.1
        raise InvalidTimeStamp(detail="signed attributes of another content")
    return found


def _message_digest(attributes: dict[str, Reader]) -> bytes:
    value = attributes.get(oids.MESSAGE_DIGEST)
    if value is None:
        raise InvalidTimeStamp(detail="no digest of the content")
    return value.octets()


def _signing_certificate(attributes: dict[str, Reader]) -> SigningCertificate:
    """RFC 5816 §2.2.1: by SigningCertificateV2, since SHA-1 of the older attribute proves nothing."""
    value = attributes.get(oids.SIGNING_CERTIFICATE_V2)
    if value is None:
        raise InvalidTimeStamp(detail="no digest of the signer's certificate")
    outer = value.sequence()
    first = outer.sequence().sequence()  # RFC 5035 §4: the first one is the signer's
    algorithm = AlgorithmIdentifier.read(first).algorithm if first.next_is(tags.SEQUENCE) else oids.SHA256
    digest, issuer, serial_number = first.octets(), None, None
    if first.next_is(tags.SEQUENCE):
        named = first.sequence()
        names = read_names(named.sequence())
        serial_number = read_serial_number(named)
        named.finish()
        issuer = names[0].value if len(names) == 1 and isinstance(names[0].value, Name) else None
        if issuer is None:
            raise InvalidTimeStamp(detail="the signer's certificate by an issuer without a name")
    first.finish()
    return SigningCertificate(algorithm, digest, issuer, serial_number)
