"""Lists and answers about the certificates of the hierarchy, as an authority would write them, and as a careless one would."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from idp.crypto.der import oids
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.crl import (
    RevocationList,
    RevocationListContents,
    RevokedCertificate,
    list_extensions,
    sign_revocation_list,
)
from idp.crypto.x509.extensions import ExtendedKeyUsage, IssuingDistributionPoint, KeyUsage, OCSPNoCheck
from idp.crypto.x509.extensions import usage as bits
from idp.crypto.x509.extensions.identifiers import key_identifier
from idp.crypto.x509.extensions.value import ExtensionValue
from idp.crypto.x509.ocsp import CertID, CertificateState, OCSPResponse, ResponseData, SingleResponse, sign_response
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.signing import signed
from tests.unit.crypto.x509.hierarchy import NOW, Party, leaf

YESTERDAY = NOW - timedelta(days=1)
GOOD = CertificateState()
RESPONDER: tuple[tuple[ExtensionValue, bool], ...] = (
    (KeyUsage.of(bits.DIGITAL_SIGNATURE), True),
    (ExtendedKeyUsage((oids.OCSP_SIGNING,)), True),
    (OCSPNoCheck(), False),
)


def entry(certificate: Certificate, reason: Reason = Reason.KEY_COMPROMISE) -> RevokedCertificate:
    return RevokedCertificate(certificate.serial_number, YESTERDAY, reason)


def contents(
    issuer: Party, entries: Sequence[RevokedCertificate] = (), part: IssuingDistributionPoint | None = None, number: int = 7
) -> RevocationListContents:
    extensions = list_extensions(number, key_identifier(issuer.certificate.public_key), part)
    return RevocationListContents(issuer.certificate.subject, NOW, NOW + timedelta(days=7), tuple(entries), extensions)


def revocation_list(
    issuer: Party, *entries: RevokedCertificate, part: IssuingDistributionPoint | None = None, **changes: object
) -> RevocationList:
    what = replace(contents(issuer, entries, part), **changes)  # type: ignore[arg-type]
    return RevocationList(sign_revocation_list(what, issuer.signer, issuer.certificate))


def careless_list(issuer: Party, encoded: bytes) -> bytes:
    return signed(encoded, issuer.signer)


def responder(issuer: Party, *more: tuple[ExtensionValue, bool]) -> Party:
    return leaf(issuer, *(more or RESPONDER))


def single(certificate: Certificate, issuer: Party, state: CertificateState = GOOD, *, algorithm: str = oids.SM3) -> SingleResponse:
    identifier = CertID.of(issuer.certificate.subject, issuer.certificate.public_key, certificate.serial_number, algorithm)
    return SingleResponse(identifier, state, NOW, NOW + timedelta(hours=12))


def response(
    signer: Party, *singles: SingleResponse, at: datetime = NOW, nonce: bytes | None = None, along: bool = True
) -> OCSPResponse:
    return OCSPResponse.from_der(response_der(signer, *singles, at=at, nonce=nonce, along=along))


def response_der(
    signer: Party, *singles: SingleResponse, at: datetime = NOW, nonce: bytes | None = None, along: bool = True
) -> bytes:
    data = ResponseData(signer.certificate.subject, at, singles, nonce)
    return sign_response(data, signer.signer, [signer.certificate] if along else [])
