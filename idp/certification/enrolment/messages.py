"""The bodies of RFC 7030: base64 around DER, both ways, whatever Content-Transfer-Encoding says (RFC 8951 §3.1)."""

import base64
import binascii
from collections.abc import Sequence

from idp.crypto.der import oids, tags, writer
from idp.crypto.errors import MalformedDER
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.request import MAX_BYTES, CertificateRequest

MAX_BODY = MAX_BYTES * 3 // 2  # base64 with its line breaks
REQUEST_TYPE = "application/pkcs10"
CERTIFICATES_TYPE = "application/pkcs7-mime; smime-type=certs-only"
ATTRIBUTES_TYPE = "application/csrattrs"
_LINE = 76


def request_of(body: bytes) -> CertificateRequest:
    """The request (RFC 7030 §4.2.1). Raises ``MalformedDER`` for what is not base64, and what reading it raises."""
    try:
        der = base64.b64decode(b"".join(body.split()), validate=True)
    except (binascii.Error, ValueError):
        raise MalformedDER(0, "not base64") from None
    return CertificateRequest.from_der(der)


def certificates(found: Sequence[Certificate]) -> bytes:
    """A certs-only message (RFC 5652 §5, RFC 5272 §4.1): signed data that nobody signed, around nothing."""
    signed_data = writer.sequence(
        writer.integer(1),
        writer.set_of([]),
        writer.sequence(writer.oid(oids.DATA)),
        writer.set_of([one.der for one in found], tags.context(0, constructed=True)),
        writer.set_of([]),
    )
    return _in_base64(writer.sequence(writer.oid(oids.SIGNED_DATA), writer.explicit(0, signed_data)))


def attributes() -> bytes:
    """What we ask of requests (RFC 7030 §4.5.2): a key on the curve of SM2, and SM2 with SM3. Names come from the register."""
    key = writer.sequence(writer.oid(oids.EC_PUBLIC_KEY), writer.set_of([writer.oid(oids.SM2_CURVE)]))
    return _in_base64(writer.sequence(key, writer.oid(oids.SM2_WITH_SM3)))


def _in_base64(der: bytes) -> bytes:
    text = base64.b64encode(der)
    return b"".join(text[i : i + _LINE] + b"\n" for i in range(0, len(text), _LINE))
