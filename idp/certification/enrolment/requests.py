"""From a request that came over HTTP to a certificate: at once, or when an officer has said so.

A request that comes again, because its answer was lost, is answered as the first time and costs nothing more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.certification import issuance, renewals
from idp.certification.enrolment import rights
from idp.certification.enrolment.rights import Right
from idp.certification.errors import EnrolmentRefused, EnrolmentUsedUp, NotWaiting, RequestTurnedDown
from idp.certification.issuance import Application
from idp.certification.office import Office, key_digest
from idp.certification.tables import CertificateAuthority, Enrolment, EnrolmentRequest, IssuedCertificate
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.request import CertificateRequest
from idp.database.compare_and_set import compare_and_set
from idp.database.prepared import Prepared

WAITING, ISSUED, REFUSED = "waiting", "issued", "refused"

_REQUEST, _CERTIFICATE = cast(Table, EnrolmentRequest.__table__), cast(Table, IssuedCertificate.__table__)
_BEFORE = Prepared(
    select(_REQUEST.c.state, _CERTIFICATE.c.der)
    .outerjoin(_CERTIFICATE, _CERTIFICATE.c.id == _REQUEST.c.certificate_id)
    .where(_REQUEST.c.enrolment_id == bindparam("enrolment"), _REQUEST.c.key_digest == bindparam("key"))
)
_GIVEN: dict[str, Any] = {column.key: bindparam(column.key) for column in _REQUEST.c if column.key != "id"}
_KEEPING = Prepared(insert(_REQUEST).values(_GIVEN))
_OF_KEY = select(_CERTIFICATE.c.id).where(_CERTIFICATE.c.key_digest == bindparam("key")).scalar_subquery()
_KEEPING_ISSUED = Prepared(insert(_REQUEST).values(_GIVEN | {"certificate_id": _OF_KEY}))


@dataclass(frozen=True)
class Waiting:
    """A request that an officer has yet to look at."""


def before(session: Session, right: Right, request: CertificateRequest) -> bytes | Waiting | None:
    """What became of a request for this key that came earlier: its certificate, nothing yet; ``None`` for the first one.

    Raises :class:`RequestTurnedDown`.
    """
    found = _BEFORE.first(session, enrolment=right.id, key=key_digest(request.public_key))
    if found is None:
        return None
    state, der = found
    if state == REFUSED:
        raise RequestTurnedDown
    return bytes(der) if state == ISSUED else Waiting()


def hand_in(tx: Transaction, office: Office, right: Right, request: CertificateRequest) -> bytes | Waiting:
    """Lets a request wait for an officer. Raises :class:`EnrolmentUsedUp`, :class:`RequestTurnedDown` and what issuance does: what
    could never be issued is said at once, and waits for nobody.
    """
    known = before(tx.session, right, request)
    if known is not None:
        return known
    application = application_of(tx.session, office, right, request, tx.now.date())
    issuance.check_holder(right.authority, application)
    issuance.lint(tx.session, application)
    _KEEPING.count(tx.session, **_values(right, request, tx.now))
    if not rights.spend(tx, right):
        raise EnrolmentUsedUp
    subject, detail = f"enrolment:{right.handle}", {"key": key_digest(request.public_key)}
    tx.record(Action.ENROLMENT_REQUESTED, subject=subject, institution=right.school, detail=detail)
    return Waiting()


def keep_issued(tx: Transaction, issued: Sequence[tuple[Right, CertificateRequest]]) -> None:
    """Writes down requests that have just become certificates."""
    rows = [_values(right, request, tx.now) | {"state": ISSUED, "decided_at": tx.now} for right, request in issued]
    _KEEPING_ISSUED.many(tx.session, [row | {"key": row["key_digest"]} for row in rows])


def application_of(session: Session, office: Office, right: Right, request: CertificateRequest, today: date) -> Application:
    """What is applied for: the kind and the holder are the enrolment's. Raises ``HolderNotFitting``."""
    return Application(office.profiles[right.profile], rights.holder_of(session, right, today), request)


def re_enrol(tx: Transaction, office: Office, authority: str, shown: Certificate, request: CertificateRequest) -> bytes:
    """A successor for a certificate of ours that is good, and that the client has just proven to the proxy to hold.

    Raises :class:`EnrolmentRefused` for another's or one that is over, ``NotRenewable`` for one that is revoked or on hold, and
    what issuance raises.
    """
    row = tx.session.scalar(select(IssuedCertificate).where(IssuedCertificate.fingerprint == shown.fingerprint.hex()))
    if row is None or row.der != shown.der or not row.not_before <= tx.now <= row.not_after:
        raise EnrolmentRefused
    if tx.session.get_one(CertificateAuthority, row.authority_id).name != authority:
        raise EnrolmentRefused
    return renewals.renew(tx, office, row, request, supersede=False).der


def waiting(session: Session) -> Sequence[tuple[EnrolmentRequest, Enrolment]]:
    """The requests that an officer has yet to look at, the oldest first."""
    both = select(EnrolmentRequest, Enrolment).join(Enrolment, Enrolment.id == EnrolmentRequest.enrolment_id)
    found = session.execute(both.where(EnrolmentRequest.state == WAITING).order_by(EnrolmentRequest.id))
    return [(one, right) for one, right in found]


def approve(tx: Transaction, office: Office, number: int) -> IssuedCertificate:
    """Issues what waits. Raises :class:`NotWaiting`, and what issuance does: then it goes on waiting."""
    waits, right = _decide(tx, number, ISSUED)
    application = application_of(tx.session, office, right, CertificateRequest.from_der(waits.request), tx.now.date())
    row = issuance.issue(tx, office, right.authority, application)
    waits.certificate_id = row.id
    tx.session.flush()
    detail = {"request": number, "certificate": row.serial}
    tx.record(Action.ENROLMENT_APPROVED, subject=f"enrolment:{right.handle}", institution=right.school, detail=detail)
    return row


def refuse(tx: Transaction, number: int, reason: str) -> None:
    """Turns down what waits; the enrolment may be used for another key instead. Raises :class:`NotWaiting`."""
    _, right = _decide(tx, number, REFUSED)
    rights.give_back(tx, right)
    detail = {"request": number, "reason": reason[:200]}
    tx.record(Action.ENROLMENT_REFUSED, subject=f"enrolment:{right.handle}", institution=right.school, detail=detail)


def _decide(tx: Transaction, number: int, state: str) -> tuple[EnrolmentRequest, Right]:
    deciding = update(EnrolmentRequest).where(EnrolmentRequest.id == number, EnrolmentRequest.state == WAITING)
    if not compare_and_set(tx.session, deciding.values(state=state, decided_at=tx.now)):
        raise NotWaiting(number=number)
    row = tx.session.get_one(EnrolmentRequest, number, populate_existing=True)
    return row, rights.of_request(tx.session, row.enrolment_id)


def _values(right: Right, request: CertificateRequest, now: datetime) -> dict[str, Any]:
    return {
        "enrolment_id": right.id,
        "key_digest": key_digest(request.public_key),
        "request": request.der,
        "state": WAITING,
        "certificate_id": None,
        "received_at": now,
        "decided_at": None,
    }
