"""Whether a certificate has been revoked, by what is at hand: answers first, since they are about one certificate, then lists.

What cannot be believed counts for nothing, and where nothing is left the certificate is refused: silence is not good news.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.crl import RevocationList
from idp.crypto.x509.errors import InvalidOCSPResponse, RevocationUnknown, Revoked, SignatureRefused
from idp.crypto.x509.ocsp import OCSPResponse
from idp.crypto.x509.ocsp.verify import CLOCK_TOLERANCE, check_response, is_about
from idp.crypto.x509.reasons import Reason


@dataclass(frozen=True, slots=True)
class RevocationEvidence:
    """Lists and answers, as they were read; none of them need be good."""

    lists: Sequence[RevocationList] = ()
    responses: Sequence[OCSPResponse] = ()


def check_not_revoked(certificate: Certificate, issuer: Certificate, evidence: RevocationEvidence, at: datetime) -> None:
    """Raises :class:`Revoked` or :class:`RevocationUnknown`.

    Every piece that is good is looked at, and one that says revoked prevails over one that does not.
    """
    answers = [_by_response(certificate, issuer, response, at) for response in evidence.responses]
    lists = [_by_list(certificate, issuer, revocations, at) for revocations in evidence.lists]
    if not any(answers + lists):
        raise RevocationUnknown(detail=str(certificate.subject))


def _by_response(certificate: Certificate, issuer: Certificate, response: OCSPResponse, at: datetime) -> bool:
    """Whether it says that the certificate is good."""
    if not is_about(response, certificate, issuer):
        return False
    try:
        state = check_response(response, certificate, issuer, at).state
    except InvalidOCSPResponse:
        return False
    if state.revoked_at is not None:
        raise _revoked(certificate, state.revoked_at, state.reason)
    return state.known


def _by_list(certificate: Certificate, issuer: Certificate, revocations: RevocationList, at: datetime) -> bool:
    """Whether it is a list in which the certificate would stand, and does not (RFC 5280 §6.3.3)."""
    contents = revocations.contents
    if not revocations.is_about(certificate) or not contents.this_update - CLOCK_TOLERANCE <= at <= contents.next_update:
        return False
    try:
        revocations.check_signed_by(issuer)
    except SignatureRefused:
        return False
    entry = revocations.entry(certificate.serial_number)
    if entry is not None:
        raise _revoked(certificate, entry.revoked_at, entry.reason)
    return True


def _revoked(certificate: Certificate, at: datetime, reason: Reason | None) -> Revoked:
    return Revoked(detail=str(certificate.subject), at=at.isoformat(), reason=(reason or Reason.UNSPECIFIED).word)
