"""Single logout: CAS Protocol 3.0 §2.3, Appendix C. Every app that let somebody in is told, whatever ended the session."""

import base64
import zlib
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, parse_qsl, urlsplit
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from sqlalchemy import select

from idp import housekeeping, session_end
from idp.apps.errors import InvalidRegistration
from idp.deployment import Deployment
from idp.outbox import worker
from idp.outbox.tables import Message
from idp.registry.persons import PersonStatus
from idp.registry.tables import Person
from idp.sso.cas import logout
from idp.sso.cas.server import make_server
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known
from tests.services.receiver import Receiver
from tests.web.cas.conftest import ADDRESS, CasApp, Register
from tests.web.pages import HOST, Browser, Page

INDEX = "{urn:oasis:names:tc:SAML:2.0:protocol}SessionIndex"


@pytest.fixture
def handlers(deployment: Deployment) -> Iterator[dict[str, worker.Handler]]:
    settings = deployment.settings.model_copy(update={"allow_private_fetches": True})
    cas = make_server(replace(deployment, settings=settings))
    yield {logout.KIND: logout.sender(cas)}
    cas.outgoing.close()


@pytest.fixture
def told(register: Register, receiver: Receiver) -> CasApp:
    """An app that listens."""
    return register(addresses=(f"{receiver.url}/app",))


def let_in(browser: Browser, service: CasApp, person: Known) -> str:
    """The app lets the person in by a ticket."""
    ticket = service.ticket(browser, person)
    assert service.validate(ticket).user
    return ticket


def sign_out(browser: Browser) -> Page:
    browser.get("/logout")
    return browser.submit(form=next(form for form in browser.page.forms if form.action.endswith("/logout")))


def indices(receiver: Receiver) -> list[str | None]:
    return [ET.fromstring(parse_qs(body.decode())["logoutRequest"][0]).findtext(INDEX) for _, _, body in receiver.received]


def waiting(deployment: Deployment) -> list[Message]:
    with deployment.reading() as session:
        return list(session.scalars(select(Message)))


def test_each_ticket_that_let_somebody_in_is_named_in_a_logout_request(
    browser: Browser, told: CasApp, person: Known, deployment: Deployment, receiver: Receiver, handlers: dict[str, worker.Handler]
) -> None:
    first, second = let_in(browser, told, person), let_in(browser, told, person)
    told.ticket(browser, person)  # never validated: the app has let nobody in by it
    sign_out(browser)
    assert worker.run_due(deployment, handlers) == 2
    assert sorted(map(str, indices(receiver))) == sorted([first, second])
    path, kind, body = receiver.received[0]
    assert (path, kind) == ("/app", "application/x-www-form-urlencoded")
    document = ET.fromstring(parse_qs(body.decode())["logoutRequest"][0])
    assert document.tag == "{urn:oasis:names:tc:SAML:2.0:protocol}LogoutRequest"
    assert (document.get("Version"), document.get("IssueInstant")) == ("2.0", "2026-09-01T08:00:00Z")
    assert document.findtext("{urn:oasis:names:tc:SAML:2.0:assertion}NameID") == "@NOT_USED@"
    assert waiting(deployment) == []


def test_an_app_is_told_of_sessions_that_end_by_themselves_and_of_people_who_were_disabled(
    browser: Browser,
    app: Flask,
    told: CasApp,
    person: Known,
    deployment: Deployment,
    receiver: Receiver,
    handlers: dict[str, worker.Handler],
    clock: SettableClock,
) -> None:
    let_in(browser, told, person)
    assert housekeeping.end_expired_sessions(deployment, session_end.endings(deployment)) == 0
    clock.forward(seconds=deployment.settings.session_idle)
    assert housekeeping.end_expired_sessions(deployment, session_end.endings(deployment)) == 1
    worker.run_due(deployment, handlers)
    assert len(receiver.received) == 1
    let_in(Browser(app), told, person)
    with deployment.transaction(OPERATOR) as tx:
        tx.session.get_one(Person, person.id).status = PersonStatus.DISABLED.value
    assert housekeeping.end_expired_sessions(deployment, session_end.endings(deployment)) == 1
    worker.run_due(deployment, handlers)
    assert len(receiver.received) == 2


def test_signing_out_there_tells_the_app(
    browser: Browser,
    app: Flask,
    told: CasApp,
    person: Known,
    deployment: Deployment,
    receiver: Receiver,
    handlers: dict[str, worker.Handler],
) -> None:
    let_in(Browser(app), told, person)
    browser.get("/login")
    browser.sign_in(person.number, "violet-tram-93")
    page = browser.get("/me")
    browser.submit(form=next(form for form in page.forms if form.action.endswith("/me/sessions/end") and "sid" not in form.fields))
    worker.run_due(deployment, handlers)
    assert len(receiver.received) == 1


@pytest.mark.parametrize("status", [200, 204, 302])
def test_a_success_or_a_redirect_is_enough(
    browser: Browser,
    told: CasApp,
    person: Known,
    deployment: Deployment,
    receiver: Receiver,
    handlers: dict[str, worker.Handler],
    status: int,
) -> None:
    receiver.status = status
    let_in(browser, told, person)
    sign_out(browser)
    worker.run_due(deployment, handlers)
    assert waiting(deployment) == []


def test_an_app_that_does_not_answer_holds_nobody_up_and_is_told_again(
    browser: Browser,
    told: CasApp,
    person: Known,
    deployment: Deployment,
    receiver: Receiver,
    handlers: dict[str, worker.Handler],
    clock: SettableClock,
) -> None:
    # §2.3.3.1
    receiver.status = 503
    ticket = let_in(browser, told, person)
    assert sign_out(browser).status == 200
    worker.run_due(deployment, handlers)
    receiver.status = 200
    clock.forward(seconds=10)
    worker.run_due(deployment, handlers)
    assert indices(receiver) == [ticket, ticket]
    assert waiting(deployment) == []


def test_what_leaves_a_trace_in_the_outbox_is_no_ticket(
    browser: Browser, told: CasApp, person: Known, deployment: Deployment
) -> None:
    ticket = let_in(browser, told, person)
    sign_out(browser)
    assert not any(ticket in str(message.payload) for message in waiting(deployment))


def test_apps_that_do_not_want_to_be_told_are_not(
    browser: Browser, register: Register, person: Known, deployment: Deployment
) -> None:
    let_in(browser, register(logout="none"), person)
    sign_out(browser)
    assert waiting(deployment) == []


def test_front_channel_shows_the_apps_page_with_the_request_packed(browser: Browser, register: Register, person: Known) -> None:
    ticket = let_in(browser, register(logout="front"), person)
    page = sign_out(browser)
    (url,) = [part.split('"')[0].replace("&amp;", "&") for part in page.text.split('data-src="')[1:]]
    assert url.startswith(f"{ADDRESS}?logoutRequest=")
    query = dict(parse_qsl(urlsplit(url).query))
    assert query["logoutRequest"] == query["SAMLRequest"]
    document = ET.fromstring(zlib.decompress(base64.b64decode(query["logoutRequest"])))
    assert document.findtext(INDEX) == ticket
    assert "frame-src https://jw.example.edu.cn;" in page.headers["Content-Security-Policy"]


def test_another_address_for_sign_outs(
    browser: Browser,
    register: Register,
    person: Known,
    deployment: Deployment,
    receiver: Receiver,
    handlers: dict[str, worker.Handler],
) -> None:
    let_in(browser, register(addresses=(f"{receiver.url}/app",), logout_url=f"{receiver.url}/slo"), person)
    sign_out(browser)
    worker.run_due(deployment, handlers)
    assert receiver.received[0][0] == "/slo"


def test_the_other_address_has_a_host_of_the_app(register: Register) -> None:
    with pytest.raises(InvalidRegistration):
        register(logout_url="https://elsewhere.example/slo")


def test_logout_ends_the_session_and_goes_back_to_a_registered_service(browser: Browser, service: CasApp, person: Known) -> None:
    # §2.3.1, §2.3.2
    let_in(browser, service, person)
    page = browser.get(f"{HOST}/cas/logout?service={ADDRESS}bye")
    assert page.location == f"{ADDRESS}bye"
    assert "password" in browser.get(service.login_url()).form("account").fields


@pytest.mark.parametrize(
    "query", ["service=https://evil.example/", "url=https://evil.example/", "", "service=a&service=b", "service=%ff"]
)
def test_logout_goes_nowhere_else(browser: Browser, service: CasApp, person: Known, query: str) -> None:
    let_in(browser, service, person)
    page = browser.get(f"{HOST}/cas/logout?{query}")
    assert "/signed-out" in page.url
    assert "password" in browser.get(service.login_url()).form("account").fields
