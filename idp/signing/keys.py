"""The keys of the service: made here, sealed, each certified by an authority of this installation."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.certification import issuance
from idp.certification.authorities import certificate_of, check_active
from idp.certification.issuance import Application
from idp.certification.office import Office
from idp.certification.status import revocation
from idp.certification.subjects import Holder, institution_itself, subject
from idp.certification.tables import CertificateAuthority, IssuedCertificate, Revocation
from idp.crypto import sm2
from idp.crypto.devices.reference import KeyReference
from idp.crypto.devices.signer import SdfSigner, key_id
from idp.crypto.errors import DecryptionFailed
from idp.crypto.jose.signer import Signer
from idp.crypto.jose.sm2_key import SM2Key
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.request import create_request
from idp.database.compare_and_set import compare_and_set
from idp.i18n import N_
from idp.keys import adoption
from idp.signing.errors import (
    DeviceSignsOnly,
    InvalidKeyName,
    KeyNotUsable,
    NoSuchSigningKey,
    SigningKeyExists,
    SuccessorNeeded,
    WrongUse,
)
from idp.signing.tables import SigningKey, SigningKeyVersion

RENEWED_BEFORE = timedelta(days=45)  # before anybody is reminded of it
GAINED = timedelta(days=30)  # a new certificate that ends when the old one does is worth nothing
DEVICE_KEY_PURPOSE = "signing"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


# The pair in use with all that its use is decided by, and the authority, which is wanted next.
_IN_USE = (
    select(SigningKeyVersion, IssuedCertificate, Revocation, CertificateAuthority)
    .join(IssuedCertificate, IssuedCertificate.id == SigningKeyVersion.certificate_id)
    .join(CertificateAuthority, CertificateAuthority.id == IssuedCertificate.authority_id)
    .outerjoin(Revocation, Revocation.certificate_id == IssuedCertificate.id)
    .where(SigningKeyVersion.key_id == bindparam("key"))
    .order_by(SigningKeyVersion.number.desc())
    .limit(1)
)


class Use(StrEnum):
    """GB/T 20518: signing and encryption never share a key."""

    SIGN = "sign"
    ENCRYPT = "encrypt"


PROFILES = {Use.SIGN: "seal", Use.ENCRYPT: "seal-enc"}


def add(
    tx: Transaction,
    office: Office,
    name: str,
    authority: CertificateAuthority,
    use: Use,
    common_name: str = "",
    *,
    device: KeyReference | None = None,
) -> SigningKey:
    """A key with its first pair and certificate. The name in it is ``common_name``, or that of the institution. The pair is made
    here, or waits in a ``device``.

    Raises :class:`InvalidKeyName`, :class:`SigningKeyExists`, ``AuthorityWaits``, ``HolderNotFitting``, a ``DeviceError``.
    """
    if _NAME.fullmatch(name) is None:
        raise InvalidKeyName
    check_active(authority)
    tx.serialise()
    if tx.session.scalar(select(SigningKey.id).where(SigningKey.name == name)) is not None:
        raise SigningKeyExists(key=name)
    key = SigningKey(name=name, authority_id=authority.id, use=use.value, common_name=common_name.strip(), created_at=tx.now)
    tx.session.add(key)
    tx.session.flush()
    _new_version(tx, office, key, 1, Action.SIGNING_KEY_ADDED, device)
    return key


def rotate(
    tx: Transaction, office: Office, key: SigningKey, *, device: KeyReference | None = None, in_software: bool = False
) -> SigningKeyVersion:
    """A new pair with a certificate of its own. What the old one signed stays good, what was encrypted to it is still opened.

    Raises :class:`KeyNotUsable` for a key that is retired, :class:`SuccessorNeeded` for one in a device, where no other one is
    named nor the way back to software meant, and what :func:`add` raises.
    """
    _lock(tx, key)
    if key.retired_at is not None:
        raise KeyNotUsable(key=key.name, reason=N_("it is retired"))
    old = current(tx.session, key)
    if device is None and not in_software and isinstance(signer(office, key, old), SdfSigner):  # never by software unasked
        raise SuccessorNeeded(key=key.name)
    made = _new_version(tx, office, key, old.number + 1, Action.SIGNING_KEY_ROTATED, device)
    adoption.leave(tx, key_id(_public_key(tx.session, old)))
    return made


def hold(tx: Transaction, key: SigningKey) -> None:
    """Nothing more is done with it until it is released. Raises ``AlreadyRevoked``."""
    revocation.hold(tx, certificate_row(tx.session, current(tx.session, key)))


def release(tx: Transaction, key: SigningKey) -> None:
    """Ends a hold. Raises ``NotOnHold``."""
    revocation.release(tx, certificate_row(tx.session, current(tx.session, key)))


def revoke(tx: Transaction, key: SigningKey, reason: Reason, *, invalid_since: datetime | None = None) -> None:
    """Revokes the certificate in use. Nothing is signed any more until somebody rotates the key. Raises ``AlreadyRevoked``."""
    row = certificate_row(tx.session, current(tx.session, key))
    revocation.revoke(tx, row, reason, invalid_since=invalid_since)


def retire(tx: Transaction, key: SigningKey) -> None:
    """Ends the key for good: it neither signs nor opens. Raises :class:`KeyNotUsable` where it has ended already."""
    ending = update(SigningKey).where(SigningKey.id == key.id, SigningKey.retired_at.is_(None)).values(retired_at=tx.now)
    if not compare_and_set(tx.session, ending):
        raise KeyNotUsable(key=key.name, reason=N_("it is retired"))
    tx.session.refresh(key)
    adoption.leave(tx, key_id(_public_key(tx.session, current(tx.session, key))))
    tx.record(Action.SIGNING_KEY_RETIRED, subject=f"signing_key:{key.name}", institution=institution_of(tx.session, key))


def by_name(session: Session, name: str) -> SigningKey:
    """The key. Raises :class:`NoSuchSigningKey`."""
    key = session.scalar(select(SigningKey).where(SigningKey.name == name))
    if key is None:
        raise NoSuchSigningKey(key=name[:40])
    return key


def listed(session: Session) -> Sequence[SigningKey]:
    """Every key, by name."""
    return session.scalars(select(SigningKey).order_by(SigningKey.name)).all()


def versions(session: Session, key: SigningKey) -> Sequence[SigningKeyVersion]:
    """Its pairs, the newest first."""
    newest = select(SigningKeyVersion).where(SigningKeyVersion.key_id == key.id).order_by(SigningKeyVersion.number.desc())
    return session.scalars(newest).all()


def current(session: Session, key: SigningKey) -> SigningKeyVersion:
    """The pair in use."""
    newest = select(func.max(SigningKeyVersion.number)).where(SigningKeyVersion.key_id == key.id).scalar_subquery()
    statement = select(SigningKeyVersion).where(SigningKeyVersion.key_id == key.id, SigningKeyVersion.number == newest)
    return session.scalars(statement).one()


def certificate_row(session: Session, version: SigningKeyVersion) -> IssuedCertificate:
    """The row of its certificate."""
    return session.get_one(IssuedCertificate, version.certificate_id)


def device_place(session: Session, version: SigningKeyVersion) -> str | None:
    """The device that its private half lives in, ``sdf:LABEL#INDEX``; nothing for one in the database."""
    return adoption.place(session, key_id(_public_key(session, version)))


def institution_of(session: Session, key: SigningKey) -> str | None:
    """Whose key it is."""
    return authority_of(session, key).institution


def authority_of(session: Session, key: SigningKey) -> CertificateAuthority:
    """Who certifies it."""
    return session.get_one(CertificateAuthority, key.authority_id)


def check_use(key: SigningKey, use: Use) -> None:
    """Raises :class:`WrongUse`."""
    if key.use != use.value:
        raise WrongUse(key=key.name)


def check_usable(session: Session, key: SigningKey, now: datetime) -> tuple[SigningKeyVersion, IssuedCertificate]:
    """The pair in use and its certificate, which is good now. Raises :class:`KeyNotUsable`."""
    version, row, ended, _ = session.execute(_IN_USE, {"key": key.id}).one()
    reason = _why_not(key, row, ended, now)
    if reason is not None:
        raise KeyNotUsable(key=key.name, reason=reason)
    return version, row


def check_opens(session: Session, key: SigningKey) -> None:
    """Old pairs open what was encrypted to them, also when their certificates are over; not while the key is on hold.

    Raises :class:`KeyNotUsable`.
    """
    ended = revocation.current(session, certificate_row(session, current(session, key)))
    if key.retired_at is not None:
        raise KeyNotUsable(key=key.name, reason=N_("it is retired"))
    if ended is not None and ended.reason == revocation.HOLD:
        raise KeyNotUsable(key=key.name, reason=N_("its certificate is on hold"))


def needs_renewal(session: Session, key: SigningKey, now: datetime) -> bool:
    """Whether its certificate ends soon and a new one would not. What somebody has stopped is theirs to start again."""
    row = certificate_row(session, current(session, key))
    if key.retired_at is not None or revocation.current(session, row) is not None or row.not_after - now > RENEWED_BEFORE:
        return False
    above = certificate_of(authority_of(session, key)).tbs.not_after
    return above > now and above - row.not_after > GAINED


def state(session: Session, key: SigningKey, now: datetime) -> str:
    """``active``, or why not, in one word."""
    row = certificate_row(session, current(session, key))
    ended = revocation.current(session, row)
    if key.retired_at is not None:
        return "retired"
    if ended is not None:
        return "held" if ended.reason == revocation.HOLD else "revoked"
    return "active" if row.not_before <= now <= row.not_after else "expired"


def signer(office: Office, key: SigningKey, version: SigningKeyVersion) -> Signer:
    """The private half in use, behind the ``Signer`` that tokens are signed by too."""
    return office.opened(version.key_sealed, context(key.name, version.number))


def decrypter(office: Office, key: SigningKey, version: SigningKeyVersion) -> Callable[[bytes], bytes]:
    """What opens a GM/T 0009 ciphertext by the private half."""

    def decrypt(ciphertext: bytes) -> bytes:
        jwk = json.loads(office.vault.open(version.key_sealed, context=context(key.name, version.number)))
        private = SM2Key.from_jwk(jwk).private_key
        if private is None:
            raise DecryptionFailed
        return sm2.decrypt(private, ciphertext)

    return decrypt


def context(name: str, number: int) -> str:
    """What binds a sealed pair to its key."""
    return f"signing_key:{name}:{number}"


def _why_not(key: SigningKey, row: IssuedCertificate, ended: Revocation | None, now: datetime) -> str | None:
    if key.retired_at is not None:
        return N_("it is retired")
    if ended is not None:
        return N_("its certificate is on hold") if ended.reason == revocation.HOLD else N_("its certificate is revoked")
    return None if row.not_before <= now <= row.not_after else N_("its certificate has expired")


def _public_key(session: Session, version: SigningKeyVersion) -> sm2.PublicKey:
    return Certificate(certificate_row(session, version).der).public_key


def _lock(tx: Transaction, key: SigningKey) -> None:
    tx.session.execute(select(SigningKey.id).where(SigningKey.id == key.id).with_for_update())
    tx.serialise()


def _new_version(
    tx: Transaction, office: Office, key: SigningKey, number: int, action: Action, device: KeyReference | None
) -> SigningKeyVersion:
    if device is not None and key.use != Use.SIGN.value:
        raise DeviceSignsOnly
    authority = authority_of(tx.session, key)
    profile = office.profiles[PROFILES[Use(key.use)]]
    if authority.institution is not None:
        holder = institution_itself(tx.session, authority.institution, key.common_name)
    else:
        holder = Holder(authority.organisation, key.common_name or authority.organisation)
    made = office.new_key(device)
    if isinstance(made, SdfSigner):
        adoption.adopt(tx, made, DEVICE_KEY_PURPOSE)
    application = Application(profile, holder, create_request(subject(profile, holder), made))
    row = issuance.issue(tx, office, authority, application)
    version = SigningKeyVersion(
        key_id=key.id,
        number=number,
        key_sealed=office.seal(made, context(key.name, number)),
        certificate_id=row.id,
        created_at=tx.now,
    )
    tx.session.add(version)
    tx.session.flush()
    detail = {"use": key.use, "version": number, "certificate": row.serial}
    tx.record(action, subject=f"signing_key:{key.name}", institution=authority.institution, detail=detail)
    return version
