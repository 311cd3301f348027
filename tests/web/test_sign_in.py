"""Signing in by page and form: who gets in, who does not, and what a stranger learns (nothing)."""

import pytest
from flask import Flask
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.crypto.passwords import PasswordHasher
from idp.deployment import Deployment
from idp.login import activation
from idp.login.tables import BrowserSession
from idp.registry.tables import Person
from tests.at_once import at_once
from tests.clocks import SettableClock
from tests.people import OPERATOR, PASSWORD, Known, make_person
from tests.web.conftest import Phone
from tests.web.pages import Browser


def test_the_start_page_leads_to_the_sign_in_and_back(browser: Browser, person: Known) -> None:
    page = browser.get("/")
    assert "登录" in page.text
    page = browser.sign_in(person.number, PASSWORD)
    assert page.status == 200
    assert "林小雨" in page.text
    assert person.number in page.text


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
    page = browser.post("/login/code", {**form.fields, "flow": flow, "kind": "totp", "code": phone.code()})
    assert "yima_session" not in browser.cookies()
    assert "password" in page.form("account").fields


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


def activation_code(deployment: Deployment, person: Known) -> str:
    with deployment.transaction(OPERATOR) as tx:
        return activation.issue(tx, deployment.ring.vault, tx.session.get_one(Person, person.id), lifetime=86400).code


def test_an_activation_code_sets_the_password_once(browser: Browser, deployment: Deployment, school: str) -> None:
    newcomer = make_person(deployment, school, name="王五", document="OTHER1234", password=None)
    code = activation_code(deployment, newcomer)
    fields = {"account": newcomer.number, "activation_code": code.lower(), "password": "trombone lake", "again": "trombone lake"}
    browser.get("/activate")
    page = browser.submit(**fields)
    assert page.status == 200
    page = browser.sign_in(newcomer.number, "trombone lake")
    assert "王五" in page.text
    again = browser.get("/activate")
    assert again.status == 200
    assert browser.submit(**fields).status == 422


def test_an_activation_from_an_apps_flow_goes_on_without_typing_the_password_again(
    browser: Browser, deployment: Deployment, school: str
) -> None:
    newcomer = make_person(deployment, school, name="王五", document="OTHER1234", password=None)
    flow = browser.get("/login").query["flow"]
    browser.get(f"/activate?flow={flow}")
    page = browser.submit(
        account=newcomer.number,
        activation_code=activation_code(deployment, newcomer),
        password="trombone lake",
        again="trombone lake",
    )
    assert "王五" in page.text


@pytest.mark.parametrize(
    ("password", "again"),
    [
        ("short", "short"),
        ("trombone lake", "trombone sea"),
        ("password", "password"),
        ("12345678", "12345678"),
        ("aaaaaaaaa", "aaaaaaaaa"),
        ("", ""),
    ],
)
def test_a_weak_password_is_refused_and_the_code_stays_good(
    browser: Browser, deployment: Deployment, school: str, password: str, again: str
) -> None:
    newcomer = make_person(deployment, school, name="王五", document="OTHER1234", password=None)
    code = activation_code(deployment, newcomer)
    browser.get("/activate")
    assert browser.submit(account=newcomer.number, activation_code=code, password=password, again=again).status == 422
    page = browser.submit(account=newcomer.number, activation_code=code, password="trombone lake", again="trombone lake")
    assert page.status == 200


def test_a_wrong_expired_or_replaced_activation_code_is_refused_like_an_unknown_account(
    browser: Browser, deployment: Deployment, school: str, clock: SettableClock
) -> None:
    newcomer = make_person(deployment, school, name="王五", document="OTHER1234", password=None)
    first, second = activation_code(deployment, newcomer), activation_code(deployment, newcomer)
    browser.get("/activate")

    def tried(account: str, code: str) -> str:
        page = browser.submit(account=account, activation_code=code, password="trombone lake", again="trombone lake")
        assert page.status == 422
        return page.text

    for account, code in ((newcomer.number, first), (newcomer.number, "AAAA-AAAA-AAAA"), ("Y34567ABCDEFGHJ0", second)):
        assert "账号或激活码不正确" in tried(account, code)
    clock.forward(days=2)
    assert "账号或激活码不正确" in tried(newcomer.number, second)


def test_one_activation_code_sent_twenty_times_at_once_sets_one_password(app: Flask, deployment: Deployment, school: str) -> None:
    newcomer = make_person(deployment, school, name="王五", document="OTHER1234", password=None)
    code = activation_code(deployment, newcomer)
    browsers = [Browser(app, address=f"10.0.0.{number}") for number in range(20)]
    for browser in browsers:
        browser.get("/activate")

    def activate(number: int) -> int:
        password = f"trombone lake {number}"
        return browsers[number].submit(account=newcomer.number, activation_code=code, password=password, again=password).status

    results = at_once(activate)
    assert sorted(map(str, results)).count("200") == 1, results


def test_every_form_refuses_a_post_that_no_page_of_ours_made(app: Flask, browser: Browser, person: Known) -> None:
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    posts = {rule.rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or set())}
    protected = {
        rule
        for rule in posts
        if not rule.startswith(("/oauth/authorize", "/oauth/logout", "/intl/oauth/authorize", "/intl/oauth/logout"))
    }
    assert len(protected) > 10
    for rule in protected:
        assert browser.post(rule, {"csrf_token": "forged"}).status == 400, rule
        assert browser.post(rule, {}).status == 400, rule
    assert "林小雨" in browser.get("/me").text


def test_another_sites_page_can_be_neither_in_the_language_switch_nor_after_it(browser: Browser) -> None:
    browser.get("/login")
    for back in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\n/evil.example"):
        form = browser.page.form("language")
        response = browser.client.post(
            form.action, data={**form.fields, "back": back, "language": "en"}, base_url="http://localhost:8000"
        )
        assert response.headers["Location"] == "/"
        browser.get("/login")


def test_the_language_is_the_readers_choice_then_the_browsers_then_chinese(app: Flask) -> None:
    for tag in ("zh-CN", "zh", "zh-Hans-CN", "zh-TW", "fr", ""):
        assert "登录" in Browser(app, language=tag).get("/login").text, tag
    browser = Browser(app, language="en-GB,en;q=0.9")
    assert "Sign in" in browser.get("/login").text
    page = browser.submit(language="zh_Hans")
    assert "登录" in page.text
    assert "登录" in browser.get("/login").text


def test_every_page_carries_the_headers_that_make_a_mistake_cost_little(browser: Browser) -> None:
    for path in ("/login", "/activate", "/signed-out", "/nothing-here"):
        headers = browser.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_a_page_that_is_not_there_says_so_in_plain_words(browser: Browser, english: Browser) -> None:
    assert "没有这个页面" in browser.get("/nothing-here").text
    assert "Page not found" in english.get("/nothing-here").text


def test_an_unexpected_error_shows_a_number_and_nothing_of_what_happened(
    app: Flask, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("SELECT secret FROM table")

    monkeypatch.setattr("idp.login.flow.find", broken)
    page = browser.get("/login?flow=x")
    assert page.status == 500
    assert "SELECT" not in page.text
    assert "Traceback" not in page.text


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
