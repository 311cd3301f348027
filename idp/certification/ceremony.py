"""How authorities get their certificates: at once from one of this installation, or by files between two.

The files are for a root whose machine has no network. What is compared there, by two people with their own eyes, are the SM3
fingerprints of the request and of the certificate.
"""

from dataclasses import dataclass

from idp.audit import Action, Transaction
from idp.certification import authorities, issuance, subjects
from idp.certification.authorities import Founded, certificate_of, chain_of
from idp.certification.contents import IssuedBy, contents
from idp.certification.errors import (
    AuthorityComplete,
    CertificateNotAcceptable,
    TwoOperatorsNeeded,
)
from idp.certification.issuance import Application
from idp.certification.office import Office
from idp.certification.profiles import Profile, Validity
from idp.certification.status import responder_keys
from idp.certification.subjects import Holder
from idp.certification.tables import CertificateAuthority, IssuedCertificate
from idp.crypto import pem, sm3
from idp.crypto.devices.reference import KeyReference
from idp.crypto.errors import CryptoError
from idp.crypto.x509.certificate import PEM_LABEL, Certificate
from idp.crypto.x509.extensions.usage import KEY_CERT_SIGN
from idp.crypto.x509.lints import Issuer, lint_certificate
from idp.crypto.x509.path import PathRules, validate_path
from idp.crypto.x509.request import CertificateRequest
from idp.i18n import N_

ROOT, SUBORDINATE = "root", "sub-ca"


@dataclass(frozen=True, slots=True)
class Ceremony:
    """Who was there, by name."""

    operators: tuple[str, ...]

    def check(self) -> None:
        """Raises :class:`TwoOperatorsNeeded`."""
        names = {" ".join(name.split()).casefold() for name in self.operators}
        if len(names) < 2 or "" in names:
            raise TwoOperatorsNeeded


def found_root(
    tx: Transaction,
    office: Office,
    name: str,
    holder: Holder,
    *,
    days: int | None = None,
    offline: bool = False,
    key: KeyReference | None = None,
) -> CertificateAuthority:
    """A root. More ``days`` than ten years are allowed here, and here only. ``offline``: on a machine without a network.

    Raises ``RequestRefused`` and what founding raises.
    """
    profile = _lasting(office.profiles[ROOT], days)
    subject = subjects.subject(profile, holder)
    founded = authorities.found(tx, office, name, holder, subject, offline=offline, key=key)
    application = Application(profile, holder, CertificateRequest.from_pem(founded.row.request))
    public_key = issuance.lint(tx.session, application).request.public_key
    tbs = contents(office, profile, holder, public_key, subject, IssuedBy(name, None), tx.now)
    linted = lint_certificate(tbs, Issuer(founded.signer, None, long_root=days is not None))
    return _complete(tx, office, founded.row, [Certificate(issuance.keep(tx, founded.row, application, linted, 0).der)])


def found_below(
    tx: Transaction,
    office: Office,
    parent: CertificateAuthority,
    name: str,
    holder: Holder,
    *,
    key: KeyReference | None = None,
) -> CertificateAuthority:
    """An authority below another one of this installation, complete at once."""
    profile = office.profiles[SUBORDINATE]
    founded: Founded = authorities.found(tx, office, name, holder, subjects.subject(profile, holder), key=key)
    application = Application(profile, holder, CertificateRequest.from_pem(founded.row.request))
    issued = issuance.issue(tx, office, parent, application)
    founded.row.parent_id = parent.id
    return _complete(tx, office, founded.row, [Certificate(issued.der), *chain_of(parent)])


def request(tx: Transaction, office: Office, name: str, holder: Holder, *, key: KeyReference | None = None) -> CertificateAuthority:
    """An authority that waits: its request is to be carried to the authority above."""
    subject = subjects.subject(office.profiles[SUBORDINATE], holder)
    return authorities.found(tx, office, name, holder, subject, key=key).row


def sign(
    tx: Transaction, office: Office, parent: CertificateAuthority, applicant: CertificateRequest, ceremony: Ceremony
) -> IssuedCertificate:
    """Certifies an authority of another installation by its request, under the name in it: the operators have compared the
    fingerprints. Raises :class:`TwoOperatorsNeeded` and what issuance raises.
    """
    ceremony.check()
    profile = office.profiles[SUBORDINATE]
    holder = Holder(organisation="-", common_name="-")
    application = Application(profile, holder, applicant)
    issuance.check_holder(parent, application)
    key = issuance.lint(tx.session, application).request.public_key
    above = certificate_of(parent)
    shard = issuance.next_shard(parent)
    tbs = contents(office, profile, holder, key, applicant.subject, IssuedBy(parent.name, above, shard, parent.offline), tx.now)
    row = issuance.keep(tx, parent, application, lint_certificate(tbs, Issuer(office.signer(parent), above)), shard)
    tx.record(
        Action.AUTHORITY_CERTIFIED,
        subject=f"certificate:{row.serial}",
        detail={"operators": list(ceremony.operators), "request": sm3.digest(applicant.der).hex(), "certificate": row.fingerprint},
    )
    return row


def accept(tx: Transaction, office: Office, name: str, chain_pem: str | bytes, ceremony: Ceremony) -> CertificateAuthority:
    """Takes the certificate that came back, with those above it up to the root. Raises :class:`CertificateNotAcceptable`,
    :class:`TwoOperatorsNeeded`, ``MalformedPEM``.
    """
    ceremony.check()
    row = authorities.by_name(tx.session, name)
    if row.chain:
        raise AuthorityComplete(name=name)
    chain = [Certificate(der) for der in pem.decode_all(chain_pem, PEM_LABEL)]
    _check_chain(row, chain, tx)
    row.subject = str(chain[0].subject)[:500]
    _complete(tx, office, row, chain)
    tx.record(
        Action.AUTHORITY_ACCEPTED,
        subject=f"authority:{name}",
        institution=row.institution,
        detail={
            "operators": list(ceremony.operators),
            "certificate": chain[0].fingerprint.hex(),
            "root": chain[-1].fingerprint.hex(),
        },
    )
    return row


def _check_chain(row: CertificateAuthority, chain: list[Certificate], tx: Transaction) -> None:
    own = CertificateRequest.from_pem(row.request)
    if chain[0].public_key != own.public_key or chain[0].subject != own.subject:
        raise CertificateNotAcceptable(reason=N_("it is for another key or another name"))
    if len(chain) < 2 or not chain[-1].is_self_issued:
        raise CertificateNotAcceptable(reason=N_("the certificates above it are missing, up to the root"))
    try:
        chain[-1].check_signed_by(chain[-1].public_key)
        validate_path(chain[:-1], chain[-1], PathRules(at=tx.now, key_usage=KEY_CERT_SIGN))
    except CryptoError as error:
        raise CertificateNotAcceptable(reason=error.default_message, detail=str(error)) from None


def _complete(tx: Transaction, office: Office, row: CertificateAuthority, chain: list[Certificate]) -> CertificateAuthority:
    row.chain = "".join(one.to_pem() for one in chain)
    row.crl_due_at = tx.now
    tx.session.flush()
    tx.record(
        Action.AUTHORITY_CREATED,
        subject=f"authority:{row.name}",
        institution=row.institution,
        detail={"fingerprint": chain[0].fingerprint.hex()},
    )
    if not row.offline:
        responder_keys.renew(tx, office, row)
    return row


def _lasting(profile: Profile, days: int | None) -> Profile:
    return profile if days is None else profile.model_copy(update={"validity": Validity(days=days)})
