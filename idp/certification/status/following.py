"""The registers are followed: certificates of somebody disabled, of a school that is closed or of an app that may not work are put
on hold, and released when that is over. What an operator has revoked or held stays as it is.
"""

from sqlalchemy import ColumnElement, Select, exists, literal, or_, select

from idp.apps.register import AppStatus
from idp.apps.tables import App
from idp.audit import Transaction
from idp.certification.status import revocation
from idp.certification.status.revocation import HOLD, Cause
from idp.certification.tables import IssuedCertificate, Revocation
from idp.registry.institutions import InstitutionStatus
from idp.registry.persons import PersonStatus
from idp.registry.tables import Institution, Person

BATCH = 200
APP_PROFILE = "app"


def follow(tx: Transaction) -> int:
    """Brings at most :data:`BATCH` certificates each way in line with the registry; returns how many those were."""
    held = select(Revocation.certificate_id)
    holding = _joined().where(_suspended(), IssuedCertificate.not_after > tx.now, IssuedCertificate.id.not_in(held))
    releasing = (
        _joined()
        .join(Revocation, Revocation.certificate_id == IssuedCertificate.id)
        .where(~_suspended(), Revocation.cause == Cause.REGISTRY, Revocation.reason == HOLD)
    )
    changed = 0
    for row in tx.session.scalars(holding.limit(BATCH)).all():
        revocation.hold(tx, row, cause=Cause.REGISTRY)
        changed += 1
    for row in tx.session.scalars(releasing.limit(BATCH)).all():
        revocation.release(tx, row)
        changed += 1
    return changed


def _joined() -> Select[IssuedCertificate]:
    return (
        select(IssuedCertificate)
        .outerjoin(Person, Person.id == IssuedCertificate.person_id)
        .outerjoin(Institution, Institution.code == IssuedCertificate.institution)
    )


def _suspended() -> ColumnElement[bool]:
    # A closed school may be restored under its code, so nothing is final yet. One that was merged or has a new category lives on,
    # and so do its certificates until they are renewed.
    disabled = IssuedCertificate.person_id.is_not(None) & (Person.status == PersonStatus.DISABLED.value)
    closed = IssuedCertificate.institution.is_not(None) & (Institution.status == InstitutionStatus.CLOSED.value)
    # An app's id is the first thing in its subject, as the profile writes it from the register.
    mine = (App.owner == IssuedCertificate.institution) & IssuedCertificate.subject.like(literal("UID=") + App.id + literal(",%"))
    blocked = (IssuedCertificate.profile == APP_PROFILE) & exists().where(mine, App.status != AppStatus.APPROVED.value)
    return or_(disabled, closed, blocked)
