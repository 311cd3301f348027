"""Apps that are not the school's own: people are asked once, in the words of OpenID Connect, and may take it back."""

from datetime import date

import pytest
from flask import Flask

from idp.deployment import Deployment
from tests.people import PASSWORD, Known, make_person
from tests.web.cas.conftest import CasApp, Register, ticket_of
from tests.web.pages import Browser


@pytest.fixture
def stranger(register: Register) -> CasApp:
    """An app of somebody else."""
    return register(trusted=False, attributes={"mail": "email"})


def test_people_are_asked_once_and_in_plain_words(browser: Browser, app: Flask, stranger: CasApp, person: Known) -> None:
    browser.get(stranger.login_url())
    page = browser.sign_in(person.number, PASSWORD)
    assert "电子邮箱" in page.text or "邮箱" in page.text
    assert "手机" not in page.text
    assert stranger.validate(ticket_of(browser.submit(decision="agree"))).user == "S001"
    ticket_of(browser.get(stranger.login_url()))
    other = Browser(app)
    other.get(stranger.login_url())
    ticket_of(other.sign_in(person.number, PASSWORD))


def test_gateway_does_not_ask(browser: Browser, stranger: CasApp, register: Register, person: Known) -> None:
    register(addresses=("https://lib.example.edu.cn/",)).ticket(browser, person, "https://lib.example.edu.cn/")
    assert browser.get(stranger.login_url(gateway="true")).location == stranger.address


def test_who_does_not_agree_is_not_told_of(browser: Browser, stranger: CasApp, person: Known) -> None:
    browser.get(stranger.login_url())
    browser.sign_in(person.number, PASSWORD)
    page = browser.submit(decision="refuse")
    assert (page.status, page.location) == (400, "")


def test_taking_it_back_ends_the_tickets_and_asks_again(browser: Browser, stranger: CasApp, person: Known) -> None:
    given = stranger.ticket(browser, person)
    page = browser.get("/me")
    browser.submit(form=page.form("app"), app=stranger.id)
    assert stranger.validate(given).failure == "INVALID_TICKET"
    page = browser.get(stranger.login_url())
    assert any("decision" in dict(form.buttons) for form in page.forms)


def test_what_was_told_stands_in_my_own_record(browser: Browser, stranger: CasApp, person: Known) -> None:
    stranger.validate(stranger.ticket(browser, person), "p3/serviceValidate")
    assert "教务系统" in browser.get("/me/releases").text


def test_a_user_name_that_is_the_person_number_is_always_asked_about(browser: Browser, register: Register, person: Known) -> None:
    number = register(user="person_number", scopes=("openid", "person_number"))
    browser.get(number.login_url())
    page = browser.sign_in(person.number, PASSWORD)
    assert any("decision" in dict(form.buttons) for form in page.forms)
    assert number.validate(ticket_of(browser.submit(decision="agree"))).user == person.number


def test_the_pairwise_name_says_nothing_and_is_another_in_every_app(browser: Browser, register: Register, person: Known) -> None:
    one, two = register(user="pairwise"), register(user="pairwise", addresses=("https://lib.example.edu.cn/",))
    names = {app.validate(app.ticket(browser, person)).user for app in (one, two)}
    assert len(names) == 2
    assert not names & {"S001", person.number, None}


def test_a_childs_email_address_is_not_its_user_name(
    browser: Browser, register: Register, deployment: Deployment, school: str
) -> None:
    child = make_person(deployment, school, name="小明", document="CHILD1", email="c@example.edu.cn", born=date(2016, 1, 1))
    service = register(user="email")
    browser.get(service.login_url())
    assert browser.sign_in(child.number, PASSWORD).status == 400
