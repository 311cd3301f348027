"""What is written for the same values stays the same, byte for byte: the digests were taken before anything was kept in memory."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from idp.certification import profiles, subjects
from idp.certification.contents import IssuedBy, contents
from idp.certification.office import Office
from idp.certification.subjects import Holder
from idp.crypto import sm2, sm3
from idp.crypto.jose.signer import SoftwareSigner
from idp.crypto.jose.sm2_key import SM2Key
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.crl import RevocationListContents, RevokedCertificate, list_extensions
from idp.crypto.x509.general_name import GeneralName
from idp.crypto.x509.lints import Issuer, lint_certificate, sign_certificate
from idp.crypto.x509.name import Name
from idp.crypto.x509.ocsp import CertID, CertificateState, ResponseData, SingleResponse
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.tbs import TBSCertificate

NOW = datetime(2026, 9, 1, 8, 0, 0, tzinfo=UTC)
OFFICE = Office(cast(Any, None), profiles.load(None), "http://ca.example.edu.cn")
ABOVE, BELOW = sm2.PrivateKey(0x1234567), sm2.PrivateKey(0x7654321)
PERSON: Any = SimpleNamespace(id=1, number="Y23456789ABCDEFX", name="林小雨")
SCHOOL: Any = SimpleNamespace(code="2111000001", name="第一中学", credit_code="12110000400000000X")
HOLDERS = {
    "authority": Holder("第一中学", "第一中学证书认证", institution=SCHOOL),
    "institution": Holder("第一中学", "选课系统", institution=SCHOOL),
    "issuer": Holder("第一中学", "id.school.edu.cn", institution=SCHOOL, names=(GeneralName.uri("https://id.school.edu.cn"),)),
    "person": Holder("第一中学", "林小雨", PERSON, SCHOOL),
    "host": Holder("第一中学", "id.school.edu.cn", institution=SCHOOL, names=(GeneralName.dns("id.school.edu.cn"),)),
}
WRITTEN = {
    "client": "9e6715f03b2c4f7b",
    "client-enc": "fd7b99c0d1b80b91",
    "ocsp": "27b4dbdc8e144d79",
    "person-enc": "9acb6f00dd3cc93d",
    "person-sign": "e622b69212d7fb8b",
    "root": "fd90ee31030d7027",
    "sub-ca": "fee4f51f9c2254c1",
    "timestamp": "bef303f09bad6808",
    "tls-enc": "db8440531373ab83",
    "tls-sign": "8a8642cd73483628",
    "token": "0f0f71f3c343681f",
    "list": "fb5b2313bf61047c",
    "answer": "6bdae6a7ce486536",
}


def signer(key: sm2.PrivateKey) -> SoftwareSigner:
    return SoftwareSigner("SGD_SM3_SM2", SM2Key(key.public_key, key))


def made(name: str, above: Certificate | None, key: sm2.PublicKey) -> TBSCertificate:
    profile = OFFICE.profiles[name]
    holder = HOLDERS[profile.holder]
    subject = subjects.subject(profile, holder) if above is not None else Name.of(("C", "CN"), ("O", "教育部"), ("CN", "根"))
    tbs = contents(OFFICE, profile, holder, key, subject, IssuedBy("school", above, 3), NOW)
    return replace(tbs, serial_number=1 << 158 | 0xABCDEF)


def root() -> Certificate:
    tbs = made("root", None, ABOVE.public_key)
    return sign_certificate(lint_certificate(tbs, Issuer(signer(ABOVE), None)))


@pytest.mark.parametrize("name", sorted(WRITTEN.keys() & set(OFFICE.profiles.names())))
def test_a_certificate_of_each_profile(name: str) -> None:
    above = None if name == "root" else root()
    key = ABOVE if name == "root" else BELOW
    tbs = made(name, above, key.public_key)
    assert sm3.digest(tbs.encode()).hex()[:16] == WRITTEN[name]
    certificate = sign_certificate(lint_certificate(tbs, Issuer(signer(ABOVE), above)))
    assert certificate.tbs_der == tbs.encode()
    read = Certificate(certificate.der)
    assert (read.tbs_der, read.signature, read.tbs.encode()) == (certificate.tbs_der, certificate.signature, tbs.encode())
    assert (read.subject, read.public_key, str(read.issuer)) == (tbs.subject, tbs.public_key, str(tbs.issuer))
    read.check_signed_by(ABOVE.public_key)


def test_a_list_and_an_answer() -> None:
    times = [datetime(1949, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(1999, 12, 31, tzinfo=UTC), NOW]
    reasons = [Reason.UNSPECIFIED, Reason.KEY_COMPROMISE, Reason.CERTIFICATE_HOLD]
    entries = [RevokedCertificate((1 << 158) + n, times[n % 3], reasons[n % 3], times[1] if n % 2 else None) for n in range(9)]
    issuer = root().subject
    far = datetime(2050, 1, 1, tzinfo=UTC)
    written = RevocationListContents(issuer, NOW, far, entries, list_extensions(77, bytes(20))).encode()
    assert sm3.digest(written).hex()[:16] == WRITTEN["list"]
    single = SingleResponse(
        CertID.of(issuer, ABOVE.public_key, 1 << 158),
        CertificateState(NOW, Reason.SUPERSEDED),
        NOW,
        NOW.astimezone(UTC) + timedelta(hours=12),
    )
    answer = ResponseData(issuer, NOW, (single,), bytes(range(32)), extended_revoke=True).encode()
    assert sm3.digest(answer).hex()[:16] == WRITTEN["answer"]
