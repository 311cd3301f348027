"""From a request to a certificate.

The certificate and the record of it are written in the caller's transaction, so it is handed out only when the transaction has
ended: a process that dies between signature and commit has issued nothing that anybody holds.
"""

from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, select, union_all, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, make_transient_to_detached

from idp.audit import Action, Transaction
from idp.certification import subjects
from idp.certification.authorities import AnyAuthority, certificate_of, check_active
from idp.certification.contents import IssuedBy, contents
from idp.certification.errors import HolderNotFitting, KeyKnown, NoSuchCertificate
from idp.certification.office import Office, key_digest
from idp.certification.profiles import Profile
from idp.certification.subjects import Holder
from idp.certification.tables import CertificateAuthority, IssuedCertificate
from idp.crypto import sm2
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.general_name import URI
from idp.crypto.x509.lints import (
    Issuer,
    LintedCertificate,
    LintedRequest,
    RequestRules,
    lint_certificate,
    lint_request,
    sign_certificate,
)
from idp.crypto.x509.request import CertificateRequest
from idp.database.prepared import Prepared
from idp.i18n import N_

SHARD_SIZE = 50_000  # our policy: the most entries, give or take a few, of a list that a certificate points to


@dataclass(frozen=True, slots=True)
class Application:
    """What is applied for: a kind of certificate, whom it is about, and the request of the holder of the key."""

    profile: Profile
    holder: Holder
    request: CertificateRequest


def issue(tx: Transaction, office: Office, authority: AnyAuthority, application: Application) -> IssuedCertificate:
    """The certificate, as a row of ``tx``. Raises ``RequestRefused`` with every finding, :class:`KeyKnown`, and for a holder who
    does not fit the profile :class:`HolderNotFitting`.
    """
    check_active(authority)
    check_holder(authority, application)
    linted = lint(tx.session, application)
    issuer_certificate = certificate_of(authority)
    issuer = IssuedBy(authority.name, issuer_certificate, next_shard(authority), authority.offline)
    name = subjects.subject(application.profile, application.holder)
    key = linted.request.public_key
    tbs = contents(office, application.profile, application.holder, key, name, issuer, tx.now)
    return keep(
        tx, authority, application, lint_certificate(tbs, Issuer(office.signer(authority), issuer_certificate)), issuer.shard
    )


def lint(session: Session, application: Application) -> LintedRequest:
    """The request, looked at. Raises ``RequestRefused``."""

    def key_is_known(key: sm2.PublicKey) -> bool:
        return is_known(session, key)

    holder = application.holder
    rules = RequestRules(key_is_known, frozenset(holder.names), authority_allowed=application.profile.is_authority)
    return lint_request(application.request, rules)


def keep(
    tx: Transaction, authority: AnyAuthority, application: Application, linted: LintedCertificate, shard: int
) -> IssuedCertificate:
    """Signs what was linted, and writes it down with the record of it. Raises :class:`KeyKnown`."""
    certificate = sign_certificate(linted)
    holder = application.holder
    values: dict[str, Any] = {
        "authority_id": authority.id,
        "serial": f"{certificate.serial_number:x}",
        "subject": str(certificate.subject)[:500],
        "profile": application.profile.name,
        "person_id": holder.person.id if holder.person is not None else None,
        "institution": holder.institution.code if holder.institution is not None else None,
        "key_digest": key_digest(certificate.public_key),
        "fingerprint": certificate.fingerprint.hex(),
        "der": certificate.der,
        "request": application.request.der,
        "shard": shard,
        "not_before": certificate.tbs.not_before,
        "not_after": certificate.tbs.not_after,
        "issued_at": tx.now,
        "reminded": None,
    }
    try:
        (number,) = _WRITING.rows(tx.session, **values)[0]
    except IntegrityError:  # somebody was faster with the same key
        raise KeyKnown from None
    _COUNTING.count(tx.session, authority=authority.id)
    row = IssuedCertificate(id=number, **values)
    make_transient_to_detached(row)  # it is there already: the session need not write it
    tx.session.add(row)
    tx.record(
        Action.CERTIFICATE_ISSUED,
        subject=f"certificate:{row.serial}",
        institution=row.institution,
        detail={"authority": authority.name, "profile": row.profile, "fingerprint": row.fingerprint},
    )
    return row


def check_holder(authority: AnyAuthority, application: Application) -> None:
    """Our policy: an authority of an institution certifies that institution's own people and things, and authorities below it.

    Raises :class:`HolderNotFitting`.
    """
    profile, holder = application.profile, application.holder
    if profile.holder == "person" and holder.person is None:
        raise HolderNotFitting(reason=N_("the profile is for a person"))
    if profile.holder == "host" and not holder.names:
        raise HolderNotFitting(reason=N_("the profile is for a server, which has a host name"))
    # An authority of no institution, a ministry's, certifies its own services by the organisation it was founded for.
    belongs = holder.institution is not None or (authority.institution is None and holder.organisation == authority.organisation)
    if (profile.holder == "app") != (holder.app is not None):
        raise HolderNotFitting(reason=N_("the profile is for an app of the register"))
    if profile.holder in ("institution", "issuer", "app") and (holder.person is not None or not belongs):
        raise HolderNotFitting(reason=N_("the profile is for an institution"))
    # Our policy: an address stands in the certificates of issuers, the name of an app in those of apps, and each has one.
    addressed = [one.kind for one in holder.names] == [URI] and holder.app is None
    if (profile.holder == "issuer") != addressed:
        raise HolderNotFitting(reason=N_("the profile is for an issuer of tokens, which has an address"))
    own = authority.institution
    if profile.holder != "authority" and own is not None and (holder.institution is None or holder.institution.code != own):
        raise HolderNotFitting(reason=N_("the authority belongs to another institution"))


_ISSUED, _AUTHORITY = cast(Table, IssuedCertificate.__table__), cast(Table, CertificateAuthority.__table__)
_GIVEN: dict[str, Any] = {column.key: bindparam(column.key) for column in _ISSUED.c if column.key != "id"}
_WRITING = Prepared(insert(_ISSUED).values(_GIVEN).returning(_ISSUED.c.id))
_COUNTING = Prepared(update(_AUTHORITY).where(_AUTHORITY.c.id == bindparam("authority")).values(issued=_AUTHORITY.c.issued + 1))
_CERTIFIED = select(_ISSUED.c.id).where(_ISSUED.c.key_digest == bindparam("digest"))
_FOUNDED = select(_AUTHORITY.c.id).where(_AUTHORITY.c.key_digest == bindparam("digest"), _AUTHORITY.c.chain != "")
_KNOWN = Prepared(union_all(_CERTIFIED, _FOUNDED).limit(1))


def is_known(session: Session, key: sm2.PublicKey) -> bool:
    """Whether the key has a certificate of ours, or is an authority's."""
    return _KNOWN.first(session, digest=key_digest(key)) is not None


def next_shard(authority: AnyAuthority) -> int:
    """The list that the next certificate would stand in: a new one about every :data:`SHARD_SIZE` certificates."""
    return authority.issued // SHARD_SIZE


def by_serial(session: Session, serial: str) -> IssuedCertificate:
    """The certificate with this number, hexadecimal in any case. Raises :class:`NoSuchCertificate`."""
    asked = serial.lower().replace(":", "").removeprefix("0x").lstrip("0")
    found = session.scalars(select(IssuedCertificate).where(IssuedCertificate.serial == asked)).all()
    if len(found) != 1:
        raise NoSuchCertificate(serial=serial[:64])
    return found[0]


def certificate(row: IssuedCertificate) -> Certificate:
    """The certificate of a row."""
    return Certificate(row.der)
