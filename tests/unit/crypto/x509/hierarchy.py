"""Ministry, province, school, and a certificate of the school: built with what an authority builds with."""

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from idp.crypto.der import oids
from idp.crypto.jose.signer import SoftwareSigner, generate_signer
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.extensions import (
    AuthorityKeyIdentifier,
    BasicConstraints,
    CRLDistributionPoints,
    ExtendedKeyUsage,
    Extensions,
    KeyUsage,
    SubjectAltName,
    SubjectKeyIdentifier,
    UnifiedCreditCode,
)
from idp.crypto.x509.extensions import usage as bits
from idp.crypto.x509.extensions.identifiers import key_identifier
from idp.crypto.x509.extensions.value import ExtensionValue
from idp.crypto.x509.general_name import GeneralName
from idp.crypto.x509.lints import Issuer, lint_certificate, sign_certificate
from idp.crypto.x509.name import Name
from idp.crypto.x509.signing import public_key_of
from idp.crypto.x509.tbs import TBSCertificate

NOW = datetime.now(UTC).replace(microsecond=0)
CRL_URI = "http://ca.example.edu.cn/school-0.crl"


@dataclass(frozen=True)
class Party:
    """A certificate and who can sign with its key."""

    certificate: Certificate
    signer: SoftwareSigner


def name(common: str) -> Name:
    return Name.of(("C", "CN"), ("ST", "浙江省"), ("O", "省教育厅"), ("CN", common))


def contents(subject: Name, signer: SoftwareSigner, above: Party | None, *more: tuple[ExtensionValue, bool]) -> TBSCertificate:
    """What a certificate would say, not linted and not signed."""
    key = public_key_of(signer)
    issuing = key if above is None else above.certificate.public_key
    return TBSCertificate(
        serial_number=secrets.randbits(158) | 1 << 157,
        issuer=subject if above is None else above.certificate.subject,
        not_before=NOW - timedelta(hours=1),
        not_after=NOW + timedelta(days=3000 if above is None else 300),
        subject=subject,
        public_key=key,
        extensions=Extensions.of(
            (SubjectKeyIdentifier(key_identifier(key)), False), (AuthorityKeyIdentifier(key_identifier(issuing)), False), *more
        ),
    )


def authority(common: str, above: Party | None, path_length: int | None, *more: tuple[ExtensionValue, bool]) -> Party:
    signer = generate_signer("SGD_SM3_SM2")
    tbs = contents(
        name(common),
        signer,
        above,
        (BasicConstraints(True, path_length), True),
        (KeyUsage.of(bits.KEY_CERT_SIGN, bits.CRL_SIGN), True),
        *more,
    )
    issuer = Issuer(signer, None) if above is None else Issuer(above.signer, above.certificate)
    return Party(sign_certificate(lint_certificate(tbs, issuer)), signer)


LEAF: tuple[tuple[ExtensionValue, bool], ...] = (
    (KeyUsage.of(bits.DIGITAL_SIGNATURE, bits.NON_REPUDIATION), True),
    (ExtendedKeyUsage((oids.SERVER_AUTH, oids.CLIENT_AUTH)), False),
    (SubjectAltName((GeneralName.dns("id.school.edu.cn"),)), False),
    (CRLDistributionPoints.of(CRL_URI), False),
    (UnifiedCreditCode("12330000470051234X"), False),
)


def leaf(above: Party, *more: tuple[ExtensionValue, bool], **changes: object) -> Party:
    signer = generate_signer("SGD_SM3_SM2")
    tbs = replace(contents(name("id.school.edu.cn"), signer, above, *(more or LEAF)), **changes)  # type: ignore[arg-type]
    return Party(sign_certificate(lint_certificate(tbs, Issuer(above.signer, above.certificate))), signer)


class Hierarchy:
    """Three authorities and a leaf."""

    def __init__(self) -> None:
        self.root = authority("教育部根", None, None)
        self.province = authority("浙江省", self.root, 1)
        self.school = authority("第一中学", self.province, 0)
        self.leaf = leaf(self.school)

    @property
    def chain(self) -> list[Certificate]:
        """From the leaf to below the root."""
        return [self.leaf.certificate, self.school.certificate, self.province.certificate]
