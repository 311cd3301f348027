"""From a request to a certificate: the registry's words, the profile's rights, one key once, kept before it is handed out."""

import pytest
from sqlalchemy import func, select, update

from idp.audit.tables import AuditEvent
from idp.certification import authorities, issuance, subjects
from idp.certification.errors import HolderNotFitting, KeyKnown
from idp.certification.issuance import Application, by_serial
from idp.certification.status import lists, revocation
from idp.certification.tables import CertificateAuthority, IssuedCertificate
from idp.crypto.der import oids
from idp.crypto.errors import DecryptionFailed
from idp.crypto.jose.signer import generate_signer
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.crl import RevocationList
from idp.crypto.x509.errors import InvalidValidity, RequestRefused
from idp.crypto.x509.extensions import (
    BasicConstraints,
    CRLDistributionPoints,
    Extensions,
    KeyUsage,
    SubjectAltName,
    UnifiedCreditCode,
)
from idp.crypto.x509.extensions import usage as bits
from idp.crypto.x509.general_name import GeneralName
from idp.crypto.x509.name import Name
from idp.crypto.x509.path import PathRules, validate_path
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.request import CertificateRequest, create_request
from idp.registry import institution_lifecycle, institutions
from idp.registry.persons import PersonStatus
from idp.registry.tables import Institution, Person
from tests.at_once import at_once, refused, succeeded
from tests.certificates_of_schools import Authorities, csr
from tests.clocks import SettableClock
from tests.people import OPERATOR, make_person, make_school


def issue(here: Authorities, profile: str, holder: subjects.Holder, request: CertificateRequest | None = None) -> IssuedCertificate:
    with here.deployment.transaction(OPERATOR) as tx:
        application = Application(here.office.profiles[profile], holder, request or csr())
        return issuance.issue(tx, here.office, authorities.by_name(tx.session, "school"), application)


def host(here: Authorities, *names: str) -> subjects.Holder:
    with here.deployment.transaction(OPERATOR) as tx:
        institutions.set_domains(tx, here.school, ["school.edu.cn"])
        return subjects.host_of(tx.session, names, here.school)


def test_a_teachers_certificate_leads_to_the_ministry(here: Authorities) -> None:
    certificate = Certificate(here.issue().der)
    *above, root = here.chain()
    rules = PathRules(at=here.deployment.clock.now(), purpose=oids.CLIENT_AUTH, key_usage=bits.NON_REPUDIATION)
    validate_path([certificate, *above], root, rules)
    assert str(certificate.subject) == f"UID={here.teacher.number},CN=林小雨,O=第一中学,C=CN"
    assert certificate.serial_number.bit_length() == 159


def test_the_path_grows_shorter_with_each_authority(here: Authorities) -> None:
    lengths = [one.extensions.get(BasicConstraints) for one in here.chain()]
    assert [length.path_length for length in lengths if length is not None] == [0, 1, None]


def test_a_school_cannot_found_another_authority(here: Authorities) -> None:
    with pytest.raises(RequestRefused, match="issuer_may_not_certify"):
        issue(here, "sub-ca", subjects.Holder("别的学校", "别的学校"))


def test_the_record_is_kept_with_the_certificate(here: Authorities) -> None:
    row = here.issue()
    with here.deployment.reading() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.subject == f"certificate:{row.serial}")).one()
        kept = by_serial(session, row.serial.upper())
    assert event.detail["fingerprint"] == kept.fingerprint
    assert CertificateRequest.from_der(kept.request).public_key == Certificate(kept.der).public_key


def test_a_transaction_that_fails_leaves_neither(here: Authorities) -> None:
    def counted() -> tuple[int, int]:
        with here.deployment.reading() as session:
            return (
                session.scalar(select(func.count()).select_from(IssuedCertificate)) or 0,
                session.scalar(select(func.count()).select_from(AuditEvent)) or 0,
            )

    before = counted()
    with pytest.raises(ZeroDivisionError), here.deployment.transaction(OPERATOR) as tx:
        holder = subjects.person_at(tx.session, here.teacher.number, here.school, tx.now.date())
        application = Application(here.office.profiles["person-sign"], holder, csr())
        issuance.issue(tx, here.office, authorities.by_name(tx.session, "school"), application)
        raise ZeroDivisionError
    assert counted() == before


def test_a_key_is_certified_once(here: Authorities) -> None:
    request = csr()
    here.issue(request)
    with pytest.raises(RequestRefused, match="key_known"):
        here.issue(request)
    with pytest.raises(RequestRefused, match="key_known"):
        here.issue(CertificateRequest.from_pem(here.named("province").request))


def test_a_key_that_was_revoked_is_not_certified_again(here: Authorities) -> None:
    request = csr()
    row = here.issue(request)
    with here.deployment.transaction(OPERATOR) as tx:
        revocation.revoke(tx, tx.session.get_one(IssuedCertificate, row.id), Reason.KEY_COMPROMISE)
    with pytest.raises(RequestRefused, match="key_known"):
        here.issue(request)


def test_one_key_does_not_sign_and_encrypt(here: Authorities) -> None:
    request = csr()
    issue(here, "tls-sign", host(here, "id.school.edu.cn"), request)
    with pytest.raises(RequestRefused, match="key_known"):
        issue(here, "tls-enc", host(here, "id.school.edu.cn"), request)


def test_of_twenty_at_once_with_one_key_one_gets_a_certificate(schools: Authorities) -> None:
    request = csr()
    results = at_once(lambda _: schools.issue(request))
    assert len(succeeded(results)) == 1
    assert all(issubclass(kind, (RequestRefused, KeyKnown)) for kind in refused(results))


def test_twenty_at_once_with_keys_of_their_own_all_get_one(schools: Authorities) -> None:
    results = at_once(lambda _: schools.issue())
    assert len({row.serial for row in succeeded(results)}) == 20
    assert schools.named("school").issued == 21  # and the responder's


def test_certificates_point_to_the_list_of_their_shard(here: Authorities) -> None:
    with here.deployment.transaction(OPERATOR) as tx:
        tx.session.execute(update(CertificateAuthority).where(CertificateAuthority.name == "school").values(issued=120_000))
    row = here.issue()
    points = Certificate(row.der).extensions.get(CRLDistributionPoints)
    assert row.shard == 2
    assert points == CRLDistributionPoints.of("http://localhost:8000/ca/school-2.crl")
    with here.deployment.transaction(OPERATOR) as tx:
        lists.publish(tx, here.office, authorities.by_name(tx.session, "school"))
        shard = RevocationList(lists.newest(tx.session, authorities.by_name(tx.session, "school"), 2).der)
    assert shard.is_about(Certificate(row.der))


def test_what_the_applicant_calls_himself_does_not_count(here: Authorities) -> None:
    certificate = Certificate(here.issue(csr(Name.of(("O", "教育部"), ("CN", "部长")))).der)
    assert "部长" not in str(certificate.subject)


@pytest.mark.parametrize(
    "extensions",
    [
        Extensions.of((BasicConstraints(True), True)),
        Extensions.of((KeyUsage.of(bits.KEY_CERT_SIGN), True)),
        Extensions.of((SubjectAltName((GeneralName.dns("bank.cn"),)), False)),
    ],
)
def test_a_request_for_more_than_the_profile_gives_is_refused(here: Authorities, extensions: Extensions) -> None:
    asking = create_request(Name.of(("CN", "x")), generate_signer("SGD_SM3_SM2"), extensions)
    with pytest.raises(RequestRefused):
        here.issue(asking)


def test_who_is_disabled_or_belongs_elsewhere_gets_none(here: Authorities) -> None:
    other = make_school(here.deployment, "第二中学")
    stranger = make_person(here.deployment, other, document="OTHER1", name="别人", password=None)
    for number in (stranger.number, here.teacher.number):
        with here.deployment.transaction(OPERATOR) as tx:
            tx.session.execute(update(Person).where(Person.number == here.teacher.number).values(status=PersonStatus.DISABLED))
            with pytest.raises(HolderNotFitting):
                subjects.person_at(tx.session, number, here.school, tx.now.date())


def test_who_has_left_gets_none(here: Authorities, clock: SettableClock) -> None:
    with here.deployment.transaction(OPERATOR) as tx:
        institution_lifecycle.close(tx, here.school)
        institution_lifecycle.restore(tx, here.school)
    clock.forward(days=1)
    with pytest.raises(HolderNotFitting):
        here.issue()


def test_a_closed_school_gets_none(here: Authorities) -> None:
    with here.deployment.transaction(OPERATOR) as tx:
        institution_lifecycle.close(tx, here.school)
    with pytest.raises(HolderNotFitting):
        here.issue()


def test_the_authority_of_a_school_certifies_its_own_only(here: Authorities) -> None:
    other = make_school(here.deployment, "第二中学")
    stranger = make_person(here.deployment, other, document="OTHER1", name="别人", password=None)
    with here.deployment.reading() as session:
        holder = subjects.person_at(session, stranger.number, other, here.deployment.clock.now().date())
    with pytest.raises(HolderNotFitting):
        issue(here, "person-sign", holder)


def test_a_server_is_certified_within_the_domains_of_its_school(here: Authorities) -> None:
    certificate = Certificate(issue(here, "tls-sign", host(here, "id.school.edu.cn", "school.edu.cn")).der)
    names = certificate.extensions.get(SubjectAltName)
    assert names is not None
    assert [str(name) for name in names.names] == ["id.school.edu.cn", "school.edu.cn"]
    with pytest.raises(RequestRefused, match="wildcard"):
        issue(here, "tls-sign", host(here, "*.school.edu.cn"))
    for name in ("school.edu.cn.evil.cn", "evilschool.edu.cn", "bank.cn"):
        with pytest.raises(HolderNotFitting):
            host(here, name)
    with pytest.raises(HolderNotFitting):
        host(here)


@pytest.mark.parametrize(("profile", "kind"), [("person-sign", "institution"), ("tls-sign", "person"), ("client", "person")])
def test_a_profile_is_for_its_own_kind_of_holder(here: Authorities, profile: str, kind: str) -> None:
    with here.deployment.reading() as session:
        person = subjects.person_at(session, here.teacher.number, here.school, here.deployment.clock.now().date())
        school = subjects.institution_itself(session, here.school, "系统")
    with pytest.raises(HolderNotFitting):
        issue(here, profile, person if kind == "person" else school)


def test_an_institution_is_known_by_its_credit_code(here: Authorities) -> None:
    with here.deployment.transaction(OPERATOR) as tx:
        tx.session.execute(update(Institution).where(Institution.code == here.school).values(credit_code="12330000470051234X"))
    with here.deployment.reading() as session:
        holder = subjects.institution_itself(session, here.school, "选课系统")
    certificate = Certificate(issue(here, "client", holder).der)
    assert certificate.extensions.get(UnifiedCreditCode) == UnifiedCreditCode("12330000470051234X")


def test_nothing_outlives_its_issuer(here: Authorities, clock: SettableClock) -> None:
    clock.forward(days=1825 - 100)
    certificate = Certificate(here.issue().der)
    assert certificate.tbs.not_after == here.chain()[0].tbs.not_after


def test_an_issuer_that_has_expired_issues_nothing(here: Authorities, clock: SettableClock) -> None:
    clock.forward(days=1830)
    with pytest.raises(InvalidValidity):
        here.issue()


def test_the_seal_of_a_key_is_bound_to_its_authority(here: Authorities) -> None:
    here.office.signer(here.named("province"))
    moved = CertificateAuthority(name="school", key_sealed=here.named("province").key_sealed)
    with pytest.raises(DecryptionFailed):
        here.office.signer(moved)


def test_no_private_key_is_seen(here: Authorities) -> None:
    signer = here.office.signer(here.named("school"))
    assert "d" not in signer.public_jwk()
    assert '"d"' not in here.named("school").key_sealed
