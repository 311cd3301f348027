"""The keys that sign this installation's tokens, certified: whoever trusts the root verifies them (mutual recognition, 互认).

A key has one certificate in its life. So the successor of a certificate is that of the next key, which has had its own since it was
made; where a certificate cannot stay, keys change places, or a key that nobody has used yet is replaced. What stands in the key
set (``x5c``) is a chain that is good as far as this installation knows, or nothing. Why: ``docs/decisions/0026``.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.certification import issuance
from idp.certification.authorities import certificate_of, chain_of, check_active
from idp.certification.errors import AlreadyRevoked, CertificateNotAcceptable
from idp.certification.issuance import Application
from idp.certification.office import Office, key_digest
from idp.certification.status import revocation
from idp.certification.subjects import Holder, School, subject
from idp.certification.tables import CertificateAuthority, IssuedCertificate, TokenAuthority
from idp.crypto import sm2
from idp.crypto.errors import CryptoError
from idp.crypto.jose.algorithms import SM2_ALGORITHM
from idp.crypto.jose.signer import Signer
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.extensions import Extensions, SubjectAltName
from idp.crypto.x509.general_name import GeneralName
from idp.crypto.x509.name import Name
from idp.crypto.x509.path import PathRules
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.request import CertificateRequest, create_request
from idp.crypto.x509.token_signer import check_token_signer
from idp.i18n import N_
from idp.keys import chains
from idp.keys.tables import Key
from idp.registry.tables import Institution

PROFILE = "token"
KEY_SET = "sm"
# Our policy. A key in use makes room a month before its certificate ends, and the one that would follow has another month then.
LEAVES_BEFORE, REPLACED_BEFORE = timedelta(days=30), timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Standing:
    """A published token key and its certificate by an authority of this installation, where it has one."""

    key: Key
    certificate: IssuedCertificate | None
    revoked: int | None
    good: bool


def set_authority(tx: Transaction, authority: CertificateAuthority) -> None:
    """From now on this authority certifies the token keys; upkeep does so within seconds. Raises ``AuthorityWaits``."""
    check_active(authority)
    tx.serialise()
    row = tx.session.get(TokenAuthority, KEY_SET)
    if row is None:
        tx.session.add(TokenAuthority(key_set=KEY_SET, authority_id=authority.id))
    elif row.authority_id == authority.id:
        return
    else:
        row.authority_id = authority.id
    tx.session.flush()
    tx.record(Action.TOKEN_AUTHORITY_SET, subject=f"authority:{authority.name}", institution=authority.institution)


def leave_authority(tx: Transaction, now_published: Sequence[Key]) -> None:
    """Nobody certifies the token keys any more, and no chain is shown; certificates that were issued stay good until they end."""
    tx.serialise()
    authority = authority_of(tx.session)
    if authority is not None:
        tx.session.execute(delete(TokenAuthority).where(TokenAuthority.key_set == KEY_SET))
        tx.record(Action.TOKEN_AUTHORITY_LEFT, subject=f"authority:{authority.name}", institution=authority.institution)
    for key in now_published:
        chains.show(tx, key, ())


def authority_of(session: Session) -> CertificateAuthority | None:
    """Who certifies the token keys."""
    mine = select(CertificateAuthority).join(TokenAuthority, TokenAuthority.authority_id == CertificateAuthority.id)
    return session.scalar(mine.where(TokenAuthority.key_set == KEY_SET))


def standing(session: Session, key: Key, now: datetime) -> Standing:
    """How the key stands."""
    row = session.scalar(
        select(IssuedCertificate).where(
            IssuedCertificate.key_digest == key_digest(sm2.PublicKey(chains.point_of(key))), IssuedCertificate.profile == PROFILE
        )
    )
    ended = revocation.current(session, row) if row is not None else None
    good = row is not None and ended is None and is_good(session, full_chain(session, row), now)
    return Standing(key, row, ended.reason if ended is not None else None, good)


def revoke_certificate(tx: Transaction, key: Key) -> str | None:
    """Revokes the certificate of a token key that is in wrong hands; returns its serial number, nothing where it has none here, or
    none that could still be revoked. One by an authority elsewhere is for its people to revoke.
    """
    if key.algorithm != SM2_ALGORITHM:
        return None
    row = standing(tx.session, key, tx.now).certificate
    if row is None:
        return None
    with suppress(AlreadyRevoked):
        revocation.revoke(tx, row, Reason.KEY_COMPROMISE)
        return row.serial
    return None


def full_chain(session: Session, row: IssuedCertificate) -> list[Certificate]:
    """The certificate and those above it, the root last."""
    return [Certificate(row.der), *chain_of(session.get_one(CertificateAuthority, row.authority_id))]


def is_good(session: Session, chain: Sequence[Certificate], now: datetime) -> bool:
    """Whether each is valid now, and those that were issued here are neither revoked nor on hold."""
    if not all(one.tbs.not_before <= now <= one.tbs.not_after for one in chain):
        return False
    ours = session.scalars(
        select(IssuedCertificate).where(IssuedCertificate.fingerprint.in_([one.fingerprint.hex() for one in chain]))
    )
    return all(revocation.current(session, row) is None for row in ours)


def shown(session: Session, found: Standing, now: datetime, *, certified_here: bool) -> list[bytes]:
    """What the key set is to show for the key. RFC 7517 §4.7: the root may be left out, and verifiers have it."""
    if found.certificate is not None and certified_here:
        return [one.der for one in full_chain(session, found.certificate)[:-1]] if found.good else []
    there = chains.chain_of(found.key)  # it came by a file: the root is not in it
    try:
        return there if is_good(session, [Certificate(der) for der in there], now) else []
    except CryptoError:
        return []


def certify(tx: Transaction, office: Office, authority: CertificateAuthority, signer: Signer, issuer: str) -> IssuedCertificate:
    """A certificate for a token key of this installation. Raises what issuance raises."""
    profile = office.profiles[PROFILE]
    institution = tx.session.get(Institution, authority.institution) if authority.institution is not None else None
    school = School.of(institution) if institution is not None else None
    holder = Holder(authority.organisation, _host(issuer), institution=school, names=(GeneralName.uri(issuer),))
    application = Application(profile, holder, create_request(subject(profile, holder), signer))
    return issuance.issue(tx, office, authority, application)


def lasts(found: Standing, authority: CertificateAuthority, now: datetime, before: timedelta) -> bool:
    """Whether the key can stay: certified by this authority, not revoked for good, and with time left, or with as much as a fresh
    certificate would have.
    """
    row = found.certificate
    if row is None:
        return True  # it is about to get one
    if row.authority_id != authority.id or (found.revoked is not None and found.revoked != revocation.HOLD):
        return False
    gain = certificate_of(authority).tbs.not_after - row.not_after
    return row.not_after - now > before or gain < LEAVES_BEFORE


def request(signer: Signer, issuer: str) -> CertificateRequest:
    """What an authority at another installation is asked with: the issuer's address stands in it."""
    names = Extensions.of((SubjectAltName((GeneralName.uri(issuer),)), False))
    return create_request(Name.of(("C", "CN"), ("CN", _host(issuer))), signer, names)


def accept(tx: Transaction, key: Key, chain: Sequence[Certificate], issuer: str) -> None:
    """Shows the chain that an authority elsewhere gave to a token key, the root last in it.

    Raises :class:`CertificateNotAcceptable`.
    """
    if not chain or chain[0].public_key != sm2.PublicKey(chains.point_of(key)):
        raise CertificateNotAcceptable(reason=N_("it is for another key or another name"))
    if len(chain) < 2 or not chain[-1].is_self_issued:
        raise CertificateNotAcceptable(reason=N_("the certificates above it are missing, up to the root"))
    try:
        chain[-1].check_signed_by(chain[-1].public_key)
        check_token_signer(chain[:-1], chain[-1], issuer, PathRules(at=tx.now))
    except CryptoError as error:
        raise CertificateNotAcceptable(reason=error.default_message, detail=str(error)) from None
    chains.show(tx, key, [one.der for one in chain[:-1]])


def _host(issuer: str) -> str:
    return (urlsplit(issuer).hostname or issuer)[:64]
