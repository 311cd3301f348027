"""What is about to be signed: the profile's words, the holder's name, the issuer's addresses."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from idp.certification.office import Office
from idp.certification.profiles import Profile
from idp.certification.subjects import Holder
from idp.crypto import sm2
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.extensions import (
    AuthorityInfoAccess,
    AuthorityKeyIdentifier,
    BasicConstraints,
    CertificatePolicies,
    CRLDistributionPoints,
    Extensions,
    OCSPNoCheck,
    SubjectAltName,
    SubjectKeyIdentifier,
    UnifiedCreditCode,
)
from idp.crypto.x509.extensions.identifiers import key_identifier
from idp.crypto.x509.extensions.value import ExtensionValue
from idp.crypto.x509.name import Name
from idp.crypto.x509.tbs import TBSCertificate

SERIAL_BITS = 159
BACKDATED = timedelta(hours=1)  # our policy: clocks that are behind accept it at once


@dataclass(frozen=True, slots=True)
class IssuedBy:
    """The issuer: its name in addresses and its certificate; none for a root that is about to certify itself.

    An ``offline`` one cannot be asked for the state of a certificate: there are its lists.
    """

    name: str
    certificate: Certificate | None
    shard: int = 0
    offline: bool = False


def serial_number() -> int:
    """RFC 5280 §4.1.2.2: positive, at most twenty bytes; 158 random bits below a one, so that it is never short."""
    return 1 << SERIAL_BITS - 1 | secrets.randbits(SERIAL_BITS - 1)


def contents(
    office: Office, profile: Profile, holder: Holder, key: sm2.PublicKey, subject: Name, issuer: IssuedBy, now: datetime
) -> TBSCertificate:
    """The certificate's contents. Whether they may be signed is the lints' matter."""
    now = now.replace(microsecond=0)
    above = issuer.certificate
    until = now + timedelta(days=profile.validity.days)
    # Our policy: nothing outlives its issuer. RFC 5280 §4.1.2.5 leaves it open, and verifiers that cache paths stumble.
    return TBSCertificate(
        serial_number=serial_number(),
        issuer=above.subject if above is not None else subject,
        not_before=max(now - BACKDATED, above.tbs.not_before) if above is not None else now - BACKDATED,
        not_after=min(until, above.tbs.not_after) if above is not None else until,
        subject=subject,
        public_key=key,
        extensions=Extensions.of(*_extensions(office, profile, holder, key, issuer)),
    )


def list_url(office: Office, name: str, shard: int) -> str:
    """Where the list with a certificate of this shard lies."""
    return _list_url(office.url, name, shard)


def _list_url(url: str, name: str, shard: int) -> str:
    return f"{url}/ca/{name}-{shard}.crl"


def _extensions(
    office: Office, profile: Profile, holder: Holder, key: sm2.PublicKey, issuer: IssuedBy
) -> list[tuple[ExtensionValue, bool]]:
    above = issuer.certificate
    own = key_identifier(key)
    values: list[tuple[ExtensionValue, bool]] = [
        (SubjectKeyIdentifier(own), False),
        (AuthorityKeyIdentifier(_identifier_of(above) if above is not None else own), False),
        (profile.key_usage.value, True),
    ]
    if profile.basic_constraints is not None:
        values.append((BasicConstraints(True, path_length(profile, above)), True))
    if profile.extended_key_usage is not None:
        values.append((profile.extended_key_usage.value, profile.extended_key_usage.critical))
    if holder.names:
        values.append((SubjectAltName(holder.names), False))
    if profile.policy is not None:
        values.append((CertificatePolicies.of(profile.policy, cps=f"{office.url}/ca/"), False))
    if above is not None:
        values += _addresses(office.url, issuer.name, issuer.shard, profile.ocsp_no_check, issuer.offline)
    if profile.ocsp_no_check:
        values.append((OCSPNoCheck(), False))
    if profile.credit_code and holder.credit_code is not None:
        values.append((UnifiedCreditCode(holder.credit_code), False))
    return values


@lru_cache(maxsize=256)
def _addresses(url: str, name: str, shard: int, no_check: bool, offline: bool) -> tuple[tuple[ExtensionValue, bool], ...]:
    certificate = f"{url}/ca/{name}.crt"
    if no_check:  # RFC 6960 §4.2.2.2.1: nobody asks for its state
        return ((AuthorityInfoAccess.of(issuer=certificate), False),)
    return (
        (CRLDistributionPoints.of(_list_url(url, name, shard)), False),
        (AuthorityInfoAccess.of(ocsp=None if offline else f"{url}/ocsp", issuer=certificate), False),
    )


def path_length(profile: Profile, above: Certificate | None) -> int | None:
    """At most the profile's, and always one less than the issuer's (RFC 5280 §4.2.1.9)."""
    allowed = profile.basic_constraints.path_length if profile.basic_constraints is not None else None
    constraints = above.extensions.get(BasicConstraints) if above is not None else None
    if constraints is None or constraints.path_length is None:
        return allowed
    below = max(constraints.path_length - 1, 0)  # where nothing may follow, the lints say so
    return below if allowed is None else min(below, allowed)


def _identifier_of(certificate: Certificate) -> bytes:
    found = certificate.extensions.get(SubjectKeyIdentifier)
    return found.identifier if found is not None else key_identifier(certificate.public_key)
