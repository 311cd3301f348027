"""Revoking certificates, putting them on hold, and releasing them (RFC 5280 §5.3.1)."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.certification.errors import AlreadyRevoked, NotOnHold, ReasonNotAllowed
from idp.certification.tables import CertificateAuthority, IssuedCertificate, Revocation, SignedAnswer
from idp.crypto.x509.reasons import Reason
from idp.database.compare_and_set import compare_and_set
from idp.i18n import N_
from idp.notices import book
from idp.notices.events import Event

HOLD = Reason.CERTIFICATE_HOLD
# What an operator may say. A hold has its own act; removeFromCRL and aACompromise are for lists that we do not write.
REASONS = tuple(reason for reason in Reason if reason not in (HOLD, Reason.REMOVE_FROM_CRL, Reason.AA_COMPROMISE))


NUMBER_SHOWN = 8
_TOLD = {
    Action.CERTIFICATE_REVOKED: Event.CERTIFICATE_REVOKED,
    Action.CERTIFICATE_HELD: Event.CERTIFICATE_HELD,
    Action.CERTIFICATE_RELEASED: Event.CERTIFICATE_RELEASED,
}


class Cause(StrEnum):
    """Who wanted it: somebody at the command line, the holder, or the registry, by what it says of person or institution."""

    OPERATOR = "operator"
    HOLDER = "holder"
    REGISTRY = "registry"


def revoke(tx: Transaction, row: IssuedCertificate, reason: Reason, *, invalid_since: datetime | None = None) -> Revocation:
    """Revokes for good; a hold becomes a revocation. Raises :class:`AlreadyRevoked`, :class:`ReasonNotAllowed`."""
    if reason not in REASONS:
        raise ReasonNotAllowed(reason=N_("this reason is not for certificates"))
    if invalid_since is not None and invalid_since > tx.now:
        raise ReasonNotAllowed(reason=N_("the date lies in the future"))
    lock_certificate(tx.session, row.id)
    held = tx.session.get(Revocation, row.id)
    if held is None:
        found = _insert(tx, row, reason, Cause.OPERATOR, invalid_since)
    else:
        since = invalid_since.replace(microsecond=0) if invalid_since is not None else None
        # RFC 5280 §5.3.1: a hold ends in a revocation or in a release, whichever is first.
        ending = update(Revocation).where(Revocation.certificate_id == row.id, Revocation.reason == HOLD)
        values = {"reason": int(reason), "invalid_since": since, "cause": Cause.OPERATOR.value}
        if not compare_and_set(tx.session, ending.values(**values)):
            raise AlreadyRevoked(serial=row.serial)
        tx.session.refresh(held)
        found = held
    _after(tx, row, Action.CERTIFICATE_REVOKED, {"reason": reason.word})
    return found


def hold(tx: Transaction, row: IssuedCertificate, *, cause: Cause = Cause.OPERATOR) -> Revocation:
    """Suspends the certificate until it is released or revoked. Raises :class:`AlreadyRevoked` for one that is either."""
    lock_certificate(tx.session, row.id)
    found = _insert(tx, row, HOLD, cause, None)
    _after(tx, row, Action.CERTIFICATE_HELD, {"cause": cause.value})
    return found


def release(tx: Transaction, row: IssuedCertificate) -> None:
    """Ends a hold: the certificate is good again. Raises :class:`NotOnHold`."""
    lock_certificate(tx.session, row.id)
    held = tx.session.get(Revocation, row.id)
    cause = held.cause if held is not None else ""
    ending = delete(Revocation).where(Revocation.certificate_id == row.id, Revocation.reason == HOLD)
    if not compare_and_set(tx.session, ending):
        raise NotOnHold(serial=row.serial)
    tx.session.expire_all()
    _after(tx, row, Action.CERTIFICATE_RELEASED, {"cause": cause})


def of_person(session: Session, person_id: int, now: datetime) -> Sequence[IssuedCertificate]:
    """The certificates of a person that have not expired."""
    return _unexpired(session, IssuedCertificate.person_id == person_id, now)


def hold_of_person(tx: Transaction, person_id: int) -> None:
    """Puts everything that the person has and that is good on hold: somebody else may have the keys."""
    for row in of_person(tx.session, person_id, tx.now):
        if current(tx.session, row) is None:
            hold(tx, row, cause=Cause.HOLDER)


def of_institution(session: Session, code: str, now: datetime) -> Sequence[IssuedCertificate]:
    """The certificates of an institution, of its people and of its authorities, that have not expired."""
    return _unexpired(session, IssuedCertificate.institution == code, now)


def current(session: Session, row: IssuedCertificate) -> Revocation | None:
    """Its revocation, where there is one."""
    return session.get(Revocation, row.id)


def lock_certificate(session: Session, certificate_id: int) -> None:
    """Whoever changes the state of a certificate, or signs what it is, waits here for whoever does so already."""
    session.execute(select(IssuedCertificate.id).where(IssuedCertificate.id == certificate_id).with_for_update())


def _unexpired(session: Session, which: ColumnElement[bool], now: datetime) -> Sequence[IssuedCertificate]:
    return session.scalars(
        select(IssuedCertificate).where(which, IssuedCertificate.not_after > now).order_by(IssuedCertificate.id)
    ).all()


def _insert(tx: Transaction, row: IssuedCertificate, reason: Reason, cause: Cause, invalid_since: datetime | None) -> Revocation:
    if tx.session.get(Revocation, row.id) is not None:
        raise AlreadyRevoked(serial=row.serial)
    made = Revocation(
        certificate_id=row.id,
        authority_id=row.authority_id,
        reason=int(reason),
        revoked_at=tx.now.replace(microsecond=0),
        invalid_since=invalid_since.replace(microsecond=0) if invalid_since is not None else None,
        cause=cause.value,
    )
    tx.session.add(made)
    try:
        tx.session.flush()
    except IntegrityError:  # somebody was faster
        raise AlreadyRevoked(serial=row.serial) from None
    return made


def _after(tx: Transaction, row: IssuedCertificate, action: Action, detail: dict[str, object]) -> None:
    # What was signed in advance says otherwise now, and the list is due at once.
    tx.session.execute(delete(SignedAnswer).where(SignedAnswer.certificate_id == row.id))
    due = update(CertificateAuthority).where(CertificateAuthority.id == row.authority_id, CertificateAuthority.crl_due_at > tx.now)
    tx.session.execute(due.values(crl_due_at=tx.now).execution_options(synchronize_session=False))
    tx.record(action, subject=f"certificate:{row.serial}", institution=row.institution, detail=detail)
    # Whoever is suspended in the register hears of that, not of every certificate that goes with it.
    if row.person_id is not None and detail.get("cause") != Cause.REGISTRY:
        book.give(tx, row.person_id, _TOLD[action], detail={"number": row.serial[:NUMBER_SHOWN]})
