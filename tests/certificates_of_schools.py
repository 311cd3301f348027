"""Authorities for tests, founded through the services: a ministry, a province, a school, and requests of people."""

from dataclasses import dataclass
from datetime import timedelta

from idp.certification import authorities, ceremony, issuance, subjects
from idp.certification.issuance import Application
from idp.certification.office import Office, office_of
from idp.certification.subjects import Holder
from idp.certification.tables import CertificateAuthority, IssuedCertificate
from idp.crypto.jose.signer import generate_signer
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.name import Name
from idp.crypto.x509.request import CertificateRequest, create_request
from idp.deployment import Deployment
from tests.people import OPERATOR, Known, make_person, make_school


@dataclass(frozen=True)
class Authorities:
    """Three authorities of one installation, the school's code, and a teacher of it."""

    deployment: Deployment
    office: Office
    school: str
    teacher: Known

    def named(self, name: str) -> CertificateAuthority:
        with self.deployment.reading() as session:
            return authorities.by_name(session, name)

    def chain(self, name: str = "school") -> list[Certificate]:
        return authorities.chain_of(self.named(name))

    def issue(self, request: CertificateRequest | None = None, *, authority: str = "school") -> IssuedCertificate:
        """A signing certificate for the teacher."""
        with self.deployment.transaction(OPERATOR) as tx:
            holder = subjects.person_at(tx.session, self.teacher.number, self.school, tx.now.date())
            application = Application(self.office.profiles["person-sign"], holder, request or csr())
            return issuance.issue(tx, self.office, authorities.by_name(tx.session, authority), application)


def csr(subject: Name | None = None) -> CertificateRequest:
    """A request for a fresh key."""
    return create_request(subject or Name.of(("C", "CN"), ("CN", "whoever I say I am")), generate_signer("SGD_SM3_SM2"))


def found_authorities(deployment: Deployment) -> Authorities:
    """Founds them."""
    office = office_of(deployment.settings, deployment.ring.authority_vault)
    school = make_school(deployment, "第一中学")
    teacher = make_person(deployment, school, name="林小雨", password=None)
    with deployment.transaction(OPERATOR) as tx:
        root = ceremony.found_root(tx, office, "ministry", Holder("教育部", "教育部根证书认证"))
        province = ceremony.found_below(tx, office, root, "province", Holder("省教育厅", "省教育厅证书认证"))
        holder = subjects.institution_itself(tx.session, school, "第一中学证书认证")
        ceremony.found_below(tx, office, province, "school", holder)
    return Authorities(deployment, office, school, teacher)


DAY = timedelta(days=1)
