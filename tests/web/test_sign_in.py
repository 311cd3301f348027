"""Signing in by page and form: who gets in, who does not, and what a stranger learns (nothing)."""

import pytest
from flask import Flask
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.crypto.passwords import PasswordHasher
from idp.deployment import Deployment
from idp.login.tables import BrowserSession
from tests.clocks import SettableClock
from tests.people import PASSWORD, Known, make_person
from tests.web.pages import Browser


def test_the_start_page_leads_to_the_sign_in_and_back(browser: Browser, person: Known) -> None:
    page = browser.get("/")
    assert "登录" in page.text
    page = browser.sign_in(person.number, PASSWORD)
    assert page.status == 200
    assert "林小雨" in page.text


@pytest.mark.parametrize("account", ["number", "13800000000", "+86 138 0000 0000", "LIN@example.edu.cn"])
def test_an_account_is_a_number_a_phone_or_an_address(browser: Browser, person: Known, account: str) -> None:
    browser.get("/login")
    page = browser.sign_in(person.number.lower() if account == "number" else account, PASSWORD)
    assert "林小雨" in page.text


def test_a_student_number_counts_within_a_chosen_school(browser: Browser, person: Known, school: str) -> None:
    page = browser.get("/login")
    flow = page.query["flow"]
    page = browser.get(f"/login?flow={flow}&query=第一")
    assert f"school={school}" in page.text
    browser.get(f"/login?flow={flow}&school={school}")
    page = browser.sign_in("S001", PASSWORD)
    assert "林小雨" in page.text


@pytest.mark.parametrize("query", ["", "没有这样的学校", "%", "<script>alert(1)</script>", "x" * 500])
def test_a_search_for_a_school_survives_anything(browser: Browser, person: Known, query: str) -> None:
    flow = browser.get("/login").query["flow"]
    page = browser.client.get("/login", query_string={"flow": flow, "query": query}, base_url="http://localhost:8000")
    assert page.status_code == 200
    assert "<script>alert" not in page.get_data(as_text=True)


def test_a_wrong_password_and_an_unknown_account_look_the_same(browser: Browser, person: Known) -> None:
    browser.get("/login")
    wrong = browser.sign_in(person.number, "wrong")
    account = "Y34567ABCDEFGHJ0"
    unknown = browser.sign_in(account, "wrong")
    assert wrong.status == unknown.status == 422
    strip = lambda page, name: page.text.replace(name, "").replace(page.form("password").fields["csrf_token"], "")  # noqa: E731
    assert strip(wrong, person.number) == strip(unknown, account)


def test_an_unknown_account_costs_the_same_work(monkeypatch: pytest.MonkeyPatch, browser: Browser, person: Known) -> None:
    work: list[str] = []
    tag = PasswordHasher._tag
    monkeypatch.setattr(PasswordHasher, "_tag", lambda self, *rest: (work.append("hash"), tag(self, *rest))[1])
    browser.get("/login")
    browser.sign_in(person.number, "wrong")
    browser.sign_in("nobody@example.edu.cn", "wrong")
    assert len(work) == 2


@pytest.mark.parametrize(
    ("account", "password"),
    [
        ("", ""),
        ("", PASSWORD),
        ("x" * 254, "y" * 1024),
        ("'; DROP TABLE person; --", "x"),
        ("\u202e中文", "\U0001f600"),
        ("a\tb", "\u0000"[:0]),
    ],
)
def test_whatever_is_typed_gets_the_same_clear_answer(browser: Browser, person: Known, account: str, password: str) -> None:
    browser.get("/login")
    page = browser.sign_in(account, password)
    assert page.status == 422
    assert "账号或密码不正确" in page.text


def test_fields_that_come_twice_or_too_long_are_refused(browser: Browser, person: Known) -> None:
    form = browser.get("/login").form("account", "password")
    twice = browser.client.post(
        form.action,
        data={**form.fields, "account": [person.number, "other"], "password": PASSWORD},
        base_url="http://localhost:8000",
    )
    assert twice.status_code == 400
    assert browser.submit(form=form, account="x" * 5000, password="x").status == 400


def test_a_person_who_has_no_password_yet_does_not_get_in(browser: Browser, deployment: Deployment, school: str) -> None:
    other = make_person(deployment, school, name="王五", document="OTHER1234", password=None)
    browser.get("/login")
    assert browser.sign_in(other.number, "").status == 422


def test_five_wrong_passwords_are_free_and_then_each_waits_longer(browser: Browser, person: Known, clock: SettableClock) -> None:
    browser.get("/login")
    statuses = [browser.sign_in(person.number, "wrong").status for _ in range(7)]
    assert statuses == [422] * 6 + [429]
    assert browser.sign_in(person.number, PASSWORD).status == 429
    clock.forward(seconds=3)
    assert "林小雨" in browser.sign_in(person.number, PASSWORD).text


def test_a_stranger_cannot_lock_the_victim_out(app: Flask, person: Known) -> None:
    victim = Browser(app, address="10.1.1.1")
    victim.get("/login")
    victim.sign_in(person.number, PASSWORD)
    stranger = Browser(app, address="10.9.9.9")
    stranger.get("/login")
    for _ in range(30):
        stranger.sign_in(person.number, "wrong")
    assert stranger.page.status == 429

    elsewhere = Browser(app, address="10.2.2.2")
    elsewhere.get("/login")
    assert "林小雨" in elsewhere.sign_in(person.number, PASSWORD).text
    victim.client.delete_cookie("yima_session", domain="localhost")
    victim.get("/login")
    assert "林小雨" in victim.sign_in(person.number, PASSWORD).text


def test_a_browser_known_to_the_account_is_let_in_from_a_network_full_of_strangers(app: Flask, person: Known) -> None:
    victim = Browser(app, address="10.1.1.1")
    victim.get("/login")
    victim.sign_in(person.number, PASSWORD)
    victim.client.delete_cookie("yima_session", domain="localhost")
    neighbour = Browser(app, address="10.1.1.1")
    neighbour.get("/login")
    for _ in range(10):
        neighbour.sign_in(person.number, "wrong")
    assert neighbour.page.status == 429
    victim.get("/login")
    assert "林小雨" in victim.sign_in(person.number, PASSWORD).text


def test_an_unknown_account_waits_like_a_known_one(app: Flask, person: Known) -> None:
    def statuses(account: str) -> list[int]:
        browser = Browser(app, address="10.5.5.5")
        browser.get("/login")
        return [browser.sign_in(account, "wrong").status for _ in range(8)]

    assert statuses("Y34567ABCDEFGHJ0") == statuses(person.number)


def test_neighbours_in_one_ipv6_network_are_counted_together_and_others_are_not(app: Flask, person: Known) -> None:
    for number in range(7):
        browser = Browser(app, address=f"2001:db8:1:1::{number + 1}")
        browser.get("/login")
        browser.sign_in(person.number, "wrong")
    assert browser.page.status == 429
    other = Browser(app, address="2001:db8:1:2::1")
    other.get("/login")
    assert other.sign_in(person.number, "wrong").status == 422


def test_the_sign_in_gives_a_new_session_and_a_cookie_that_scripts_cannot_read(browser: Browser, person: Known) -> None:
    browser.get("/login")
    assert "yima_session" not in browser.cookies()
    form = browser.page.form("account", "password")
    response = browser.client.post(
        form.action, data={**form.fields, "account": person.number, "password": PASSWORD}, base_url="http://localhost:8000"
    )
    response = browser.client.get(response.headers["Location"], base_url="http://localhost:8000")
    cookie = next(value for value in response.headers.getlist("Set-Cookie") if value.startswith("yima_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_the_session_token_is_not_in_the_database(browser: Browser, person: Known, deployment: Deployment) -> None:
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    token = browser.cookies()["yima_session"]
    with deployment.reading() as session:
        row = session.scalars(select(BrowserSession)).one()
    assert token not in repr(vars(row))


def test_a_flow_belongs_to_the_browser_that_began_it(app: Flask, browser: Browser, person: Known) -> None:
    flow = browser.get("/login").query["flow"]
    thief = Browser(app)
    thief.get("/login")
    page = thief.get(f"/login?flow={flow}")
    assert page.status == 400
    assert "重新开始" in page.text


@pytest.mark.parametrize("flow", ["x", "", "x" * 5000, "../../etc/passwd", "%00", "中文"])
def test_a_flow_that_is_not_there_is_a_clear_page(browser: Browser, flow: str) -> None:
    response = browser.client.get("/login", query_string={"flow": flow}, base_url="http://localhost:8000")
    assert response.status_code in (302, 400)


def test_a_flow_that_took_too_long_is_over(browser: Browser, person: Known, clock: SettableClock) -> None:
    browser.get("/login")
    clock.forward(minutes=31)
    assert browser.sign_in(person.number, PASSWORD).status == 400


def test_what_happened_is_in_the_journal_with_the_address_and_without_the_password(
    browser: Browser, person: Known, deployment: Deployment
) -> None:
    browser.get("/login")
    browser.sign_in(person.number, "wrong-secret")
    browser.sign_in(person.number, PASSWORD)
    with deployment.reading() as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action.startswith("login.session"))).all()
        everything = repr([vars(event) for event in session.scalars(select(AuditEvent))])
    assert [(event.action, event.outcome, event.address) for event in events] == [
        ("login.session.refused", "failure", "127.0.0.1"),
        ("login.session.started", "success", "127.0.0.1"),
    ]
    assert "wrong-secret" not in everything
    assert PASSWORD not in everything
