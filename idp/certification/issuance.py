"""From a request to a certificate.

The certificate and the record of it are written in the caller's transaction, so it is handed out only when the transaction has
ended: a process that dies between signature and commit has issued nothing that anybody holds. Where many are issued at once, each
is signed before the transaction, which then writes all of them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, select, union_all, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, make_transient_to_detached

from idp.audit import Action, Actor, Transaction
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


@dataclass(frozen=True, slots=True)
class Signed:
    """A certificate that nobody has: it is one when it has been written down, and is handed out then."""

    authority: AnyAuthority
    application: Application
    certificate: Certificate
    shard: int


def issue(tx: Transaction, office: Office, authority: AnyAuthority, application: Application) -> IssuedCertificate:
    """The certificate, as a row of ``tx``. Raises ``RequestRefused`` with every finding, :class:`KeyKnown`, and for a holder who
    does not fit the profile :class:`HolderNotFitting`.
    """
    return _write(tx, sign(tx.session, office, authority, application, tx.now))


def sign(session: Session, office: Office, authority: AnyAuthority, application: Application, now: datetime) -> Signed:
    """The certificate, written nowhere yet. Raises as :func:`issue` does."""
    check_active(authority)
    check_holder(authority, application)
    linted = lint(session, application)
    issuer_certificate = certificate_of(authority)
    issuer = IssuedBy(authority.name, issuer_certificate, next_shard(authority), authority.offline)
    name = subjects.subject(application.profile, application.holder)
    key = linted.request.public_key
    tbs = contents(office, application.profile, application.holder, key, name, issuer, now)
    certificate = sign_certificate(lint_certificate(tbs, Issuer(office.signer(authority), issuer_certificate)))
    return Signed(authority, application, certificate, issuer.shard)


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
    return _write(tx, Signed(authority, application, sign_certificate(linted), shard))


def write_all(tx: Transaction, wanted: Sequence[tuple[Actor, Signed]]) -> set[str]:
    """Writes down many by few statements, each with its record in the name of who asked.

    The digests of their keys; a key that is not among them was another's, and its certificate is not one.
    """
    if not wanted:
        return set()
    # By key, then authority, then the journal: two that write at once never wait for each other in a circle.
    wanted = sorted(wanted, key=lambda one: key_digest(one[1].certificate.public_key))
    rows = [_values(signed, tx.now) for _, signed in wanted]
    keys = {row["key_digest"] for row in rows}
    if _WRITING_ALL[tx.session.get_bind().dialect.name].many(tx.session, rows) < len(rows):  # somebody was faster with a key
        ours = _ISSUED.c.fingerprint.in_([row["fingerprint"] for row in rows])
        keys = set(tx.session.scalars(select(_ISSUED.c.key_digest).where(ours)))
    written = [(actor, signed) for (actor, signed), row in zip(wanted, rows, strict=True) if row["key_digest"] in keys]
    for authority, many in sorted(Counter(signed.authority.id for _, signed in written).items()):
        _COUNTING.count(tx.session, authority=authority, more=many)
    for actor, signed in written:
        _record(replace(tx, actor=actor), signed)
    return keys


def _write(tx: Transaction, signed: Signed) -> IssuedCertificate:
    values = _values(signed, tx.now)
    try:
        (number,) = _WRITING.rows(tx.session, **values)[0]
    except IntegrityError:  # somebody was faster with the same key
        raise KeyKnown from None
    _COUNTING.count(tx.session, authority=signed.authority.id, more=1)
    row = IssuedCertificate(id=number, **values)
    make_transient_to_detached(row)  # it is there already: the session need not write it
    tx.session.add(row)
    _record(tx, signed)
    return row


def _values(signed: Signed, now: datetime) -> dict[str, Any]:
    certificate, holder = signed.certificate, signed.application.holder
    return {
        "authority_id": signed.authority.id,
        "serial": f"{certificate.serial_number:x}",
        "subject": str(certificate.subject)[:500],
        "profile": signed.application.profile.name,
        "person_id": holder.person.id if holder.person is not None else None,
        "institution": holder.institution.code if holder.institution is not None else None,
        "key_digest": key_digest(certificate.public_key),
        "fingerprint": certificate.fingerprint.hex(),
        "der": certificate.der,
        "request": signed.application.request.der,
        "shard": signed.shard,
        "not_before": certificate.tbs.not_before,
        "not_after": certificate.tbs.not_after,
        "issued_at": now,
        "reminded": None,
    }


def _record(tx: Transaction, signed: Signed) -> None:
    holder, certificate = signed.application.holder, signed.certificate
    tx.record(
        Action.CERTIFICATE_ISSUED,
        subject=f"certificate:{certificate.serial_number:x}",
        institution=holder.institution.code if holder.institution is not None else None,
        detail={
            "authority": signed.authority.name,
            "profile": signed.application.profile.name,
            "fingerprint": certificate.fingerprint.hex(),
        },
    )


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
_WRITING_ALL = {
    dialect: Prepared(insert_of(_ISSUED).values(_GIVEN).on_conflict_do_nothing(index_elements=[_ISSUED.c.key_digest]))
    for dialect, insert_of in (("postgresql", postgresql.insert), ("sqlite", sqlite.insert))
}
_MORE = _AUTHORITY.c.issued + bindparam("more")
_COUNTING = Prepared(update(_AUTHORITY).where(_AUTHORITY.c.id == bindparam("authority")).values(issued=_MORE))
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
