"""The keys that answer OCSP for an authority: made here, certified by the authority itself, renewed before they expire."""

from datetime import datetime, timedelta

from idp.audit import Transaction
from idp.certification import issuance
from idp.certification.authorities import certificate_of
from idp.certification.issuance import Application
from idp.certification.office import Office, responder_context
from idp.certification.subjects import Holder, subject
from idp.certification.tables import CertificateAuthority
from idp.crypto.jose.algorithms import SM2_ALGORITHM
from idp.crypto.jose.signer import generate_signer
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.request import create_request

RENEWED_BEFORE = timedelta(days=10)
PROFILE = "ocsp"


def needs_renewal(authority: CertificateAuthority, now: datetime) -> bool:
    """Whether it has no responder, or one that expires soon while a new one would not. One that is offline needs none."""
    if authority.offline:
        return False
    if authority.responder_certificate is None:
        return True
    ends = Certificate(authority.responder_certificate).tbs.not_after
    # Nothing outlives its issuer: in an authority's last days a new one would end at the same time.
    return ends - now < RENEWED_BEFORE and ends < certificate_of(authority).tbs.not_after


def renew(tx: Transaction, office: Office, authority: CertificateAuthority) -> None:
    """A new key and certificate for the responder. Answers signed by the old one stay good as long as they say."""
    profile = office.profiles[PROFILE]
    holder = Holder(authority.organisation, f"{authority.name} OCSP")
    signer = generate_signer(SM2_ALGORITHM)
    row = issuance.issue(tx, office, authority, Application(profile, holder, create_request(subject(profile, holder), signer)))
    authority.responder_sealed = office.seal(signer, responder_context(authority.name))
    authority.responder_certificate = row.der
    tx.session.flush()
