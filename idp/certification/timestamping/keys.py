"""The key that gives time-stamps for an authority: made here, certified by the authority itself, a new one every year.

A stamp is good for as long as its certificate is: so the key changes long before its certificate ends, and every stamp can be
verified for years without being stamped again.
"""

import re
import uuid
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.certification import issuance
from idp.certification.authorities import certificate_of
from idp.certification.errors import InvalidTimeStampPolicy, NoTimeStampService
from idp.certification.issuance import Application
from idp.certification.office import Office, timestamp_context
from idp.certification.status import revocation
from idp.certification.subjects import Holder, School, subject
from idp.certification.tables import CertificateAuthority, IssuedCertificate, TimeStampAuthority
from idp.crypto.jose.algorithms import SM2_ALGORITHM
from idp.crypto.jose.signer import SoftwareSigner, generate_signer
from idp.crypto.x509.request import create_request
from idp.registry.tables import Institution

PROFILE = "timestamp"
USED_FOR = timedelta(days=365)  # our policy
RENEWED_BEFORE = timedelta(days=30)
GAINED = timedelta(days=1)  # a new certificate that ends when the old one does is worth nothing
# Our policy. The time in a stamp is cut to whole seconds, so less than a second would not be true.
MIN_ACCURACY_MS, MAX_ACCURACY_MS = 1000, 3_600_000
_OID = re.compile(r"[0-2](\.(0|[1-9]\d{0,38})){1,20}")
_MAX_POLICY = 160


def fresh_policy() -> str:
    """An object identifier that nobody else has and that needs no registration: a random UUID under 2.25 (ITU-T X.667 §7)."""
    return f"2.25.{uuid.uuid4().int}"


def set_up(
    tx: Transaction, office: Office, authority: CertificateAuthority, *, policy: str | None, accuracy_ms: int
) -> TimeStampAuthority:
    """Starts the service, or changes what it says; its key stays. Without ``policy`` the one it has, or a fresh one.

    Raises :class:`InvalidTimeStampPolicy`, ``AuthorityWaits``, ``HolderNotFitting``.
    """
    if policy is not None:
        check_policy(policy)
    if not MIN_ACCURACY_MS <= accuracy_ms <= MAX_ACCURACY_MS:
        raise ValueError(accuracy_ms)
    tx.serialise()
    row = tx.session.get(TimeStampAuthority, authority.id)
    if row is None:
        signer, certificate = _certified(tx, office, authority)
        row = TimeStampAuthority(
            authority_id=authority.id,
            policy=policy or fresh_policy(),
            serial=0,
            key_sealed=office.seal(signer, timestamp_context(authority.name)),
            certificate_id=certificate.id,
        )
        tx.session.add(row)
    elif policy is not None:
        row.policy = policy
    row.accuracy_ms = accuracy_ms
    tx.session.flush()
    _record(tx, authority, row, Action.TIMESTAMP_SERVICE_SET_UP)
    return row


def of(session: Session, authority: CertificateAuthority) -> TimeStampAuthority:
    """The service of an authority. Raises :class:`NoTimeStampService`."""
    row = session.get(TimeStampAuthority, authority.id)
    if row is None:
        raise NoTimeStampService(name=authority.name)
    return row


def needs_renewal(session: Session, authority_id: int, now: datetime) -> bool:
    """Whether the authority has a service whose key has been used long enough or was revoked, or whose certificate ends
    soon while a new one would not.
    """
    row = session.get(TimeStampAuthority, authority_id)
    if row is None:
        return False
    certificate = session.get_one(IssuedCertificate, row.certificate_id)
    above = certificate_of(session.get_one(CertificateAuthority, authority_id)).tbs.not_after
    ended = revocation.current(session, certificate)
    if ended is not None:  # a hold may end
        return ended.reason != revocation.HOLD and above > now
    if now - certificate.issued_at >= USED_FOR:
        return above - now > RENEWED_BEFORE
    return certificate.not_after - now <= RENEWED_BEFORE and above > now and above - certificate.not_after > GAINED


def renew(tx: Transaction, office: Office, authority: CertificateAuthority) -> None:
    """A new key and certificate. Stamps by the old one stay good for as long as its certificate is."""
    row = of(tx.session, authority)
    signer, certificate = _certified(tx, office, authority)
    row.key_sealed, row.certificate_id = office.seal(signer, timestamp_context(authority.name)), certificate.id
    tx.session.flush()
    _record(tx, authority, row, Action.TIMESTAMP_SERVICE_RENEWED)


def check_policy(policy: str) -> None:
    """Raises :class:`InvalidTimeStampPolicy` for what is no object identifier."""
    first, _, rest = policy.partition(".")
    second = rest.partition(".")[0]
    if len(policy) > _MAX_POLICY or _OID.fullmatch(policy) is None or (first != "2" and int(second) > 39):
        raise InvalidTimeStampPolicy


def _certified(tx: Transaction, office: Office, authority: CertificateAuthority) -> tuple[SoftwareSigner, IssuedCertificate]:
    profile = office.profiles[PROFILE]
    institution = tx.session.get(Institution, authority.institution) if authority.institution is not None else None
    school = School.of(institution) if institution is not None else None
    holder = Holder(authority.organisation, f"{authority.name} TSA", institution=school)
    signer = generate_signer(SM2_ALGORITHM)
    return signer, issuance.issue(
        tx, office, authority, Application(profile, holder, create_request(subject(profile, holder), signer))
    )


def _record(tx: Transaction, authority: CertificateAuthority, row: TimeStampAuthority, action: Action) -> None:
    certificate = tx.session.get_one(IssuedCertificate, row.certificate_id)
    tx.record(
        action,
        subject=f"authority:{authority.name}",
        institution=authority.institution,
        detail={"policy": row.policy, "accuracy_ms": row.accuracy_ms, "certificate": certificate.serial},
    )
