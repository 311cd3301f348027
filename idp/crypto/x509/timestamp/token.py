"""TimeStampToken (RFC 3161 §2.4.2): CMS signed data (RFC 5652 §5) around what the stamp says, by one SM2 signature."""

from collections.abc import Sequence
from dataclasses import dataclass

from idp.crypto import sm3
from idp.crypto.der import oids, writer
from idp.crypto.jose.signer import Signer
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.cms import signing_certificate
from idp.crypto.x509.cms.errors import MessageError
from idp.crypto.x509.cms.signed_data import SignedData
from idp.crypto.x509.cms.signing import assemble, sign_attributes
from idp.crypto.x509.cms.signing_certificate import SigningCertificate
from idp.crypto.x509.cms.syntax import INTERNATIONAL
from idp.crypto.x509.errors import InvalidTimeStamp
from idp.crypto.x509.name import Name
from idp.crypto.x509.timestamp.info import TimeStampInfo

MAX_BYTES, MAX_CERTIFICATES = 1 << 16, 8  # our policy
_V3 = 3  # RFC 5652 §5.1: for content that is not id-data


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
        try:
            message = SignedData.from_der(der, limit=MAX_BYTES)
        except MessageError as error:
            raise InvalidTimeStamp(detail=error.detail) from None
        content = message.content
        if message.message_type != oids.SIGNED_DATA or message.content_type != oids.TST_INFO or content is None:
            raise InvalidTimeStamp(detail="signed data that is no time-stamp")
        if message.version != _V3:
            raise InvalidTimeStamp(detail="signed data of another version")
        if len(message.signers) != 1:  # RFC 3161 §2.4.2: no signature but the authority's
            raise InvalidTimeStamp(detail=f"{len(message.signers)} signatures")
        signer = message.signers[0]
        if len(message.certificates) > MAX_CERTIFICATES:
            raise InvalidTimeStamp(detail="too many certificates")
        if signer.signed is None or signer.message_digest is None or signer.content_type != oids.TST_INFO:  # RFC 5652 §11.1
            raise InvalidTimeStamp(detail="signed attributes of another content")
        if signer.signing_certificate is None:
            # RFC 5816 §2.2.1: by SigningCertificateV2, since SHA-1 of the older attribute proves nothing.
            raise InvalidTimeStamp(detail="no digest of the signer's certificate")
        return cls(
            message.der,
            TimeStampInfo.from_der(content),
            content,
            signer.issuer,
            signer.serial_number,
            signer.message_digest,
            signer.signing_certificate,
            signer.signed,
            signer.signature,
            message.certificates,
        )


def sign_token(info: TimeStampInfo, signer: Signer, certificate: Certificate, along: Sequence[Certificate] = ()) -> bytes:
    """The DER of a token by the key of ``certificate``. ``along`` are the certificates to put in.

    Raises ``UnsupportedAlgorithm`` for a signer that is not SM2, :class:`InvalidTimeStamp` for the certificate of another key.
    """
    content = info.encode()
    stated = {
        oids.CONTENT_TYPE: writer.oid(oids.TST_INFO),
        oids.MESSAGE_DIGEST: writer.octets(sm3.digest(content)),
        oids.SIGNING_CERTIFICATE_V2: signing_certificate.encode(certificate),
    }
    try:
        signed = sign_attributes(stated, signer, certificate, INTERNATIONAL)
    except MessageError as error:
        raise InvalidTimeStamp(detail=error.detail) from None
    content_info = writer.sequence(writer.oid(oids.TST_INFO), writer.explicit(0, writer.octets(content)))
    return assemble(INTERNATIONAL, _V3, content_info, along, signed)
