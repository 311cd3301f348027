"""Founding authorities: a root, one below another of this installation, or one that waits for a certificate from elsewhere."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.certification.errors import (
    AuthorityExists,
    AuthorityWaits,
    InvalidAuthorityName,
    NoSuchAuthority,
)
from idp.certification.office import Office, key_context, key_digest
from idp.certification.subjects import Holder
from idp.certification.tables import CertificateAuthority, HostedAuthority
from idp.crypto import pem
from idp.crypto.devices.reference import KeyReference
from idp.crypto.devices.signer import SdfSigner
from idp.crypto.jose.signer import Signer
from idp.crypto.x509.certificate import PEM_LABEL, Certificate
from idp.crypto.x509.name import Name
from idp.crypto.x509.request import create_request
from idp.crypto.x509.signing import public_key_of
from idp.database.prepared import Prepared
from idp.keys import adoption

DEVICE_KEY_PURPOSE = "authority"
# A name stands in addresses, where a hyphen and digits at its end are a shard's.
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_SHARD = re.compile(r"-\d+$")


@dataclass(frozen=True, slots=True)
class Founded:
    """An authority without a certificate, and its key."""

    row: CertificateAuthority
    signer: Signer


def found(
    tx: Transaction,
    office: Office,
    name: str,
    holder: Holder,
    subject: Name,
    *,
    offline: bool = False,
    key: KeyReference | None = None,
) -> Founded:
    """Makes the key of a new authority, or takes the one in a device, seals it, and writes its request. It can do nothing before it
    has a certificate.

    Raises :class:`InvalidAuthorityName`, :class:`AuthorityExists`, ``DeviceKeyInUse`` or a ``DeviceError``.
    """
    check_name(name)
    tx.serialise()
    ours = select(CertificateAuthority.id).where(CertificateAuthority.name == name)
    if tx.session.scalar(ours) is not None or tx.session.get(HostedAuthority, name) is not None:
        raise AuthorityExists(name=name)
    signer = office.new_key(key)
    if isinstance(signer, SdfSigner):
        adoption.adopt(tx, signer, DEVICE_KEY_PURPOSE)
    row = CertificateAuthority(
        name=name,
        institution=holder.institution.code if holder.institution is not None else None,
        organisation=holder.organisation,
        subject=str(subject)[:500],
        key_sealed=office.seal(signer, key_context(name)),
        key_digest=key_digest(public_key_of(signer)),
        request=create_request(subject, signer).to_pem(),
        chain="",
        offline=offline,
        created_at=tx.now,
        issued=0,
        crl_number=0,
        crl_due_at=tx.now,
    )
    tx.session.add(row)
    tx.session.flush()
    tx.record(
        Action.AUTHORITY_REQUESTED,
        subject=f"authority:{name}",
        institution=row.institution,
        detail={"subject": row.subject, "key": row.key_digest},
    )
    return Founded(row, signer)


def check_name(name: str) -> None:
    """Raises :class:`InvalidAuthorityName`."""
    if _NAME.fullmatch(name) is None or _SHARD.search(name) is not None:
        raise InvalidAuthorityName


_BY_NAME = select(CertificateAuthority).where(CertificateAuthority.name == bindparam("name"))


def by_name(session: Session, name: str) -> CertificateAuthority:
    """The authority. Raises :class:`NoSuchAuthority`."""
    row = session.scalar(_BY_NAME, {"name": name})
    if row is None:
        raise NoSuchAuthority(name=name[:40])
    return row


class Standing(NamedTuple):
    """An authority as far as issuing needs it: what the columns of the same names hold."""

    id: int
    name: str
    institution: str | None
    organisation: str
    key_sealed: str
    chain: str
    issued: int
    offline: bool


AnyAuthority = CertificateAuthority | Standing
_COLUMNS = CertificateAuthority.__table__.c
_STANDING = Prepared(select(*(_COLUMNS[name] for name in Standing._fields)).where(_COLUMNS.name == bindparam("wanted")))


def standing(session: Session, name: str) -> Standing:
    """The same, for who issues by the thousand: without the mapper. Raises :class:`NoSuchAuthority`."""
    row = _STANDING.first(session, wanted=name)
    if row is None:
        raise NoSuchAuthority(name=name[:40])
    return Standing(*row)


def listed(session: Session) -> list[CertificateAuthority]:
    """Every authority, in the order they were founded."""
    return list(session.scalars(select(CertificateAuthority).order_by(CertificateAuthority.id)))


def check_active(authority: AnyAuthority) -> None:
    """Raises :class:`AuthorityWaits` for one that has no certificate."""
    if not authority.chain:
        raise AuthorityWaits(name=authority.name)


def chain_of(authority: CertificateAuthority) -> list[Certificate]:
    """Its own certificate first, the root last. Raises :class:`AuthorityWaits`."""
    check_active(authority)
    return [Certificate(der) for der in pem.decode_all(authority.chain, PEM_LABEL)]


def certificate_of(authority: AnyAuthority) -> Certificate:
    """Its own certificate. Raises :class:`AuthorityWaits`."""
    check_active(authority)
    return _first_of(authority.chain)


@lru_cache(maxsize=256)
def _first_of(chain: str) -> Certificate:
    end = f"-----END {PEM_LABEL}-----\n"
    return Certificate.from_pem(chain.partition(end)[0] + end)
