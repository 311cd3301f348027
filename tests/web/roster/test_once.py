"""What must happen once, tried by many; and what must not be seen, looked for everywhere."""

import json
import logging

import pytest
from sqlalchemy import func, select

from idp.audit.tables import AuditEvent
from idp.deployment import Deployment
from idp.registry.tables import Affiliation, Person, PersonDocument
from idp.roster.tables import RosterUser
from tests.at_once import at_once
from tests.web.roster.conftest import SCHOOL, System, user


def test_of_many_who_create_one_user_one_does(sis: System, deployment: Deployment) -> None:
    results = at_once(lambda _n: sis.call("POST", "/Users", user()))
    assert sorted(one.status for one in results if not isinstance(one, Exception)) == [201] + [409] * 19
    with deployment.reading() as session:
        for table in (Person, PersonDocument, Affiliation, RosterUser):
            assert session.scalar(select(func.count()).select_from(table)) == 1


def test_of_many_who_change_what_they_have_seen_one_does(sis: System) -> None:
    made = sis.add()
    etag = made["meta"]["version"]

    def change(number: int) -> int:
        return sis.patch(made["id"], {"op": "replace", "path": "displayName", "value": f"{number}"}, If_Match=etag).status

    assert sorted(one for one in at_once(change) if isinstance(one, int)) == [200] + [412] * 19
    assert sis.call("DELETE", f"/Users/{made['id']}", If_Match=etag).status == 412
    assert sis.call("PUT", f"/Users/{made['id']}", user(), If_Match="*").status == 200


def test_no_document_number_telephone_or_address_is_in_journal_logs_or_answers(
    sis: System, deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = ("ROSTER00001", "J11010120130901001X", "2013-09-01")
    contacts = ("13800000001", "pupil1@example.edu.cn")
    school = {"stateCode": secrets[1], "birthDate": secrets[2], "sex": "1"}
    sent = user(phoneNumbers=[{"value": contacts[0]}], school=school)
    answers = [sis.call("POST", "/Users", sent), sis.call("POST", "/Users", sent)]
    user_id = answers[0].body["id"]
    answers += [
        sis.call("PUT", f"/Users/{user_id}", sent),
        sis.patch(user_id, {"op": "add", "path": f"{SCHOOL}:documentNumber", "value": "ROSTER00001"}),
        sis.call("POST", "/Users", user(2, school={"documentNumber": "ROSTER00001"})),
        sis.bulk({"method": "POST", "path": "/Users", "bulkId": "a", "data": sent}),
        sis.call("GET", "/Users"),
        sis.call("DELETE", f"/Users/{user_id}"),
    ]
    assert [one.status for one in answers] == [201, 409, 200, 400, 409, 200, 200, 204]
    told = json.dumps([one.body for one in answers])
    with deployment.reading() as session:
        events = session.scalars(select(AuditEvent).order_by(AuditEvent.seq)).all()
        journal = json.dumps([[event.subject, event.detail] for event in events])
        kept = "".join(str(row.given_sealed) + str(row.contact_index) for row in session.scalars(select(RosterUser)))
    assert {"roster.member.created", "roster.member.removed", "registry.affiliation.ended", "roster.person.left"} <= {
        event.action for event in events
    }
    assert {event.actor_kind for event in events if event.action.startswith("roster.member")} == {"school"}
    for secret in secrets:
        assert secret not in told
    for secret in (*secrets, *contacts, sis.token):
        assert secret not in journal
        assert secret not in caplog.text
        assert secret not in kept
