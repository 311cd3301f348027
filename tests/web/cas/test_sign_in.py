"""``/login`` of the CAS server: what it asks, whom it sends where, and what it never does (CAS Protocol 3.0 §2.1, §2.2)."""

import pytest
from flask import Flask

from idp.apps import register as apps
from idp.apps.audience import Audience, set_audience
from idp.deployment import Deployment
from tests.clocks import SettableClock
from tests.people import OPERATOR, PASSWORD, Known, make_person
from tests.web.cas.conftest import ADDRESS, CasApp, Register, register_cas_app, ticket_of
from tests.web.conftest import Phone, app_with, give_totp
from tests.web.pages import HOST, Browser


def test_somebody_signs_in_and_the_app_learns_the_student_number(browser: Browser, service: CasApp, person: Known) -> None:
    ticket = service.ticket(browser, person)
    assert ticket.startswith("ST-")
    assert len(ticket) == 32
    assert service.validate(ticket).user == "S001"


def test_the_second_app_asks_nobody_again(browser: Browser, service: CasApp, register: Register, person: Known) -> None:
    other = register(name="图书馆", addresses=("https://lib.example.edu.cn/",))
    service.ticket(browser, person)
    page = browser.get(other.login_url())
    assert other.validate(ticket_of(page, other.address)).user == "S001"


def test_what_the_service_says_after_its_path_comes_back_as_it_was(browser: Browser, service: CasApp, person: Known) -> None:
    address = f"{ADDRESS}course?id=7&q=中 文".replace(" ", "+")
    ticket = service.ticket(browser, person, address.split("中")[0])
    page = browser.get(service.login_url(address))
    assert page.location.startswith(f"{ADDRESS}course?id=7&q=%E4%B8%AD+%E6%96%87&ticket=ST-")
    assert service.validate(ticket, service=address.split("中")[0]).user == "S001"
    assert service.validate(page.query["ticket"], service=address).user == "S001"


@pytest.mark.parametrize(
    "address",
    [
        "https://jw.example.edu.cn.evil.example/app/",
        "https://jw.example.edu.cn/apple",
        "https://jw.example.edu.cn/app/../admin",
        "https://jw.example.edu.cn/app/%2e%2e/admin",
        "https://jw.example.edu.cn@evil.example/app/",
        "https://jw.example.edu.cn:8443/app/",
        "https://jw.example.edu.cn/app/#x",
        "https:\\\\evil.example/app/",
        "//jw.example.edu.cn/app/",
        "http://jw.example.edu.cn/app/",
        "javascript:alert(1)",
        "https://evil.example/?https://jw.example.edu.cn/app/",
    ],
)
def test_nobody_is_sent_where_nobody_is_registered(browser: Browser, service: CasApp, person: Known, address: str) -> None:
    service.ticket(browser, person)
    for more in ({}, {"gateway": "true"}, {"method": "POST"}):
        page = browser.get(service.login_url(address, **more))
        assert (page.status, page.location, page.forms[1:]) == (400, "", [])


def test_a_parameter_that_comes_twice_is_refused(browser: Browser, service: CasApp) -> None:
    page = browser.get(service.login_url() + "&service=https%3A%2F%2Fevil.example%2F")
    assert (page.status, page.location) == (400, "")


def test_without_a_service_one_is_told_that_one_is_signed_in(browser: Browser, service: CasApp, person: Known) -> None:
    browser.get(f"{HOST}/cas/login")
    page = browser.sign_in(person.number, PASSWORD)
    assert page.url.endswith("/me")
    assert browser.get(f"{HOST}/cas/login").url.endswith("/me")


def test_renew_asks_again_and_a_ticket_says_whether_it_did(
    browser: Browser, service: CasApp, person: Known, clock: SettableClock
) -> None:
    first = service.ticket(browser, person)
    assert service.validate(first, renew="true").user == "S001"
    clock.forward(seconds=1)
    again = service.ticket(browser, person)
    assert service.validate(again, renew="true").failure == "INVALID_TICKET"
    page = browser.get(service.login_url(renew="true"))
    assert "password" in page.form("account").fields
    clock.forward(seconds=1)
    renewed = ticket_of(browser.sign_in(person.number, PASSWORD))
    assert service.validate(renewed, renew="true").user == "S001"


def test_gateway_asks_nobody_anything(browser: Browser, service: CasApp, person: Known) -> None:
    page = browser.get(service.login_url(gateway="true"))
    assert (page.status, page.location) == (303, ADDRESS)
    service.ticket(browser, person)
    assert service.validate(ticket_of(browser.get(service.login_url(gateway="true")))).user == "S001"


def test_renew_wins_over_gateway(browser: Browser, service: CasApp, person: Known) -> None:
    service.ticket(browser, person)
    page = browser.get(service.login_url(gateway="true", renew="true"))
    assert "password" in page.form("account").fields


def test_by_post_the_ticket_is_in_a_form_that_goes_to_the_service(browser: Browser, service: CasApp, person: Known) -> None:
    service.ticket(browser, person)
    page = browser.get(service.login_url(method="POST"))
    form = page.form("ticket")
    assert (form.action, form.method) == (ADDRESS, "post")
    assert "form-action 'self' https://jw.example.edu.cn;" in page.headers["Content-Security-Policy"]
    assert service.validate(form.fields["ticket"]).user == "S001"


def test_an_app_may_send_the_browser_by_a_form_of_its_own(browser: Browser, service: CasApp, person: Known) -> None:
    browser.post(f"{HOST}/cas/login", {"service": ADDRESS})
    assert service.validate(ticket_of(browser.sign_in(person.number, PASSWORD))).user == "S001"


@pytest.mark.parametrize("method", ["HEADER", "PUT", "x"])
def test_other_methods_are_refused(browser: Browser, service: CasApp, method: str) -> None:
    assert browser.get(service.login_url(method=method)).status == 400


def test_an_old_saml_client_names_it_target_and_reads_samlart(browser: Browser, service: CasApp, person: Known) -> None:
    service.ticket(browser, person)
    page = browser.get(f"{HOST}/cas/login?TARGET={ADDRESS}")
    assert service.validate(page.query["SAMLart"]).user == "S001"
    assert "ticket" not in page.query


def test_every_prefix_answers_and_no_other(deployment: Deployment, person: Known, school: str) -> None:
    app = app_with(deployment, cas_prefixes="/cas,/authserver")
    old = register_cas_app(app, deployment, school)
    old.prefix = "/authserver"
    assert old.validate(old.ticket(Browser(app), person)).user == "S001"
    old.prefix = "/sso"
    assert Browser(app).get(old.login_url()).status == 404
    assert app_with(deployment, cas_prefixes="").test_client().get("/cas/login", base_url=HOST).status_code == 404


def test_an_app_that_needs_a_second_factor_gets_it(browser: Browser, register: Register, person: Known, phone: Phone) -> None:
    strict = register(required_level=2, attributes={"acr": "acr"})
    browser.get(strict.login_url())
    browser.sign_in(person.number, PASSWORD)
    ticket = ticket_of(browser.submit(code=phone.code()))
    assert strict.validate(ticket, "p3/serviceValidate").attributes["acr"] == ["urn:yima:acr:2"]


def test_gateway_gives_no_ticket_for_a_session_that_is_too_weak(browser: Browser, register: Register, person: Known) -> None:
    plain, strict = register(), register(addresses=("https://pay.example.edu.cn/",), required_level=2)
    plain.ticket(browser, person)
    assert browser.get(strict.login_url(gateway="true")).location == strict.address


def test_a_second_factor_added_to_a_session_is_no_new_login(
    browser: Browser, register: Register, deployment: Deployment, person: Known, clock: SettableClock
) -> None:
    plain, strict = register(), register(addresses=("https://pay.example.edu.cn/",), required_level=2)
    plain.ticket(browser, person)
    phone = give_totp(deployment, person, clock)
    browser.get(strict.login_url())
    ticket = ticket_of(browser.submit(code=phone.code()), strict.address)
    assert strict.validate(ticket, renew="true").failure == "INVALID_TICKET"


def test_who_has_no_number_in_that_school_is_told_so_and_the_app_nothing(
    browser: Browser, service: CasApp, deployment: Deployment, school: str
) -> None:
    teacher = make_person(deployment, school, name="王建国", document="OTHER1")
    browser.get(service.login_url())
    page = browser.sign_in(teacher.number, PASSWORD)
    assert (page.status, page.location) == (400, "")
    assert "教务系统" in page.text


def test_an_app_that_was_switched_off_is_not_signed_in_to(deployment: Deployment, school: str, person: Known) -> None:
    app = app_with(deployment, client_cache=0)
    service = register_cas_app(app, deployment, school)
    browser = Browser(app)
    given = service.ticket(browser, person)
    with deployment.transaction(OPERATOR) as tx:
        apps.suspend(tx, service.id)
    assert browser.get(service.login_url()).status == 400
    assert service.validate(given).failure == "INVALID_SERVICE"


def test_giving_up_tells_the_app_nothing_and_the_person_what_happened(browser: Browser, service: CasApp) -> None:
    page = browser.get(service.login_url())
    page = browser.submit(form=next(form for form in page.forms if form.action.endswith("/login/cancel")))
    assert (page.status, page.location) == (400, "")


def test_a_waiting_request_is_one_browsers_and_is_answered_once(
    app: Flask, browser: Browser, service: CasApp, person: Known
) -> None:
    browser.get(service.login_url())
    page = browser.sign_in(person.number, PASSWORD)
    assert ticket_of(page)
    assert page.url.startswith("/cas/resume?request=")
    assert browser.get(page.url).status == 400
    assert Browser(app).get(page.url).status == 400


def test_an_app_that_is_for_others_says_so_and_learns_nothing(
    browser: Browser, deployment: Deployment, school: str, person: Known
) -> None:
    app = app_with(deployment, client_cache=0)
    service = register_cas_app(app, deployment, school)
    browser = Browser(app)
    given = service.ticket(browser, person)
    assert service.address in browser.get("/").text  # the start page opens it
    with deployment.transaction(OPERATOR) as tx:
        set_audience(tx, service.id, Audience(roles={"teacher"}))
    assert service.validate(given).failure == "INVALID_TICKET"
    page = browser.get(service.login_url())
    assert (page.status, page.location) == (400, "")
    assert browser.get(service.login_url(gateway="true")).location == service.address
    assert service.address not in browser.get("/").text
