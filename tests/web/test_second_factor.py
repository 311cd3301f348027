"""The second step: one code, once, and a wait after too many wrong ones."""

import pytest
from flask import Flask
from sqlalchemy import select

from idp.deployment import Deployment
from idp.login.tables import BrowserSession
from tests.at_once import at_once
from tests.people import PASSWORD, Known
from tests.web.conftest import Phone
from tests.web.pages import Browser


def test_with_an_authenticator_app_the_code_is_asked_for_and_works_once(browser: Browser, person: Known, phone: Phone) -> None:
    browser.get("/login")
    page = browser.sign_in(person.number, PASSWORD)
    assert "yima_session" not in browser.cookies()
    assert "第二步" in page.text
    page = browser.submit(code=phone.code())
    assert "林小雨" in page.text


@pytest.mark.parametrize("wrong", ["", "12345", "1234567", "abcdef", "１２３４５６", "12 34", "-12345"])
def test_what_is_not_the_code_is_refused(browser: Browser, person: Known, phone: Phone, wrong: str) -> None:
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    assert browser.submit(code=wrong).status == 422
    assert "林小雨" in browser.submit(code=phone.code()).text


def test_a_code_that_was_used_or_is_old_is_refused(app: Flask, browser: Browser, person: Known, phone: Phone) -> None:
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    browser.submit(code=phone.code())
    other = Browser(app)
    other.get("/login")
    other.sign_in(person.number, PASSWORD)
    used = phone.code()
    assert other.submit(code=used).status == 422
    phone.clock.forward(minutes=20)
    assert other.submit(code=used).status == 422
    assert "林小雨" in other.submit(code=phone.code()).text


def test_one_code_sent_twenty_times_at_once_opens_one_session(
    app: Flask, person: Known, phone: Phone, deployment: Deployment
) -> None:
    browsers = [Browser(app, address=f"10.0.0.{number}") for number in range(20)]
    for browser in browsers:
        browser.get("/login")
        browser.sign_in(person.number, PASSWORD)
    code = phone.code()
    at_once(lambda number: browsers[number].submit(code=code))
    assert sum("yima_session" in browser.cookies() for browser in browsers) == 1
    with deployment.reading() as session:
        assert len(session.scalars(select(BrowserSession)).all()) == 1


def test_the_code_of_the_next_step_is_taken_within_the_drift_window_and_one_far_off_is_not(
    browser: Browser, person: Known, phone: Phone
) -> None:
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    assert browser.submit(code=phone.code(5)).status == 422
    assert "林小雨" in browser.submit(code=phone.code(1)).text


def test_too_many_wrong_codes_make_everyone_who_has_the_password_wait(app: Flask, person: Known, phone: Phone) -> None:
    browser = Browser(app)
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    statuses = [browser.submit(code="000000").status for _ in range(7)]
    assert statuses[-1] == 429
    phone.clock.forward(minutes=16)
    assert "林小雨" in browser.submit(code=phone.code()).text


def test_the_code_page_cannot_be_reached_around_the_password(browser: Browser, person: Known, phone: Phone) -> None:
    flow = browser.get("/login").query["flow"]
    form = browser.page.form("account", "password")
    page = browser.post("/login/factor", {**form.fields, "flow": flow, "kind": "totp", "code": phone.code()})
    assert "yima_session" not in browser.cookies()
    assert "password" in page.form("account").fields
