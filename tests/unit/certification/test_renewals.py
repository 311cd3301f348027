"""Renewals and reminders: the same holder, a new key, and each reminder once."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from idp.certification import double, issuance, renewals, subjects, upkeep
from idp.certification.authorities import by_name
from idp.certification.errors import HolderNotFitting, KeyKnown, NotRenewable
from idp.certification.issuance import Application
from idp.certification.status import revocation
from idp.certification.tables import IssuedCertificate
from idp.certification.timestamping import keys as timestamp_keys
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.errors import RequestRefused
from idp.crypto.x509.extensions import SubjectAltName
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.request import CertificateRequest
from idp.notices.events import Event
from idp.notices.tables import Notice
from idp.registry import affiliations, institutions, persons
from idp.registry.affiliations import Role
from tests.at_once import at_once, succeeded
from tests.certificates_of_schools import Authorities, csr
from tests.clocks import SettableClock
from tests.people import OPERATOR, make_person


def renew(
    schools: Authorities, old: IssuedCertificate, *, supersede: bool = False, request: CertificateRequest | None = None
) -> str:
    with schools.deployment.transaction(OPERATOR) as tx:
        row = tx.session.get_one(IssuedCertificate, old.id)
        return renewals.renew(tx, schools.office, row, request or csr(), supersede=supersede).serial


def serials(schools: Authorities, days: int) -> list[str]:
    with schools.deployment.reading() as session:
        return [row.serial for row in session.scalars(renewals.expiring(schools.deployment.clock.now(), days))]


def told(schools: Authorities) -> list[tuple[int, str]]:
    reminders = select(Notice).where(Notice.event == Event.CERTIFICATE_ENDS)
    with schools.deployment.reading() as session:
        return sorted((row.person_id, row.detail["number"]) for row in session.scalars(reminders))


def days_before_the_end(clock: SettableClock, row: IssuedCertificate, days: float) -> None:
    clock.forward(seconds=(row.not_after - timedelta(days=days) - clock.now()).total_seconds())


def test_twenty_at_once_remind_once_for_each_of_the_days(schools: Authorities, clock: SettableClock) -> None:
    row = schools.issue()
    head = make_person(
        schools.deployment, schools.school, name="王校长", document="A7654321", role=Role.SCHOOL_ADMIN, password=None
    )
    make_person(schools.deployment, schools.school, name="同事", document="A7654322", role=Role.TEACHER, password=None)
    once = [(person, row.serial[:8]) for person in sorted((schools.teacher.id, head.id))]
    for days, times in ((31, 0), (29.9, 1), (8, 1), (6.9, 2), (0.9, 3), (0.1, 3)):
        days_before_the_end(clock, row, days)

        def look(_: int) -> int:
            with schools.deployment.transaction(OPERATOR) as tx:
                return renewals.remind(tx)

        results = at_once(look) if days == 29.9 else [look(0)]
        assert len(succeeded(results)) == len(results)
        assert told(schools) == sorted(once * times)


def test_a_server_that_slept_reminds_once_and_not_of_what_needs_nothing(here: Authorities, clock: SettableClock) -> None:
    late, revoked, renewed = here.issue(), here.issue(), None
    with here.deployment.transaction(OPERATOR) as tx:
        revocation.revoke(tx, tx.session.get_one(IssuedCertificate, revoked.id), Reason.UNSPECIFIED)
    days_before_the_end(clock, late, 0.5)
    assert serials(here, 30) == [late.serial]
    assert upkeep.remind(here.deployment) == 1
    assert upkeep.remind(here.deployment) == 0
    assert told(here) == [(here.teacher.id, late.serial[:8])]
    renewed = renew(here, late)
    assert serials(here, 30) == []
    assert renewed not in serials(here, 700)


def test_a_renewal_overlaps_and_supersedes_where_that_is_wanted(here: Authorities, clock: SettableClock) -> None:
    old = here.issue()
    clock.forward(days=700)
    new = renew(here, old)
    with here.deployment.reading() as session:
        first, second = session.get_one(IssuedCertificate, old.id), issuance.by_serial(session, new)
        assert revocation.current(session, first) is None
        assert (first.subject, first.profile, first.person_id) == (second.subject, second.profile, second.person_id)
        assert first.key_digest != second.key_digest
        assert second.not_before < first.not_after < second.not_after
    third = renew(here, second, supersede=True)
    with here.deployment.reading() as session:
        ended = revocation.current(session, issuance.by_serial(session, new))
        assert ended is not None
        assert ended.reason == Reason.SUPERSEDED
        assert revocation.current(session, issuance.by_serial(session, third)) is None
    with pytest.raises(NotRenewable):
        renew(here, second)


def test_what_is_superseded_is_superseded_once_whoever_asks_at_once(schools: Authorities) -> None:
    old = schools.issue()
    results = at_once(lambda _: renew(schools, old, supersede=True), 5)
    assert len(succeeded(results)) == 1
    with schools.deployment.reading() as session:
        assert len(session.scalars(select(IssuedCertificate).where(IssuedCertificate.profile == "person-sign")).all()) == 2


def test_a_key_is_not_certified_again_and_a_refusal_revokes_nothing(here: Authorities) -> None:
    request = csr()
    old = here.issue(request)
    with pytest.raises((RequestRefused, KeyKnown)):
        renew(here, old, supersede=True, request=request)
    with here.deployment.reading() as session:
        assert revocation.current(session, session.get_one(IssuedCertificate, old.id)) is None


def test_servers_and_things_are_renewed_by_what_the_register_says_today(here: Authorities) -> None:
    with here.deployment.transaction(OPERATOR) as tx:
        institutions.by_code(tx.session, here.school).domains = ["school.edu.cn"]
        tx.session.flush()
        school = by_name(tx.session, "school")
        hosts = subjects.host_of(tx.session, ("id.school.edu.cn", "www.school.edu.cn"), here.school)
        server = issuance.issue(tx, here.office, school, Application(here.office.profiles["tls-sign"], hosts, csr()))
        thing = subjects.institution_itself(tx.session, here.school, "一卡通")
        device = issuance.issue(tx, here.office, school, Application(here.office.profiles["client"], thing, csr()))
    for old in (server, device):
        new = renew(here, old)
        with here.deployment.reading() as session:
            row = issuance.by_serial(session, new)
            assert (row.subject, row.institution) == (old.subject, here.school)
            before, after = Certificate(old.der), Certificate(row.der)
            assert before.extensions.get(SubjectAltName) == after.extensions.get(SubjectAltName)
    with here.deployment.transaction(OPERATOR) as tx:
        institutions.by_code(tx.session, here.school).domains = []
    with pytest.raises(HolderNotFitting):
        renew(here, server)


def test_whoever_has_left_and_what_renews_itself_or_has_its_key_here_is_not_renewed(here: Authorities) -> None:
    old = here.issue()
    with here.deployment.transaction(OPERATOR) as tx:
        school = by_name(tx.session, "school")
        timestamp_keys.set_up(tx, here.office, school, policy=None, accuracy_ms=1000)
        holder = subjects.person_at(tx.session, here.teacher.number, here.school, tx.now.date())
        pair = double.issue_pair(tx, here.office, school, here.office.profiles["person-sign"], holder, csr())
        others = tx.session.scalars(
            select(IssuedCertificate).where(IssuedCertificate.profile.in_(["timestamp", "ocsp", "sub-ca"]))
        ).all()
    assert {row.profile for row in others} >= {"timestamp", "sub-ca"}
    for row in (pair.encryption, *others):
        with pytest.raises(NotRenewable):
            renew(here, row)
    with here.deployment.transaction(OPERATOR) as tx:
        person = persons.by_number(tx.session, here.teacher.number)
        affiliations.end(tx, person, here.school, Role.STUDENT)
    with pytest.raises(HolderNotFitting):
        renew(here, old)
