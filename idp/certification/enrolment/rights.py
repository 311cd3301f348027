"""Who may be certified over HTTP, for whom, how often, until when."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hmac import compare_digest
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.certification import subjects
from idp.certification.authorities import Standing, check_active
from idp.certification.errors import EnrolmentRefused, InvalidEnrolment
from idp.certification.issuance import Application, check_holder
from idp.certification.profiles import Profile
from idp.certification.subjects import Holder
from idp.certification.tables import CertificateAuthority, Enrolment
from idp.crypto import base64url, sm3
from idp.crypto.x509.request import CertificateRequest
from idp.database.prepared import Prepared
from idp.i18n import N_
from idp.registry.tables import Person

MAX_DAYS, MAX_CERTIFICATES = 366, 1_000_000
SECRET_BYTES = 32
# Certified by a ceremony, or by the server itself.
_NOT_OVER_HTTP = ("root", "sub-ca", "ocsp", "timestamp", "token")


@dataclass(frozen=True)
class Wanted:
    """What is to be allowed: certificates of ``profile`` for a person, servers, or something of an institution."""

    profile: Profile
    school: str
    person: str | None = None
    hosts: tuple[str, ...] = ()
    name: str = ""
    certificates: int = 1
    days: int = 7
    approval: bool = False


@dataclass(frozen=True)
class Allowed:
    """The enrolment and its secret, which nobody can ever see again."""

    row: Enrolment
    secret: str


class Right(NamedTuple):
    """An enrolment whose credential was shown, and its authority."""

    id: int
    handle: str
    profile: str
    school: str
    number: str | None
    name: str
    hosts: tuple[str, ...]
    approval: bool
    authority: Standing


def allow(tx: Transaction, authority: CertificateAuthority, wanted: Wanted) -> Allowed:
    """Lets somebody enrol. Raises :class:`InvalidEnrolment`, ``HolderNotFitting`` where no certificate could be issued even now."""
    check_active(authority)
    if wanted.profile.name in _NOT_OVER_HTTP or wanted.profile.is_authority:
        raise InvalidEnrolment(reason=N_("this kind of certificate is not issued over HTTP"))
    if not 1 <= wanted.certificates <= MAX_CERTIFICATES or not 1 <= wanted.days <= MAX_DAYS:
        raise InvalidEnrolment(reason=N_("1 to 1,000,000 certificates, within 1 to 366 days"))
    holder = _holder(tx.session, wanted.school, wanted.person, wanted.hosts, wanted.name, tx.now.date())
    subjects.subject(wanted.profile, holder)
    check_holder(authority, Application(wanted.profile, holder, CertificateRequest.from_pem(authority.request)))
    handle, secret = secrets.token_hex(5), base64url.encode(secrets.token_bytes(SECRET_BYTES))
    row = Enrolment(
        authority_id=authority.id,
        handle=handle,
        secret_digest=_digest(secret),
        profile=wanted.profile.name,
        institution=wanted.school,
        person_id=holder.person.id if holder.person is not None else None,
        common_name=wanted.name[:64],
        names=list(wanted.hosts),
        approval=wanted.approval,
        allowed=wanted.certificates,
        used=0,
        created_at=tx.now,
        ends_at=tx.now + timedelta(days=wanted.days),
    )
    tx.session.add(row)
    tx.session.flush()
    detail = {"authority": authority.name, "profile": row.profile, "certificates": row.allowed, "days": wanted.days}
    tx.record(Action.ENROLMENT_ALLOWED, subject=f"enrolment:{handle}", institution=wanted.school, detail=detail)
    return Allowed(row, secret)


def stop(tx: Transaction, handle: str) -> Enrolment:
    """Ends an enrolment; what was issued under it stays. Raises :class:`EnrolmentRefused` for one that is not known, or stopped."""
    row = tx.session.scalar(select(Enrolment).where(Enrolment.handle == handle))
    if row is None or row.stopped_at is not None:
        raise EnrolmentRefused
    row.stopped_at = tx.now
    tx.session.flush()
    tx.record(Action.ENROLMENT_STOPPED, subject=f"enrolment:{handle}", institution=row.institution)
    return row


def listed(session: Session) -> Sequence[tuple[Enrolment, str]]:
    """Every enrolment with the name of its authority, the newest first."""
    above = CertificateAuthority
    both = select(Enrolment, above.name).join(above, above.id == Enrolment.authority_id).order_by(Enrolment.id.desc())
    return [(row, name) for row, name in session.execute(both)]


_TABLE = cast(Table, Enrolment.__table__)
_ROW, _ABOVE, _PERSON = _TABLE.c, CertificateAuthority.__table__.c, Person.__table__.c
_OWN = (_ROW.id, _ROW.handle, _ROW.profile, _ROW.institution, _PERSON.number, _ROW.common_name, _ROW.names, _ROW.approval)
_FOUND = (
    select(*_OWN, _ROW.secret_digest, _ROW.ends_at, _ROW.stopped_at, *(_ABOVE[name] for name in Standing._fields))
    .join(CertificateAuthority.__table__, _ABOVE.id == _ROW.authority_id)
    .outerjoin(Person.__table__, _PERSON.id == _ROW.person_id)
)
_ASKING = Prepared(_FOUND.where(_ROW.handle == bindparam("asked")))
_BY_ID = Prepared(_FOUND.where(_ROW.id == bindparam("which")))


def shown(session: Session, authority: str, handle: str, secret: str, now: datetime) -> Right:
    """Whose credential this is. Raises :class:`EnrolmentRefused`, in the same words whatever is wrong."""
    row = _ASKING.first(session, asked=handle)
    # Without a row too: how long it takes says nothing of which handles there are.
    is_right = compare_digest(row[8] if row is not None else "-", _digest(secret))
    if row is None or not is_right or now >= row[9] or row[10] is not None:
        raise EnrolmentRefused
    right = _right(row)
    if right.authority.name != authority:
        raise EnrolmentRefused
    return right


def of_request(session: Session, enrolment_id: int) -> Right:
    """The enrolment that a waiting request came under, whether or not it is over by now."""
    return _right(_BY_ID.rows(session, which=enrolment_id)[0])


def holder_of(session: Session, right: Right, today: date) -> Holder:
    """Whom it is for, as the registry has it today. Raises ``HolderNotFitting``."""
    return _holder(session, right.school, right.number, right.hosts, right.name, today)


_SPENDING = Prepared(
    update(_TABLE)
    .where(_ROW.id == bindparam("which"), _ROW.used < _ROW.allowed, _ROW.stopped_at.is_(None), _ROW.ends_at > bindparam("at"))
    .values(used=_ROW.used + 1)
)
# An UPDATE queues writers on both databases; SELECT … FOR UPDATE does so on one of them only.
_LEFT = Prepared(
    update(_TABLE)
    .where(_ROW.id == bindparam("which"), _ROW.stopped_at.is_(None), _ROW.ends_at > bindparam("at"))
    .values(used=_ROW.used)
    .returning(_ROW.allowed - _ROW.used)
)
_SPENDING_MANY = Prepared(update(_TABLE).where(_ROW.id == bindparam("which")).values(used=_ROW.used + bindparam("many")))
_RETURNING = Prepared(update(_TABLE).where(_ROW.id == bindparam("which")).values(used=_ROW.used - 1))


def spend(tx: Transaction, right: Right) -> bool:
    """Takes one of the certificates that are left; of any number of tries at once no more than were allowed get one."""
    return _SPENDING.count(tx.session, which=right.id, at=tx.now) == 1


def left(tx: Transaction, right: Right) -> int:
    """How many certificates are left, which nobody else can take until this transaction ends; none of one stopped or over."""
    row = _LEFT.first(tx.session, which=right.id, at=tx.now)
    return row[0] if row is not None else 0


def spend_many(tx: Transaction, right: Right, many: int) -> None:
    """Takes so many of those that are :func:`left`."""
    _SPENDING_MANY.count(tx.session, which=right.id, many=many)


def give_back(tx: Transaction, right: Right) -> None:
    """One that led to nothing."""
    _RETURNING.count(tx.session, which=right.id)


def _right(row: tuple[Any, ...]) -> Right:
    number, handle, profile, school, person, name, hosts, approval = row[:8]
    return Right(number, handle, profile, school, person, name, tuple(hosts), bool(approval), Standing(*row[11:]))


def _holder(session: Session, school: str, person: str | None, hosts: tuple[str, ...], name: str, today: date) -> Holder:
    if person is not None:
        return subjects.person_at(session, person, school, today)
    return subjects.host_of(session, hosts, school) if hosts else subjects.institution_itself(session, school, name)


def _digest(secret: str) -> str:
    # 256 random bits need no slow hash.
    return sm3.digest(secret.encode("utf-8", "surrogatepass")).hex()
