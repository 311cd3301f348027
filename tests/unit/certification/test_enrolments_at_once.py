"""Enrolments at the same time, on both databases: so many and no more, and each refused alone."""

from sqlalchemy import select

from idp.audit import Actor
from idp.audit.tables import AuditEvent
from idp.certification.enrolment import requests, rights, together
from idp.certification.errors import EnrolmentUsedUp, KeyKnown
from idp.deployment import SYSTEM
from tests.at_once import TRIES, at_once
from tests.certificates_of_schools import Authorities, csr
from tests.people import OPERATOR
from tests.unit.certification.test_enrolment import allow, ask, count


def test_of_twenty_requests_at_once_as_many_succeed_as_were_allowed(schools: Authorities) -> None:
    allowed = allow(schools, certificates=3)
    asking = [csr() for _ in range(TRIES)]
    before = count(schools)[0]
    answers = at_once(lambda number: ask(schools, allowed, asking[number]).status_code)
    assert sorted(map(str, answers)) == ["200"] * 3 + ["403"] * (TRIES - 3)
    assert count(schools) == (before + 3, 3)


def test_the_same_request_twenty_times_at_once_is_one_certificate(schools: Authorities) -> None:
    allowed, request = allow(schools, certificates=5), csr()
    before = count(schools)[0]
    answers = at_once(lambda _: ask(schools, allowed, request).data)
    assert len(set(map(bytes, answers))) == 1  # type: ignore[arg-type]
    assert count(schools) == (before + 1, 1)


def test_of_those_in_one_transaction_each_is_refused_alone(schools: Authorities) -> None:
    deployment, office = schools.deployment, schools.office
    plenty, one, stopped = allow(schools, certificates=9), allow(schools), allow(schools)
    wanted = [csr() for _ in range(7)]
    wanted[2] = wanted[0]
    under = [plenty, one, plenty, one, stopped, plenty, plenty]
    ready = []
    for allowed, request in zip(under, wanted, strict=True):
        actor, now = Actor("enrolment", allowed.row.handle), deployment.clock.now()
        with deployment.reading() as session:
            right = rights.shown(session, "school", allowed.row.handle, allowed.secret, now)
            found = together.prepare(session, office, actor, right, request, now)
        assert isinstance(found, together.Ready)
        ready.append(found)
    # What happens between the look and the transaction: one is stopped, and another's key is certified elsewhere.
    with deployment.transaction(OPERATOR) as tx:
        rights.stop(tx, stopped.row.handle)
    schools.issue(wanted[5])
    before = count(schools)[0]
    with deployment.transaction(SYSTEM) as tx:
        results = together.write(tx, ready)
    expected = [bytes, bytes, KeyKnown, EnrolmentUsedUp, EnrolmentUsedUp, KeyKnown, bytes]
    assert [type(result) for result in results] == expected
    assert count(schools) == (before + 3, 3)
    with deployment.reading() as session:
        events = session.scalars(select(AuditEvent).order_by(AuditEvent.seq.desc()).limit(3)).all()
        handles = [allowed.row.handle for allowed, result in zip(under, results, strict=True) if isinstance(result, bytes)]
        assert sorted(event.actor_id for event in events) == sorted(handles)
        right = rights.shown(session, "school", plenty.row.handle, plenty.secret, deployment.clock.now())
        assert requests.before(session, right, wanted[6]) == results[6]
        assert requests.before(session, right, wanted[5]) is None
