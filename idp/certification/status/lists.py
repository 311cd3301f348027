"""Publishing lists of revoked certificates: one of all certificates of an authority, and one for each of its shards.

All lists of one publication carry the same number. It is taken by compare-and-set, is higher than every one before, and never below
the seconds of the clock: a database that was put back to an earlier day goes on where it would have been.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.certification.authorities import certificate_of
from idp.certification.contents import list_url
from idp.certification.errors import NoList, PublicationOvertaken
from idp.certification.office import Office
from idp.certification.tables import CertificateAuthority, IssuedCertificate, PublishedList, Revocation
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.crl import RevocationListContents, RevokedCertificate, list_extensions, sign_revocation_list
from idp.crypto.x509.extensions import IssuingDistributionPoint, SubjectKeyIdentifier
from idp.crypto.x509.extensions.identifiers import key_identifier
from idp.crypto.x509.general_name import GeneralName
from idp.crypto.x509.reasons import Reason

EVERY = timedelta(hours=24)
VALID = timedelta(days=7)  # our policy: a weekend without us harms nobody
VALID_OFFLINE = timedelta(days=180)  # our policy: a machine without a network is switched on twice a year
ALL = -1


def publish(tx: Transaction, office: Office, authority: CertificateAuthority) -> PublishedList:
    """Writes every list of the authority anew; returns the one of all certificates. Raises :class:`PublicationOvertaken`."""
    number = _next_number(tx, authority)
    certificate = certificate_of(authority)
    # Read after the number is ours: what was revoked before it was taken stands in the list.
    entries = _entries(tx.session, authority, tx.now)
    everything = [entry for _, entry in entries]
    whole = _publish(tx, office, authority, certificate, number, ALL, everything)
    shards = select(IssuedCertificate.shard).where(
        IssuedCertificate.authority_id == authority.id, IssuedCertificate.not_after > tx.now
    )
    for shard in tx.session.scalars(shards.distinct()).all():
        _publish(tx, office, authority, certificate, number, shard, [entry for own, entry in entries if own == shard])
    tx.record(
        Action.REVOCATION_LIST_PUBLISHED,
        subject=f"authority:{authority.name}",
        institution=authority.institution,
        detail={"number": number, "entries": len(everything)},
    )
    return whole


def newest(session: Session, authority: CertificateAuthority, shard: int = ALL) -> PublishedList:
    """The list that was published last. Raises :class:`NoList`."""
    found = session.get(PublishedList, (authority.id, shard))
    if found is None:
        raise NoList(name=authority.name)
    return found


def all_newest(session: Session, authority: CertificateAuthority) -> list[PublishedList]:
    """Every list that was published last, the one of all certificates first."""
    mine = select(PublishedList).where(PublishedList.authority_id == authority.id)
    return list(session.scalars(mine.order_by(PublishedList.shard)))


def due(session: Session, now: datetime) -> Iterable[CertificateAuthority]:
    """The authorities whose lists are due."""
    wanted = select(CertificateAuthority).where(CertificateAuthority.crl_due_at <= now, CertificateAuthority.chain != "")
    return session.scalars(wanted.order_by(CertificateAuthority.crl_due_at)).all()


def _next_number(tx: Transaction, authority: CertificateAuthority) -> int:
    before = authority.crl_number
    number = max(before + 1, int(tx.now.timestamp()))
    taking = update(CertificateAuthority).where(CertificateAuthority.id == authority.id, CertificateAuthority.crl_number == before)
    result = tx.session.execute(
        taking.values(crl_number=number, crl_due_at=tx.now + (VALID_OFFLINE / 2 if authority.offline else EVERY)).returning(
            CertificateAuthority.id
        ),
        execution_options={"synchronize_session": False},
    )
    if result.scalar() is None:
        raise PublicationOvertaken(name=authority.name)
    tx.session.refresh(authority)
    return number


def _entries(session: Session, authority: CertificateAuthority, now: datetime) -> list[tuple[int, RevokedCertificate]]:
    # RFC 5280 §3.3: an entry stays until one regular list after the certificate has expired.
    rows = session.execute(
        select(
            IssuedCertificate.shard, IssuedCertificate.serial, Revocation.revoked_at, Revocation.reason, Revocation.invalid_since
        )
        .join(IssuedCertificate, IssuedCertificate.id == Revocation.certificate_id)
        .where(Revocation.authority_id == authority.id, IssuedCertificate.not_after > now - 2 * EVERY)
        .order_by(Revocation.certificate_id)
    )
    return [
        (shard, RevokedCertificate(int(serial, 16), revoked_at, Reason(reason), since))
        for shard, serial, revoked_at, reason, since in rows
    ]


def _publish(
    tx: Transaction,
    office: Office,
    authority: CertificateAuthority,
    certificate: Certificate,
    number: int,
    shard: int,
    entries: list[RevokedCertificate],
) -> PublishedList:
    now = tx.now.replace(microsecond=0)
    until = now + (VALID_OFFLINE if authority.offline else VALID)
    part = None if shard == ALL else IssuingDistributionPoint((GeneralName.uri(list_url(office, authority.name, shard)),))
    own = certificate.extensions.get(SubjectKeyIdentifier)
    identifier = own.identifier if own is not None else key_identifier(certificate.public_key)
    contents = RevocationListContents(certificate.subject, now, until, entries, list_extensions(number, identifier, part))
    der = sign_revocation_list(contents, office.signer(authority), certificate)
    row = tx.session.get(PublishedList, (authority.id, shard))
    if row is None:
        row = PublishedList(authority_id=authority.id, shard=shard)
        tx.session.add(row)
    row.number, row.entries, row.this_update, row.next_update, row.der = number, len(entries), now, until, der
    return row
