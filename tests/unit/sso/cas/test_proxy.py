"""Proxy-granting tickets and proxy tickets: CAS Protocol 3.0 §2.5.4, §2.6, §2.7, §3.2 to §3.4."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from idp.apps import register
from idp.login import sessions
from idp.sso.cas.errors import (
    InvalidProxyCallback,
    InvalidTicket,
    InvalidTicketSpec,
    UnauthorizedService,
    UnauthorizedServiceProxy,
)
from idp.sso.cas.proxy import proxy_ticket
from idp.sso.cas.tickets import end_with_session
from idp.sso.cas.validation import Question, validate
from tests.clocks import SettableClock
from tests.people import OPERATOR
from tests.services.receiver import Receiver, receiving
from tests.unit.sso.people import ADDRESS, Campus

BACK_END = "https://mail.example.edu.cn/imap/"


@pytest.fixture
def portal() -> Iterator[Receiver]:
    """The app that works for people at other apps: it takes its tickets at ``/pgt``."""
    with receiving() as receiver:
        receiver.documents["/pgt"] = b""
        yield receiver


@pytest.fixture
def granted(campus: Campus, portal: Receiver) -> str:
    """A proxy-granting ticket of the portal."""
    campus.register(proxy_callbacks=(f"{portal.url}/pgt",))
    return grant(campus, portal)


def grant(campus: Campus, portal: Receiver, callback: str = "/pgt") -> str:
    question = Question(campus.ticket(), ADDRESS, pgt_url=portal.url + callback)
    iou = validate(campus.cas, question)[0].iou
    handed = parse_qs(urlsplit(portal.fetched[-1]).query)
    assert handed["pgtIou"] == [iou]
    assert handed["pgtId"][0].startswith("PGT-")
    return handed["pgtId"][0]


def test_the_ticket_goes_to_the_callback_and_the_answer_names_it_by_its_iou(campus: Campus, granted: str) -> None:
    assert len(granted) <= 64  # §3.3.1


def test_what_the_callback_address_says_is_kept(campus: Campus, portal: Receiver) -> None:
    campus.register(proxy_callbacks=(f"{portal.url}/pgt",))
    grant(campus, portal, "/pgt?tenant=7")
    assert portal.fetched[-1].startswith("/pgt?tenant=7&pgtId=PGT-")


def test_a_proxy_ticket_names_whom_it_came_through(campus: Campus, portal: Receiver, granted: str) -> None:
    campus.register(BACK_END)
    ticket = proxy_ticket(campus.cas, granted, BACK_END, None)
    assert ticket.startswith("PT-")
    validated, _ = validate(campus.cas, Question(ticket, BACK_END, proxies=True))
    assert (validated.user, validated.proxies) == ("S001", (f"{portal.url}/pgt",))


def test_a_chain_names_the_latest_first(campus: Campus, portal: Receiver, granted: str) -> None:
    # §2.6.2
    portal.documents["/second"] = b""
    campus.register(BACK_END, proxy_callbacks=(f"{portal.url}/second",))
    campus.register("https://third.example.edu.cn/")
    question = Question(proxy_ticket(campus.cas, granted, BACK_END, None), BACK_END, pgt_url=f"{portal.url}/second", proxies=True)
    validate(campus.cas, question)
    second = parse_qs(urlsplit(portal.fetched[-1]).query)["pgtId"][0]
    ticket = proxy_ticket(campus.cas, second, "https://third.example.edu.cn/", None)
    validated, _ = validate(campus.cas, Question(ticket, "https://third.example.edu.cn/", proxies=True))
    assert validated.proxies == (f"{portal.url}/second", f"{portal.url}/pgt")


def test_a_proxy_ticket_is_no_service_ticket_and_is_void_when_taken_for_one(campus: Campus, granted: str) -> None:
    # §2.4, §2.5
    campus.register(BACK_END)
    ticket = proxy_ticket(campus.cas, granted, BACK_END, None)
    with pytest.raises(InvalidTicketSpec):
        validate(campus.cas, Question(ticket, BACK_END))
    with pytest.raises(InvalidTicket):
        validate(campus.cas, Question(ticket, BACK_END, proxies=True))


def test_a_granting_ticket_is_no_ticket_to_an_app(campus: Campus, granted: str) -> None:
    with pytest.raises(InvalidTicket):
        validate(campus.cas, Question(granted, ADDRESS, proxies=True))


def test_a_granting_ticket_works_more_than_once_until_the_session_ends(campus: Campus, granted: str) -> None:
    # §3.3.1
    campus.register(BACK_END)
    assert proxy_ticket(campus.cas, granted, BACK_END, None) != proxy_ticket(campus.cas, granted, BACK_END, None)
    with campus.deployment.transaction(OPERATOR) as tx:
        sessions.end(tx, campus.person.id, campus.signed_in.sid, (end_with_session,))
    with pytest.raises(InvalidTicket):
        proxy_ticket(campus.cas, granted, BACK_END, None)


def test_a_granting_ticket_ends_when_nobody_uses_the_session(campus: Campus, granted: str, clock: SettableClock) -> None:
    campus.register(BACK_END)
    clock.forward(seconds=campus.deployment.settings.session_idle)
    with pytest.raises(InvalidTicket):
        proxy_ticket(campus.cas, granted, BACK_END, None)


@pytest.mark.parametrize("callback", ["/elsewhere", "/pgtx", "/pgt/../x", "/pgt#x", ""])
def test_only_a_registered_callback_is_called(campus: Campus, portal: Receiver, callback: str) -> None:
    campus.register(proxy_callbacks=(f"{portal.url}/pgt",))
    ticket = campus.ticket()
    with pytest.raises(UnauthorizedServiceProxy):
        validate(campus.cas, Question(ticket, ADDRESS, pgt_url=portal.url + callback))
    assert portal.fetched == []
    with pytest.raises(InvalidTicket):
        validate(campus.cas, Question(ticket, ADDRESS))


@pytest.mark.parametrize("status", [204, 301, 404, 500])
def test_a_callback_that_does_not_say_200_gets_nothing_and_the_validation_fails(
    campus: Campus, portal: Receiver, status: int
) -> None:
    # §2.5.4 step 3
    campus.register(proxy_callbacks=(f"{portal.url}/pgt",))
    portal.status = status
    with pytest.raises(InvalidProxyCallback):
        validate(campus.cas, Question(campus.ticket(), ADDRESS, pgt_url=f"{portal.url}/pgt"))
    handed = parse_qs(urlsplit(portal.fetched[-1]).query)["pgtId"][0]
    with pytest.raises(InvalidTicket):
        proxy_ticket(campus.cas, handed, ADDRESS, None)


def test_a_callback_that_nobody_answers_fails(campus: Campus) -> None:
    with receiving() as gone:
        url = f"{gone.url}/pgt"
    campus.register(proxy_callbacks=(url,))
    with pytest.raises(InvalidProxyCallback):
        validate(campus.cas, Question(campus.ticket(), ADDRESS, pgt_url=url))


def test_apps_that_nobody_registered_cannot_be_had_by_proxy(campus: Campus, granted: str) -> None:
    for target in (BACK_END, "imap.example.edu.cn", "", "https://jw.example.edu.cn.evil.example/app/"):
        with pytest.raises(UnauthorizedService):
            proxy_ticket(campus.cas, granted, target, None)


def test_an_app_that_needs_a_higher_level_cannot_be_had_by_proxy(campus: Campus, granted: str) -> None:
    campus.register(BACK_END, required_level=2)
    with pytest.raises(UnauthorizedService):
        proxy_ticket(campus.cas, granted, BACK_END, None)


def test_an_app_that_the_person_has_not_agreed_to_cannot_be_had_by_proxy(campus: Campus, granted: str) -> None:
    campus.register(BACK_END, trusted=False)
    with pytest.raises(UnauthorizedService):
        proxy_ticket(campus.cas, granted, BACK_END, None)


def test_a_portal_that_was_switched_off_gets_no_proxy_ticket(campus: Campus, portal: Receiver) -> None:
    app = campus.register(proxy_callbacks=(f"{portal.url}/pgt",))
    campus.register(BACK_END)
    granted = grant(campus, portal)
    with campus.deployment.transaction(OPERATOR) as tx:
        register.suspend(tx, app)
    with pytest.raises(UnauthorizedService):
        proxy_ticket(campus.cas, granted, BACK_END, None)
