"""Validation of tickets: CAS Protocol 3.0 §2.4 to §2.9, §3.1."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import select

from idp import housekeeping
from idp.apps import register
from idp.login import sessions
from idp.registry.persons import PersonStatus
from idp.registry.tables import Person
from idp.release import report
from idp.sso.cas.endpoints import machine_endpoints
from idp.sso.cas.errors import InvalidService, InvalidTicket, NotFromNewLogin
from idp.sso.cas.tables import CasLogin, CasTicket
from idp.sso.cas.tickets import end_with_session
from idp.sso.cas.validation import Question, validate
from idp.web.machine import FORM, MachineAnswer, MachineRequest
from tests.clocks import SettableClock
from tests.people import OPERATOR
from tests.unit.sso.people import ADDRESS, Campus

CAS = "{http://www.yale.edu/tp/cas}"
OTHER = "https://lib.example.edu.cn/"


def ask(campus: Campus, path: str, *, post: bool = False, **parameters: str) -> MachineAnswer:
    methods, endpoint = machine_endpoints(campus.cas, ("/cas",))[f"/cas/{path}"]
    assert methods == ("GET", "POST")
    text = urlencode(parameters).encode()
    return endpoint(
        MachineRequest(
            method="POST" if post else "GET",
            body=text if post else b"",
            content_type=FORM if post else "",
            query=b"" if post else text,
            authorization="",
            accept="",
            dpop="",
            certificate="",
            address=None,
        )
    )


def code(answer: MachineAnswer) -> Any:
    (found,) = ET.fromstring(answer.encoded())
    return found.get("code")


def test_a_ticket_is_good_for_one_validation(campus: Campus) -> None:
    campus.register()
    ticket = campus.ticket()
    assert validate(campus.cas, Question(ticket, ADDRESS))[0].user == "S001"
    with pytest.raises(InvalidTicket):
        validate(campus.cas, Question(ticket, ADDRESS))


def test_a_ticket_presented_for_another_service_is_void_from_then_on(campus: Campus) -> None:
    # §2.5.3, INVALID_SERVICE
    campus.register()
    campus.register(OTHER)
    ticket = campus.ticket()
    with pytest.raises(InvalidService):
        validate(campus.cas, Question(ticket, OTHER))
    with pytest.raises(InvalidTicket):
        validate(campus.cas, Question(ticket, ADDRESS))


@pytest.mark.parametrize("service", [ADDRESS.rstrip("/"), f"{ADDRESS}?", f"{ADDRESS}x", ADDRESS.upper(), f"{ADDRESS} "])
def test_the_service_is_the_very_same(campus: Campus, service: str) -> None:
    campus.register()
    with pytest.raises(InvalidService):
        validate(campus.cas, Question(campus.ticket(), service))


def test_a_ticket_that_fails_for_renew_is_void_from_then_on(campus: Campus) -> None:
    campus.register()
    ticket = campus.ticket()
    with pytest.raises(NotFromNewLogin):
        validate(campus.cas, Question(ticket, ADDRESS, renew=True))
    with pytest.raises(InvalidTicket):
        validate(campus.cas, Question(ticket, ADDRESS))
    assert validate(campus.cas, Question(campus.ticket(new_login=True), ADDRESS, renew=True))[0].user == "S001"


def test_a_ticket_that_waited_too_long_is_void(campus: Campus, clock: SettableClock) -> None:
    campus.register()
    ticket = campus.ticket()
    clock.forward(seconds=campus.deployment.settings.cas_ticket_lifetime)
    with pytest.raises(InvalidTicket):
        validate(campus.cas, Question(ticket, ADDRESS))


@pytest.mark.parametrize("ticket", ["ST-", "ST-x", "x", "PGT-1", "ST-" + "a" * 5000, "ST-' OR 1=1", "st-x"])
def test_what_is_no_ticket_of_ours_is_void(campus: Campus, ticket: str) -> None:
    with pytest.raises(InvalidTicket):
        validate(campus.cas, Question(ticket, ADDRESS))


def test_a_ticket_ends_with_its_session(campus: Campus) -> None:
    campus.register()
    ticket = campus.ticket()
    with campus.deployment.transaction(OPERATOR) as tx:
        sessions.end(tx, campus.person.id, campus.signed_in.sid, (end_with_session,))
    with pytest.raises(InvalidTicket):
        validate(campus.cas, Question(ticket, ADDRESS))


def test_a_ticket_of_somebody_disabled_is_void(campus: Campus) -> None:
    campus.register()
    ticket = campus.ticket()
    with campus.deployment.transaction(OPERATOR) as tx:
        tx.session.get_one(Person, campus.person.id).status = PersonStatus.DISABLED.value
    with pytest.raises(InvalidTicket):
        validate(campus.cas, Question(ticket, ADDRESS))


def test_a_ticket_of_an_app_that_was_switched_off_is_void(campus: Campus) -> None:
    app = campus.register()
    ticket = campus.ticket()
    with campus.deployment.transaction(OPERATOR) as tx:
        register.suspend(tx, app)
    with pytest.raises(InvalidService):
        validate(campus.cas, Question(ticket, ADDRESS))


def test_the_database_holds_no_ticket(campus: Campus) -> None:
    campus.register()
    ticket = campus.ticket()
    validate(campus.cas, Question(ticket, ADDRESS))
    with campus.deployment.reading() as session:
        rows = [*session.scalars(select(CasTicket)), *session.scalars(select(CasLogin))]
        assert len(rows) == 2
        assert not any(ticket in str(vars(row)) for row in rows)


# --- The endpoints -------------------------------------------------------------------------------


def test_validate_says_yes_and_the_name_on_two_lines(campus: Campus) -> None:
    # §2.4.2, and the second line of CAS 1.0 that every client reads
    campus.register()
    ticket = campus.ticket()
    answer = ask(campus, "validate", ticket=ticket, service=ADDRESS)
    assert (answer.encoded(), answer.content_type) == (b"yes\nS001\n", "text/plain; charset=utf-8")
    assert ask(campus, "validate", ticket=ticket, service=ADDRESS).encoded() == b"no\n\n"


@pytest.mark.parametrize("path", ["serviceValidate", "proxyValidate", "p3/serviceValidate", "p3/proxyValidate"])
@pytest.mark.parametrize("post", [False, True])
def test_each_endpoint_validates_service_tickets(campus: Campus, path: str, post: bool) -> None:
    campus.register()
    answer = ask(campus, path, post=post, ticket=campus.ticket(), service=ADDRESS)
    document = ET.fromstring(answer.encoded())
    assert document.findtext(f".//{CAS}user") == "S001"
    assert (document.find(f".//{CAS}attributes") is not None) == path.startswith("p3")


@pytest.mark.parametrize(
    "given", [{"ticket": "ST-1"}, {"service": ADDRESS}, {}, {"service": ADDRESS, "ticket": "ST-1", "format": "YAML"}]
)
def test_what_is_missing_or_unknown_is_an_invalid_request(campus: Campus, given: dict[str, str]) -> None:
    # §2.5.1, §2.5.3
    assert code(ask(campus, "serviceValidate", **given)) == "INVALID_REQUEST"
    assert code(ask(campus, "p3/proxyValidate", **given)) == "INVALID_REQUEST"


@pytest.mark.parametrize("form", ["JSON", "json"])
def test_json_where_it_is_asked_for(campus: Campus, form: str) -> None:
    campus.register(attributes={"cn": "name"})
    answer = ask(campus, "p3/serviceValidate", ticket=campus.ticket(), service=ADDRESS, format=form)
    said = json.loads(answer.encoded())["serviceResponse"]["authenticationSuccess"]
    assert (said["user"], said["attributes"]["cn"], answer.content_type) == ("S001", "林小雨", "application/json")
    failed = ask(campus, "serviceValidate", ticket="ST-1", service=ADDRESS, format=form)
    assert json.loads(failed.encoded())["serviceResponse"]["authenticationFailure"]["code"] == "INVALID_TICKET"


def test_attributes_are_those_of_the_specification_and_those_that_were_registered(campus: Campus, clock: SettableClock) -> None:
    # §2.5.5, Appendix A
    campus.register(attributes={"cn": "name", "mail": "email", "xh": "local_number", "school": "school_name", "role": "role"})
    answer = ask(campus, "p3/serviceValidate", ticket=campus.ticket(new_login=True), service=ADDRESS)
    found = [
        (child.tag.removeprefix(CAS), child.text) for child in ET.fromstring(answer.encoded()).iterfind(f".//{CAS}attributes/*")
    ]
    assert found[:3] == [
        ("authenticationDate", "2026-09-01T08:00:00Z"),
        ("longTermAuthenticationRequestTokenUsed", "false"),
        ("isFromNewLogin", "true"),
    ]
    own = {"cn": "林小雨", "mail": "lin@example.edu.cn", "xh": "S001", "school": "第一小学", "role": "student"}
    assert dict(found[3:]) == own


def test_what_an_administrator_takes_back_is_not_told_any_more(campus: Campus) -> None:
    app = campus.register(attributes={"cn": "name", "mail": "email"})
    with campus.deployment.transaction(OPERATOR) as tx:
        register.approve(tx, app, ["openid", "school", "profile"])
    told = validate(campus.cas, Question(campus.ticket(), ADDRESS, attributes=True))[0].attributes or {}
    assert "cn" in told
    assert "mail" not in told


def test_what_was_told_is_written_down_by_the_names_of_claims(campus: Campus) -> None:
    app = campus.register(attributes={"cn": "name", "tel": "phone"}, scopes=("openid", "profile", "phone", "school"))
    validate(campus.cas, Question(campus.ticket(), ADDRESS, attributes=True))
    with campus.deployment.reading() as session:
        (row,) = report.of_person(session, campus.person.id)
    assert (row.client_id, row.place, row.claims) == (app, "cas", ("affiliations", "name"))  # no telephone number is known


def test_tickets_are_random_and_of_the_characters_that_clients_know(campus: Campus) -> None:
    # §3.1.1, §3.7
    campus.register()
    tickets = {campus.ticket() for _ in range(5)}
    assert len(tickets) == 5
    assert all(len(ticket) == 32 and ticket.replace("-", "").isalnum() and ticket.isascii() for ticket in tickets)


def test_finished_tickets_requests_and_logins_are_removed(campus: Campus, clock: SettableClock) -> None:
    campus.register()
    validate(campus.cas, Question(campus.ticket(), ADDRESS))
    clock.forward(seconds=61)
    housekeeping.purge(campus.deployment)
    with campus.deployment.reading() as session:
        assert session.scalars(select(CasTicket)).all() == []
        assert len(session.scalars(select(CasLogin)).all()) == 1
    clock.forward(seconds=timedelta(days=2).total_seconds())
    housekeeping.purge(campus.deployment)
    with campus.deployment.reading() as session:
        assert session.scalars(select(CasLogin)).all() == []
