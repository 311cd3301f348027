"""A new certificate in time: which ones end soon, a renewal for the same holder, and reminders to whom it concerns.

A renewal is a certificate like any other, for a new key: the holder is looked up in the registry again, so somebody who has left
gets none, and a name that has changed is the new one. Both are good together, until the old one ends or is revoked as superseded.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from idp.audit import Transaction
from idp.certification import issuance, subjects
from idp.certification.double import is_escrowed
from idp.certification.errors import NotRenewable
from idp.certification.issuance import Application
from idp.certification.office import Office
from idp.certification.status import revocation
from idp.certification.subjects import Holder
from idp.certification.tables import CertificateAuthority, IssuedCertificate, Revocation
from idp.crypto.der import oids
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.extensions import SubjectAltName
from idp.crypto.x509.general_name import DNS
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.request import CertificateRequest
from idp.database.compare_and_set import compare_and_set
from idp.i18n import N_
from idp.notices import book
from idp.notices.events import Event
from idp.registry.affiliations import ADMINISTRATORS, holds
from idp.registry.tables import Affiliation, Person

REMINDED_BEFORE = (1, 7, 30)
"""Days before the end of a certificate, the last reminder first."""
BATCH = 100
_NUMBER_SHOWN = 8
# Certified anew without anybody's doing.
_BY_THEMSELVES = ("ocsp", "timestamp", "token")


def renew(
    tx: Transaction, office: Office, old: IssuedCertificate, request: CertificateRequest, *, supersede: bool
) -> IssuedCertificate:
    """A certificate of the same profile by the same authority for the same holder. With ``supersede`` the old one is revoked.

    Raises :class:`NotRenewable`, and what :func:`idp.certification.issuance.issue` does.
    """
    revocation.lock_certificate(tx.session, old.id)
    profile = office.profiles[old.profile]
    if revocation.current(tx.session, old) is not None:
        raise NotRenewable(serial=old.serial, reason=N_("it is revoked or on hold"))
    if profile.is_authority:
        raise NotRenewable(serial=old.serial, reason=N_("an authority gets its certificate by a ceremony"))
    if old.profile in _BY_THEMSELVES:
        raise NotRenewable(serial=old.serial, reason=N_("the server renews it by itself"))
    if is_escrowed(tx.session, old):
        raise NotRenewable(serial=old.serial, reason=N_("its key was made here: issue a new pair"))
    authority = tx.session.get_one(CertificateAuthority, old.authority_id)
    new = issuance.issue(tx, office, authority, Application(profile, holder_of(tx.session, old, tx.now), request))
    if supersede and old.not_after > tx.now:
        revocation.revoke(tx, old, Reason.SUPERSEDED)
    return new


def holder_of(session: Session, row: IssuedCertificate, now: datetime) -> Holder:
    """Whom the certificate is about, as the registry has it today. Raises ``HolderNotFitting``, :class:`NotRenewable`."""
    if row.institution is None:
        raise NotRenewable(serial=row.serial, reason=N_("its holder is not in the register"))
    if row.person_id is not None:
        return subjects.person_at(session, session.get_one(Person, row.person_id).number, row.institution, now.date())
    certificate = Certificate(row.der)
    app_id = subjects.app_id_of(certificate)
    if app_id is not None:
        return subjects.app_of(session, app_id, row.institution)
    names = certificate.extensions.get(SubjectAltName)
    if names is not None:
        hosts = tuple(str(one.value) for one in names.names if one.kind == DNS)
        return subjects.host_of(session, hosts, row.institution)
    return subjects.institution_itself(session, row.institution, certificate.subject.get(oids.COMMON_NAME) or "")


def expiring(now: datetime, days: int) -> Select[IssuedCertificate]:
    """The certificates that end within ``days``, the first to end first; without those revoked, those renewed already, and those
    that renew themselves.
    """
    newer, ended = aliased(IssuedCertificate), Revocation.__table__.c.certificate_id
    renewed = exists().where(
        newer.authority_id == IssuedCertificate.authority_id,
        newer.profile == IssuedCertificate.profile,
        # A person's name may have changed since.
        or_(newer.subject == IssuedCertificate.subject, newer.person_id == IssuedCertificate.person_id),
        newer.institution.is_not_distinct_from(IssuedCertificate.institution),
        newer.not_after > IssuedCertificate.not_after,
        newer.id.not_in(select(ended)),
    )
    return (
        select(IssuedCertificate)
        .where(
            IssuedCertificate.not_after > now,
            IssuedCertificate.not_after <= now + timedelta(days=days),
            IssuedCertificate.profile.not_in(_BY_THEMSELVES),
            IssuedCertificate.id.not_in(select(ended)),
            ~renewed,
        )
        .order_by(IssuedCertificate.not_after, IssuedCertificate.id)
    )


def remind(tx: Transaction) -> int:
    """Tells the holders and the schools' administrators of at most :data:`BATCH` certificates that end soon; returns how many.

    Each certificate is spoken of once for each of :data:`REMINDED_BEFORE`, whoever else looks at the same time. Where the server
    slept over one of them, the next is enough.
    """
    done = 0
    for days in REMINDED_BEFORE:
        unsaid = or_(IssuedCertificate.reminded.is_(None), IssuedCertificate.reminded > days)
        for row in tx.session.scalars(expiring(tx.now, days).where(unsaid).limit(BATCH)).all():
            claim = update(IssuedCertificate).where(IssuedCertificate.id == row.id, unsaid).values(reminded=days)
            if compare_and_set(tx.session, claim):
                _tell(tx, row)
                done += 1
    return done


def _tell(tx: Transaction, row: IssuedCertificate) -> None:
    detail = {"number": row.serial[:_NUMBER_SHOWN], "due": row.not_after.isoformat()}
    for person_id in _concerned(tx, row):
        book.give(tx, person_id, Event.CERTIFICATE_ENDS, detail=detail, expires_at=row.not_after)


def _concerned(tx: Transaction, row: IssuedCertificate) -> Sequence[int]:
    administrators = select(Affiliation.person_id).where(
        Affiliation.institution == row.institution,
        Affiliation.role.in_([role.value for role in ADMINISTRATORS]),
        *holds(tx.now.date()),
    )
    return sorted({*tx.session.scalars(administrators), *([row.person_id] if row.person_id is not None else [])})
