"""Whether an answer may be believed (RFC 6960 §3.2, §4.2.2.2)."""

import hashlib
from datetime import datetime, timedelta

from idp.crypto import sm2
from idp.crypto.der import oids
from idp.crypto.errors import InvalidSignature
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.errors import InvalidOCSPResponse, X509Error
from idp.crypto.x509.extensions import ExtendedKeyUsage, OCSPNoCheck
from idp.crypto.x509.name import Name
from idp.crypto.x509.ocsp.response import Answer, OCSPResponse
from idp.crypto.x509.ocsp.single import SingleResponse

CLOCK_TOLERANCE = timedelta(minutes=5)  # our policy
MAX_AGE_WITHOUT_NEXT_UPDATE = timedelta(hours=1)  # our policy: where the responder promises nothing


def check_response(
    response: OCSPResponse, certificate: Certificate, issuer: Certificate, at: datetime, *, nonce: bytes | None = None
) -> SingleResponse:
    """What ``response`` says of ``certificate``, signed by its issuer or by whom the issuer named for it, and fresh at ``at``.

    With ``nonce`` it must be the answer to the very question that had it. The state is not judged here. Raises
    :class:`InvalidOCSPResponse`.
    """
    answer = response.answer
    if answer is None:
        raise InvalidOCSPResponse(detail=f"the responder says {response.status.name}")
    _check_signature(answer, issuer, at)
    if nonce is not None and answer.data.nonce != nonce:
        raise InvalidOCSPResponse(detail="the answer to another question")
    found = [
        single
        for single in answer.data.responses
        if single.certificate.serial_number == certificate.serial_number
        and single.certificate.is_by(certificate.issuer, issuer.public_key)
    ]
    if len(found) != 1:
        raise InvalidOCSPResponse(detail="no answer about this certificate, or two")
    _check_fresh(found[0], at)
    return found[0]


def is_about(response: OCSPResponse, certificate: Certificate, issuer: Certificate) -> bool:
    """Whether an answer about ``certificate`` stands in it."""
    return response.answer is not None and any(
        single.certificate.serial_number == certificate.serial_number
        and single.certificate.is_by(certificate.issuer, issuer.public_key)
        for single in response.answer.data.responses
    )


def _check_fresh(single: SingleResponse, at: datetime) -> None:
    # RFC 6960 §4.2.2.1: not before thisUpdate, not after nextUpdate.
    until = single.next_update if single.next_update is not None else single.this_update + MAX_AGE_WITHOUT_NEXT_UPDATE
    if not single.this_update - CLOCK_TOLERANCE <= at <= until:
        raise InvalidOCSPResponse(detail="not fresh")


def _check_signature(answer: Answer, issuer: Certificate, at: datetime) -> None:
    responder = _responder(answer, issuer)
    if responder != issuer:
        _check_delegated(responder, issuer, at)
    try:
        sm2.verify(responder.public_key, answer.data_der, answer.signature)
    except InvalidSignature:
        raise InvalidOCSPResponse(detail="not signed by its responder") from None


def _responder(answer: Answer, issuer: Certificate) -> Certificate:
    named = answer.data.responder
    for candidate in (issuer, *answer.certificates):
        if isinstance(named, Name):
            if candidate.subject == named:
                return candidate
        elif hashlib.sha1(b"\x04" + candidate.public_key.point, usedforsecurity=False).digest() == named:
            return candidate
    raise InvalidOCSPResponse(detail="the responder's certificate did not come along")


def _check_delegated(responder: Certificate, issuer: Certificate, at: datetime) -> None:
    """RFC 6960 §4.2.2.2: issued by the very issuer whose certificates it speaks of, and for nothing else."""
    purposes = responder.extensions.get(ExtendedKeyUsage)
    if responder.issuer != issuer.subject or purposes is None or oids.OCSP_SIGNING not in purposes.purposes:
        raise InvalidOCSPResponse(detail="a responder that the issuer did not name")
    # §4.2.2.2.1: without nocheck its own state would have to be asked for in turn; our policy is to demand it.
    if responder.extensions.get(OCSPNoCheck) is None or responder.extensions.unknown_critical() is not None:
        raise InvalidOCSPResponse(detail="a responder without nocheck")
    if not responder.tbs.not_before <= at <= responder.tbs.not_after:
        raise InvalidOCSPResponse(detail="a responder whose certificate is not valid")
    try:
        responder.check_signed_by(issuer.public_key)
    except X509Error:
        raise InvalidOCSPResponse(detail="a responder that the issuer did not name") from None
