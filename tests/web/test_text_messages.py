"""The code by text message: for this browser, this number and this purpose, once, never alone, and never for administrators."""

import dataclasses
import re

import pytest
from flask import Flask
from sqlalchemy import select

from idp.app import create_app
from idp.deployment import Deployment
from idp.login.tables import BrowserSession
from idp.mfa import credentials
from idp.mfa.policy import kinds_of
from idp.mfa.tables import Challenge, Credential
from idp.outbox import worker
from idp.policy import store
from idp.policy.document import read
from idp.registry import affiliations
from idp.registry.affiliations import Role
from idp.registry.tables import Person
from idp.sms import delivery, queue
from idp.sms.errors import NumberRefused
from idp.sms.provider import Accepted, TextMessage
from idp.sms.work import Work
from tests import factors
from tests.at_once import at_once
from tests.clocks import SettableClock
from tests.people import OPERATOR, PASSWORD, Known, make_person
from tests.services.puzzle import solved
from tests.web.conftest import Phone, give_totp
from tests.web.pages import Browser, Form, Page
from tests.web.relying_party import register_app

NUMBER = "13912345678"


class Inbox:
    """The person's phone: shows the code of the last message that the outbox sends it."""

    name = "smpp"

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self.messages: list[TextMessage] = []
        self.refuses = False

    def send(self, message: TextMessage) -> Accepted:
        if self.refuses:
            raise NumberRefused
        self.messages.append(message)
        return Accepted((str(message.reference),))

    def close(self) -> None: ...

    def open(self) -> None:
        """Has what is due delivered."""
        worker.run_due(self._deployment, {queue.KIND: delivery.sender(self._deployment, [self])})

    def code(self) -> str:
        self.open()
        return self.messages[-1].values["code"]


@pytest.fixture
def sending(deployment: Deployment) -> Deployment:
    """The installation where messages can be sent."""
    return dataclasses.replace(deployment, settings=deployment.settings.model_copy(update={"sms_providers": "smpp"}))


@pytest.fixture
def app(sending: Deployment) -> Flask:
    return create_app(sending)


@pytest.fixture
def inbox(sending: Deployment) -> Inbox:
    return Inbox(sending)


@pytest.fixture
def numbered(sending: Deployment, person: Known, inbox: Inbox, clock: SettableClock) -> Known:
    """The person with a number proven beside an authenticator app, long enough ago for another message."""
    give_totp(sending, person, clock)
    give_number(sending, person, inbox)
    clock.forward(hours=2)
    return person


def give_number(sending: Deployment, person: Known, inbox: Inbox) -> None:
    with sending.transaction(OPERATOR) as tx:
        factors.begin(sending, tx, person, "sms", phone=NUMBER)
    code = inbox.code()
    with sending.transaction(OPERATOR) as tx:
        challenge = tx.session.scalars(select(Challenge)).one()
        site, row = factors.site_of(sending), tx.session.get_one(Person, person.id)
        factors.enrolment.confirm(tx, site, row, "sms", {"code": code}, occasion=factors.ENROLLING, challenge_id=challenge.id)


def signed_in(browser: Browser, person: Known, phone: Phone) -> None:
    """Signs in with the password and the authenticator app."""
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    browser.submit(code=phone.code())


def to_the_code(browser: Browser, person: Known, *, again: bool = False) -> Page:
    """Signs in with the password and has a message sent; ``again``: so soon after another one that the browser works for it."""
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    return ask_again(browser) if again else browser.submit(form=ask_form(browser))


def ask_again(browser: Browser) -> Page:
    """Has another message sent, with the work that the page asks for."""
    return browser.submit(form=ask_form(browser), work=solved(work_of(browser.page)))


def ask_form(browser: Browser) -> Form:
    return next(form for form in browser.page.forms if form.action.startswith("/login/challenge"))


def work_of(page: Page) -> Work:
    seed, bits = re.findall('data-seed="([0-9a-f]{32})" data-bits="([0-9]+)"', page.text)[0]
    return Work(seed, int(bits))


def test_a_code_is_sent_when_asked_for_and_signs_in_once(browser: Browser, numbered: Known, inbox: Inbox) -> None:
    before = len(inbox.messages)
    browser.get("/login")
    page = browser.sign_in(numbered.number, PASSWORD)
    inbox.open()
    assert len(inbox.messages) == before
    assert "yima_session" not in browser.cookies()
    page = browser.submit(form=ask_form(browser))
    assert "139****5678" in page.text
    assert NUMBER not in page.text
    assert 'autocomplete="one-time-code"' in page.text
    assert "林小雨" in browser.submit(code=inbox.code()).text


def test_the_page_says_that_it_is_the_weaker_way(english: Browser, numbered: Known) -> None:
    english.get("/login")
    assert "weaker way" in english.sign_in(numbered.number, PASSWORD).text


def test_the_message_names_school_app_and_host(browser: Browser, numbered: Known, inbox: Inbox) -> None:
    to_the_code(browser, numbered)
    code = inbox.code()
    text = inbox.messages[-1].text
    assert text.startswith("【")
    assert text.endswith(f"\n\n@localhost #{code}")
    assert re.fullmatch("[0-9]{6}", code)


@pytest.mark.parametrize("wrong", ["", "12345", "1234567", "abcdef", "１２３４５６", "-12345"])
def test_what_is_not_the_code_is_refused(browser: Browser, numbered: Known, inbox: Inbox, wrong: str) -> None:
    to_the_code(browser, numbered)
    code = inbox.code()
    assert browser.submit(code=wrong).status == 422
    assert "林小雨" in browser.submit(code=code).text


def test_five_wrong_codes_end_the_challenge_and_the_right_one_comes_too_late(
    browser: Browser, numbered: Known, inbox: Inbox, clock: SettableClock
) -> None:
    to_the_code(browser, numbered)
    code, form = inbox.code(), browser.page.form("code")
    for _ in range(5):
        browser.submit(form=form, code="000000" if code != "000000" else "111111")
    clock.forward(minutes=1)
    browser.submit(form=form, code=code)
    assert "yima_session" not in browser.cookies()


def test_a_code_older_than_five_minutes_is_refused(browser: Browser, numbered: Known, inbox: Inbox, clock: SettableClock) -> None:
    to_the_code(browser, numbered)
    code, form = inbox.code(), browser.page.form("code")
    clock.forward(minutes=5, seconds=1)
    browser.submit(form=form, code=code)
    assert "yima_session" not in browser.cookies()


def test_another_message_waits_a_minute_and_then_ends_the_code_before(
    browser: Browser, numbered: Known, inbox: Inbox, clock: SettableClock
) -> None:
    to_the_code(browser, numbered)
    first, old = inbox.code(), browser.page.form("code")
    assert ask_again(browser).status == 422
    clock.forward(minutes=1)
    ask_again(browser)
    second = inbox.code()
    assert browser.submit(form=old, code=first).status == 422
    assert "yima_session" not in browser.cookies()
    browser.get(f"/login?flow={old.fields['flow']}&kind=sms")
    assert "林小雨" in browser.submit(code=second).text


def test_another_message_so_soon_without_work_is_not_sent_and_after_twenty_minutes_it_is(
    english: Browser, numbered: Known, inbox: Inbox, clock: SettableClock
) -> None:
    to_the_code(english, numbered)
    inbox.open()
    sent = len(inbox.messages)
    clock.forward(minutes=1)
    for brought in ("", "1", "x" * 2000):
        page = english.submit(form=ask_form(english), work=brought)
        assert page.status == 422
        assert "wait 19 minutes" in page.text
    inbox.open()
    assert len(inbox.messages) == sent
    clock.forward(minutes=19)
    english.submit(form=ask_form(english))
    inbox.open()
    assert len(inbox.messages) == sent + 1


def test_adding_a_number_that_was_just_sent_a_message_takes_work_whoever_caused_it(
    app: Flask, numbered: Known, sending: Deployment, school: str, inbox: Inbox, clock: SettableClock
) -> None:
    to_the_code(Browser(app), numbered)
    clock.forward(minutes=1)
    other, browser = make_person(sending, school, name="王小明", document="DEMO99999", phone="13700000000"), Browser(app)
    signed_in(browser, other, give_totp(sending, other, clock))
    browser.get("/me/factors/sms")
    assert browser.submit(phone=NUMBER).status == 422
    assert browser.submit(phone=NUMBER, work=solved(work_of(browser.page))).status == 200
    inbox.open()
    assert len(inbox.messages) == 3


def test_a_code_works_in_the_browser_that_asked_for_it_and_in_no_other(
    app: Flask, numbered: Known, inbox: Inbox, clock: SettableClock
) -> None:
    mine, other = Browser(app), Browser(app)
    to_the_code(mine, numbered)
    code = inbox.code()
    clock.forward(minutes=1)
    to_the_code(other, numbered, again=True)
    inbox.open()
    form = other.page.form("code")
    stolen = {**form.fields, "challenge": mine.page.form("code").fields["challenge"], "code": code}
    assert "yima_session" not in other.cookies()
    assert other.post("/login/factor", stolen).status == 422
    assert "yima_session" not in other.cookies()
    assert "林小雨" in mine.submit(code=code).text


def test_one_code_sent_twenty_times_at_once_opens_one_session(
    app: Flask, numbered: Known, inbox: Inbox, sending: Deployment
) -> None:
    browser = Browser(app)
    to_the_code(browser, numbered)
    code, form = inbox.code(), browser.page.form("code")
    twins = [Browser(app) for _ in range(20)]
    for twin in twins:
        for name, value in browser.cookies().items():
            twin.client.set_cookie(name, value)
    at_once(lambda number: twins[number].submit(form=form, code=code))
    with sending.reading() as session:
        assert len(session.scalars(select(BrowserSession)).all()) == 1


def test_a_message_that_does_not_go_out_is_said_on_the_page(english: Browser, numbered: Known, inbox: Inbox) -> None:
    to_the_code(english, numbered)
    inbox.refuses = True
    inbox.open()
    assert "could not be sent" in english.get(english.page.url).text


def test_a_number_is_added_by_proving_it(browser: Browser, person: Known, phone: Phone, inbox: Inbox, sending: Deployment) -> None:
    signed_in(browser, person, phone)
    assert "139****5678" not in browser.get("/me/factors/sms").text
    page = browser.submit(phone=NUMBER)
    assert "139****5678" in page.text
    assert browser.submit(code="12345").status == 422
    browser.submit(code=inbox.code())
    with sending.reading() as session:
        row = session.scalars(select(Credential).where(Credential.kind == "sms")).one()
        assert (row.state, row.label) == ("active", "139****5678")
        assert NUMBER not in str(vars(row))


@pytest.mark.parametrize("typed", ["", "12345", "+12025550123", "+85298765432", "１３９", "139123456789"])
def test_what_is_no_mainland_number_is_refused(browser: Browser, person: Known, phone: Phone, inbox: Inbox, typed: str) -> None:
    signed_in(browser, person, phone)
    browser.get("/me/factors/sms")
    assert browser.submit(phone=typed).status == 422
    inbox.open()
    assert inbox.messages == []


def test_a_number_that_somebody_else_has_is_answered_alike(
    app: Flask, numbered: Known, sending: Deployment, school: str, inbox: Inbox, clock: SettableClock
) -> None:
    other, browser = make_person(sending, school, name="王小明", document="DEMO99999", phone="13700000000"), Browser(app)
    signed_in(browser, other, give_totp(sending, other, clock))
    browser.get("/me/factors/sms")
    taken = browser.submit(phone=NUMBER)
    assert taken.status == 200
    assert "139****5678" in taken.text


@pytest.mark.parametrize("role", [Role.SCHOOL_ADMIN, Role.REGION_ADMIN])
def test_an_administrator_cannot_add_a_number_nor_use_one_added_before(
    app: Flask, sending: Deployment, school: str, numbered: Known, inbox: Inbox, clock: SettableClock, role: Role
) -> None:
    with sending.transaction(OPERATOR) as tx:
        affiliations.add(tx, tx.session.get_one(Person, numbered.id), school, role)
    browser, before = Browser(app), len(inbox.messages)
    browser.get("/login")
    page = browser.sign_in(numbered.number, PASSWORD)
    assert "139****5678" not in page.text
    fields = page.form("code").fields
    with sending.reading() as session:
        number = session.scalars(select(Credential.id).where(Credential.kind == "sms")).one()
    browser.post("/login/challenge", {**fields, "kind": "sms", "credential": str(number)})
    inbox.open()
    assert len(inbox.messages) == before
    admin = make_person(sending, school, name="赵主任", document="DEMO77777", role=role)
    phone, there = give_totp(sending, admin, clock), Browser(app)
    signed_in(there, admin, phone)
    there.submit(when="later")
    assert there.get("/me/factors/sms").status >= 400


def test_a_number_is_not_taken_as_the_only_second_factor(browser: Browser, person: Known, inbox: Inbox) -> None:
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    assert "/me/factors/sms" not in browser.get("/me").text
    assert browser.get("/me/factors/sms").status >= 400


def test_in_the_day_after_a_number_was_added_messages_can_be_left_aside(
    app: Flask, numbered: Known, sending: Deployment, clock: SettableClock
) -> None:
    policy = read({"risk": {"number_changed": {"mode": "enforce", "roles": ["student"]}}})
    with sending.transaction(OPERATOR) as tx:
        store.apply(tx, policy, kinds_of(factors.site_of(sending)))
    for hours, asked in ((0, False), (22, True)):
        clock.forward(hours=hours)
        browser = Browser(app)
        browser.get("/login")
        assert ("139****5678" in browser.sign_in(numbered.number, PASSWORD).text) is asked


def test_a_number_left_alone_is_still_asked_for_but_lifts_nothing(
    app: Flask, browser: Browser, numbered: Known, inbox: Inbox, sending: Deployment, school: str
) -> None:
    with sending.transaction(OPERATOR) as tx:
        better = tx.session.scalars(select(Credential).where(Credential.kind == "totp")).one()
        credentials.remove(tx, tx.session.get_one(Person, numbered.id), better.id)
    strict = register_app(app, sending, school, required_level=2, trusted=True)
    browser.get(strict.authorize_url())
    browser.sign_in(numbered.number, PASSWORD)
    browser.submit(form=ask_form(browser))
    page = browser.submit(code=inbox.code())
    assert "/login/enrol" in page.text
    assert "yima_session" not in browser.cookies()


def test_without_a_provider_nobody_is_offered_messages(deployment: Deployment, person: Known) -> None:
    browser = Browser(create_app(deployment))
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    assert "/me/factors/sms" not in browser.get("/me").text
    assert browser.get("/me/factors/sms").status >= 400


def test_the_token_says_sms_and_level_two(browser: Browser, numbered: Known, inbox: Inbox, sending: Deployment) -> None:
    to_the_code(browser, numbered)
    browser.submit(code=inbox.code())
    with sending.reading() as session:
        row = session.scalars(select(BrowserSession)).one()
    assert (row.level, set(row.methods)) == (2, {"pwd", "sms"})
