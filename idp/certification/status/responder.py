"""Answering OCSP (RFC 6960): by a responder of each authority, signed in advance where the question has no nonce."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import unquote

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.certification.authorities import certificate_of
from idp.certification.office import Office
from idp.certification.status.revocation import lock_certificate
from idp.certification.tables import CertificateAuthority, IssuedCertificate, Revocation, SignedAnswer
from idp.crypto.errors import CryptoError
from idp.crypto.jose.signer import Signer
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.name import Name
from idp.crypto.x509.ocsp import CertID, CertificateState, OCSPRequest, ResponseData, ResponseStatus, SingleResponse, sign_response
from idp.crypto.x509.ocsp.cert_id import ALGORITHMS, issuer_digests
from idp.crypto.x509.ocsp.response import refusal
from idp.crypto.x509.reasons import Reason
from idp.database.prepared import Prepared
from idp.database.upsert import upsert

VALID = timedelta(hours=12)
# RFC 6960 §2.2: a number that was never issued is answered as if revoked, on hold since 1970, and the answer says that it may.
NEVER_ISSUED = CertificateState(datetime(1970, 1, 1, tzinfo=UTC), Reason.CERTIFICATE_HOLD)


@dataclass(frozen=True, eq=False)
class Responder:
    """Who answers for one authority: its name, its key, the certificates that go along; none where the authority itself signs."""

    authority: CertificateAuthority
    name: Name
    signer: Signer
    along: tuple[Certificate, ...]


class Responders:
    """The responders of an installation, found by the digests that a question names its issuer with."""

    def __init__(self, session: Session, office: Office) -> None:
        self._found: dict[tuple[str, bytes, bytes], Responder] = {}
        for row in session.scalars(select(CertificateAuthority).where(CertificateAuthority.chain != "")):
            own = certificate_of(row)
            responder = _responder(row, own, office)
            for algorithm in ALGORITHMS:
                self._found[(algorithm, *issuer_digests(own.subject, own.public_key, algorithm))] = responder

    def of(self, identifier: CertID) -> Responder | None:
        """Who may speak of this certificate."""
        return self._found.get((identifier.algorithm.algorithm, identifier.issuer_name_hash, identifier.issuer_key_hash))


@dataclass(frozen=True)
class Reply:
    """``fresh_until`` is there where the reply may be kept by caches on the way until then (RFC 5019 §6)."""

    der: bytes
    fresh_until: datetime | None = None


@dataclass(frozen=True)
class Unsigned:
    """A question whose answer can be signed in advance for everybody, and has not been yet."""

    responder: Responder
    identifier: CertID
    certificate_id: int


def reply(
    session: Session, responders: Responders, question: bytes, now: datetime, may_sign: Callable[[], bool] = lambda: True
) -> Reply | Unsigned:
    """The answer to a question in DER, or what :func:`sign_in_advance` makes it of. Never raises for what a stranger sent.

    ``may_sign`` is asked before a signature that is good for this answer only.
    """
    try:
        asked = OCSPRequest.from_der(question)
    except CryptoError:
        return Reply(refusal(ResponseStatus.MALFORMED_REQUEST))
    found = {responders.of(identifier) for identifier in asked.certificates}
    responder = found.pop()
    # RFC 6960 §2.3: not authorised to speak of it. One answer has one signer, so two issuers at once cannot be answered either.
    if responder is None or found:
        return Reply(refusal(ResponseStatus.UNAUTHORIZED))
    known = [_known(session, responder, identifier) for identifier in asked.certificates]
    if asked.nonce is not None or len(known) > 1 or known[0] is None:
        if not may_sign():  # RFC 6960 §2.3: temporarily unable to answer
            return Reply(refusal(ResponseStatus.TRY_LATER))
        return Reply(_signed(responder, asked, known, now))
    kept = known[0]
    if kept.der is not None and kept.fresh_until is not None and kept.fresh_until > now:
        return Reply(kept.der, kept.fresh_until)
    return Unsigned(responder, asked.certificates[0], kept.certificate_id)


def sign_in_advance(tx: Transaction, question: Unsigned) -> Reply:
    """Signs the answer and keeps it. The certificate is locked meanwhile, as it is by whoever revokes it: an answer that says good
    is never kept after the revocation.
    """
    lock_certificate(tx.session, question.certificate_id)
    asked = OCSPRequest((question.identifier,))
    der = _signed(question.responder, asked, [_known(tx.session, question.responder, question.identifier)], tx.now)
    until = tx.now.replace(microsecond=0) + VALID / 2
    key = {"certificate_id": question.certificate_id, "algorithm": _spelling(question.identifier)}
    changing = {"der": der, "fresh_until": until}
    upsert(tx.session, SignedAnswer, key | changing, again=changing)
    return Reply(der, until)


def question_of_path(text: str) -> bytes | None:
    """The question in a GET (RFC 6960 A.1): base64, escaped for the address; nothing where it is neither."""
    try:
        return base64.b64decode(unquote(text, errors="strict"), validate=True)
    except (binascii.Error, ValueError):
        return None


class _Known(NamedTuple):
    """What is known of one certificate: its revocation, and the answer that was signed in advance, where there are any."""

    certificate_id: int
    revoked_at: datetime | None
    reason: int | None
    der: bytes | None
    fresh_until: datetime | None


def _looking() -> Select[Any]:
    # Tables, not rows of the mapper: this is asked a thousand times a second, and the mapper costs more than the database.
    certificate, revocation, answer = IssuedCertificate.__table__, Revocation.__table__, SignedAnswer.__table__
    return (
        select(certificate.c.id, revocation.c.revoked_at, revocation.c.reason, answer.c.der, answer.c.fresh_until)
        .outerjoin(revocation, revocation.c.certificate_id == certificate.c.id)
        .outerjoin(answer, (answer.c.certificate_id == certificate.c.id) & (answer.c.algorithm == bindparam("spelling")))
        .where(certificate.c.authority_id == bindparam("authority"), certificate.c.serial == bindparam("number"))
    )


_LOOKING = Prepared(_looking())


def _known(session: Session, responder: Responder, identifier: CertID) -> _Known | None:
    number, spelling = f"{identifier.serial_number:x}", _spelling(identifier)
    row = _LOOKING.first(session, authority=responder.authority.id, number=number, spelling=spelling)
    return _Known(*row) if row is not None else None


def _signed(responder: Responder, asked: OCSPRequest, known: Sequence[_Known | None], now: datetime) -> bytes:
    moment = now.replace(microsecond=0)
    singles = tuple(
        SingleResponse(identifier, _state(one), moment, moment + VALID)
        for identifier, one in zip(asked.certificates, known, strict=True)
    )
    invented = None in known
    data = ResponseData(responder.name, moment, singles, asked.nonce, extended_revoke=invented)
    return sign_response(data, responder.signer, responder.along)


def _state(known: _Known | None) -> CertificateState:
    if known is None:
        return NEVER_ISSUED
    if known.revoked_at is None or known.reason is None:
        return CertificateState()
    reason = Reason(known.reason)
    return CertificateState(known.revoked_at, None if reason is Reason.UNSPECIFIED else reason)


def _spelling(identifier: CertID) -> str:
    # A client finds its own CertID in the answer byte for byte, and some write NULL parameters.
    return identifier.algorithm.algorithm + ("" if not identifier.algorithm.parameters else "+null")


def _responder(row: CertificateAuthority, own: Certificate, office: Office) -> Responder:
    signer = office.responder(row)
    if signer is None or row.responder_certificate is None:
        return Responder(row, own.subject, office.signer(row), ())
    certificate = Certificate(row.responder_certificate)
    return Responder(row, certificate.subject, signer, (certificate,))
