"""Whom we believe: the roots of this installation's authorities, and those that the operator adds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.certification.status import revocation
from idp.certification.tables import CertificateAuthority, IssuedCertificate
from idp.crypto import pem
from idp.crypto.errors import CryptoError
from idp.crypto.x509.certificate import PEM_LABEL, Certificate
from idp.crypto.x509.chains import chains
from idp.crypto.x509.crl import RevocationList
from idp.crypto.x509.errors import Revoked, UnknownIssuer
from idp.crypto.x509.path import PathRules, validate_path
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.revocation import RevocationEvidence, check_not_revoked
from idp.signing.errors import RootsNotReadable


@dataclass(frozen=True)
class Trust:
    """``anchors`` are believed, ``known`` are the authorities in between."""

    anchors: tuple[Certificate, ...]
    known: tuple[Certificate, ...]


def read_roots(file: Path | None) -> tuple[Certificate, ...]:
    """The certificates in a file (PEM); none without one. Raises :class:`RootsNotReadable`."""
    if file is None:
        return ()
    try:
        return _chain(file.read_text("ascii"))
    except (OSError, ValueError, CryptoError) as error:
        raise RootsNotReadable(path=file, detail=str(error)) from None


def of(session: Session, added: Sequence[Certificate] = ()) -> Trust:
    """What is believed now; ``added`` are roots of others."""
    anchors: dict[Certificate, None] = {}
    known: dict[Certificate, None] = {}
    for text in session.scalars(select(CertificateAuthority.chain).where(CertificateAuthority.chain != "")):
        *between, root = _chain(text)
        anchors[root] = None
        known |= dict.fromkeys(between)
    anchors |= dict.fromkeys(added)
    return Trust(tuple(anchors), tuple(one for one in known if one not in anchors))


def check(
    session: Session,
    trust: Trust,
    certificate: Certificate,
    *,
    others: Sequence[Certificate] = (),
    at: datetime,
    lists: Sequence[RevocationList] = (),
    purpose: str | None = None,
) -> Certificate:
    """The root that the certificate leads to, by a path that holds at ``at`` and of which nothing was revoked then.

    The state of our own certificates is in our tables; of others' the caller brings lists. Raises a ``PathError``, ``Revoked``,
    ``RevocationUnknown``.
    """
    error: CryptoError = UnknownIssuer(detail=str(certificate.subject))
    for path, anchor in chains(certificate, (*others, *trust.known), trust.anchors):
        try:
            validate_path(path, anchor, PathRules(at=at, purpose=purpose))
            for one, above in zip(path, (*path[1:], anchor), strict=True):
                _check_state(session, trust, one, above, at, lists)
        except CryptoError as refused:
            error = refused
            continue
        return anchor
    raise error


def check_not_compromised(session: Session, certificate: Certificate) -> None:
    """Raises ``Revoked`` for a certificate of ours whose key got lost, whenever that was.

    For who dates what they sign: whoever has a lost key of a time-stamp service says any time they like.
    """
    ours = select(IssuedCertificate).where(IssuedCertificate.fingerprint == certificate.fingerprint.hex())
    row = session.scalars(ours.limit(1)).first()
    ended = revocation.current(session, row) if row is not None else None
    if row is not None and ended is not None and ended.reason == Reason.KEY_COMPROMISE:
        raise Revoked(detail=row.subject, at=ended.revoked_at.isoformat(), reason=Reason.KEY_COMPROMISE.word)


def _check_state(
    session: Session, trust: Trust, certificate: Certificate, above: Certificate, at: datetime, lists: Sequence[RevocationList]
) -> None:
    ours = select(IssuedCertificate).where(IssuedCertificate.fingerprint == certificate.fingerprint.hex())
    row = session.scalars(ours.limit(1)).first()
    if row is not None:
        ended = revocation.current(session, row)
        # What was revoked later was good then: a time-stamp is for that. The key may have been lost before it was noticed.
        if ended is not None and at >= min(ended.revoked_at, ended.invalid_since or ended.revoked_at):
            raise Revoked(detail=row.subject, at=ended.revoked_at.isoformat(), reason=Reason(ended.reason).word)
    elif certificate not in trust.known:  # an authority of ours that somebody else certified, by a ceremony
        check_not_revoked(certificate, above, RevocationEvidence(lists), at)


@lru_cache(maxsize=512)
def _chain(text: str) -> tuple[Certificate, ...]:
    return tuple(Certificate(der) for der in pem.decode_all(text, PEM_LABEL))
