"""What must happen once happens once, on both databases."""

from dataclasses import replace

import pytest

from idp.deployment import Deployment
from idp.sso.cas import sign_in
from idp.sso.cas.errors import InvalidTicket, RequestLost
from idp.sso.cas.proxy import proxy_ticket
from idp.sso.cas.sign_in import Asked
from idp.sso.cas.tickets import GRANTING, Ticket, keep
from idp.sso.cas.validation import Question, validate
from tests.at_once import at_once, refused, succeeded
from tests.people import OPERATOR
from tests.unit.sso.people import ADDRESS, Campus, make_campus


@pytest.fixture
def campus(deployment: Deployment) -> Campus:
    campus = make_campus(deployment)
    campus.register()
    return campus


def test_of_twenty_validations_of_one_ticket_one_holds(campus: Campus) -> None:
    ticket = campus.ticket()
    results = at_once(lambda _: validate(campus.cas, Question(ticket, ADDRESS)))
    assert [validated.user for validated, _ in succeeded(results)] == ["S001"]
    assert refused(results) == {InvalidTicket}


def test_of_twenty_validations_of_one_proxy_ticket_one_holds(campus: Campus) -> None:
    there = campus.signed_in
    granting = Ticket(
        GRANTING,
        campus.register("https://p.cn/"),
        "https://p.cn/",
        there.person_id,
        there.sid,
        False,
        ("https://p.cn/",),
        1,
        ("pwd",),
        there.auth_time,
    )
    with campus.deployment.transaction(OPERATOR) as tx:
        keep(tx, "PGT-1", granting, lifetime=60)
    ticket = proxy_ticket(campus.cas, "PGT-1", ADDRESS, None)
    results = at_once(lambda _: validate(campus.cas, Question(ticket, ADDRESS, proxies=True)))
    assert [validated.proxies for validated, _ in succeeded(results)] == [("https://p.cn/",)]
    assert refused(results) == {InvalidTicket}


def test_of_twenty_answers_to_one_waiting_request_one_is_given(campus: Campus) -> None:
    with campus.deployment.transaction(OPERATOR) as tx:
        waiting = sign_in.keep(tx, Asked(ADDRESS), "browser", signed_in_before=False)

    def answer(_: int) -> bool:
        with campus.deployment.transaction(OPERATOR) as tx:
            sign_in.spend(tx, replace(waiting))
        return True

    results = at_once(answer)
    assert succeeded(results) == [True]
    assert refused(results) == {RequestLost}
