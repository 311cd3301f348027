"""Apps of the register are certified, by their own name, and their certificates follow what the register says of them."""

import pytest
from sqlalchemy import select

from idp.apps import register
from idp.apps.errors import NoSuchApp
from idp.apps.register import Particulars
from idp.certification import authorities, issuance, presented, renewals, subjects, upkeep
from idp.certification.errors import CertificateRefused, HolderNotFitting
from idp.certification.issuance import Application
from idp.certification.status import revocation
from idp.certification.subjects import app_id_of
from idp.certification.tables import IssuedCertificate
from idp.crypto.der import oids
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.extensions import ExtendedKeyUsage
from idp.crypto.x509.reasons import Reason
from tests.certificates_of_schools import Authorities, csr
from tests.people import OPERATOR, make_school


def add_app(schools: Authorities, owner: str | None = None, name: str = "图书馆") -> str:
    said = Particulars(name, owner or schools.school, "lib@example.edu.cn", "借阅", ())
    with schools.deployment.transaction(OPERATOR) as tx:
        return register.add(tx, said).id


def issue(schools: Authorities, app_id: str, profile: str = "app") -> int:
    with schools.deployment.transaction(OPERATOR) as tx:
        holder = subjects.app_of(tx.session, app_id, schools.school)
        above = authorities.by_name(tx.session, "school")
        return issuance.issue(tx, schools.office, above, Application(schools.office.profiles[profile], holder, csr())).id


def states(schools: Authorities, *numbers: int) -> list[str | None]:
    with schools.deployment.reading() as session:
        rows = [session.get_one(IssuedCertificate, number) for number in numbers]
        found = [revocation.current(session, row) for row in rows]
        return [one.cause if one is not None else None for one in found]


def test_an_apps_certificate_names_it_by_its_client_id(here: Authorities) -> None:
    app_id = add_app(here)
    with here.deployment.reading() as session:
        row = session.get_one(IssuedCertificate, issue(here, app_id))
        certificate = Certificate(row.der)
        assert row.subject.startswith(f"UID={app_id},CN=图书馆,")
    assert app_id_of(certificate) == app_id
    assert certificate.extensions.get(ExtendedKeyUsage) == ExtendedKeyUsage((oids.CLIENT_AUTH,))
    check = presented.app_checker(here.deployment)
    assert check(certificate.der, here.deployment.clock.now()) == app_id
    assert check(here.issue().der, here.deployment.clock.now()) is None  # a teacher's is no app's
    with pytest.raises(CertificateRefused):
        check(here.chain()[-1].der, here.deployment.clock.now())


def test_only_an_approved_app_of_the_institution_is_certified_and_by_its_profile_alone(here: Authorities) -> None:
    app_id = add_app(here)
    for profile in ("client", "token", "person-sign", "timestamp"):
        with pytest.raises(HolderNotFitting):
            issue(here, app_id, profile)
    with pytest.raises(HolderNotFitting):
        issue(here, add_app(here, make_school(here.deployment, "第二小学")))
    with pytest.raises(NoSuchApp):
        issue(here, "app_nobody")
    with here.deployment.transaction(OPERATOR) as tx:
        register.suspend(tx, app_id)
    with pytest.raises(HolderNotFitting):
        issue(here, app_id)
    with here.deployment.transaction(OPERATOR) as tx, pytest.raises(HolderNotFitting):
        above = authorities.by_name(tx.session, "school")
        device = subjects.institution_itself(tx.session, here.school, "门禁")
        issuance.issue(tx, here.office, above, Application(here.office.profiles["app"], device, csr()))


def test_certificates_of_an_app_that_may_not_work_are_on_hold_until_it_may(schools: Authorities) -> None:
    first, second = add_app(schools), add_app(schools, name="食堂")
    mine, revoked, others = issue(schools, first), issue(schools, first), issue(schools, second)
    with schools.deployment.transaction(OPERATOR) as tx:
        revocation.revoke(tx, tx.session.get_one(IssuedCertificate, revoked), Reason.SUPERSEDED)
        register.suspend(tx, first)
    assert upkeep.follow_registry(schools.deployment) == 1
    assert states(schools, mine, revoked, others) == ["registry", "operator", None]
    assert upkeep.follow_registry(schools.deployment) == 0
    with schools.deployment.transaction(OPERATOR) as tx:
        register.approve(tx, first)
    assert upkeep.follow_registry(schools.deployment) == 1
    assert states(schools, mine, revoked, others) == [None, "operator", None]
    with schools.deployment.transaction(OPERATOR) as tx:
        register.retire(tx, first)
    upkeep.follow_registry(schools.deployment)
    assert states(schools, mine, others) == ["registry", None]


def test_a_renewal_looks_the_app_up_again(here: Authorities) -> None:
    app_id = add_app(here)
    old = issue(here, app_id)
    with here.deployment.transaction(OPERATOR) as tx:
        row = tx.session.get_one(IssuedCertificate, old)
        new = renewals.renew(tx, here.office, row, csr(), supersede=False)
        assert (app_id_of(Certificate(new.der)), new.profile) == (app_id, "app")
    with here.deployment.transaction(OPERATOR) as tx:
        register.suspend(tx, app_id)
    with here.deployment.transaction(OPERATOR) as tx, pytest.raises(HolderNotFitting):
        row = tx.session.scalars(select(IssuedCertificate).where(IssuedCertificate.id == old)).one()
        renewals.renew(tx, here.office, row, csr(), supersede=False)
