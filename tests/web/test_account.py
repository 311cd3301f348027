"""Self-service: one's sessions, factors, password and consents; and nobody else's."""

import re
from datetime import date

import pyotp
import pytest
from flask import Flask
from sqlalchemy import func, select

from idp.audit import Action
from idp.audit.tables import AuditEvent
from idp.deployment import Deployment
from idp.login.tables import BrowserSession
from idp.mfa.tables import Credential, RecoveryCode
from idp.registry import affiliations, guardianships
from idp.registry.affiliations import Role
from idp.registry.tables import Person
from tests.at_once import at_once
from tests.clocks import SettableClock
from tests.people import OPERATOR, PASSWORD, Known, make_person
from tests.web.conftest import Phone, give_totp, sign_in_to
from tests.web.pages import Browser, Page
from tests.web.relying_party import RelyingParty


def signed_in(app: Flask, person: Known, phone: Phone | None = None) -> Browser:
    browser = Browser(app)
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    if phone is not None:
        browser.submit(code=phone.code())
        phone.clock.forward(seconds=30)
    assert "林小雨" in browser.page.text, browser.page.text
    return browser


def test_without_a_session_the_page_asks_to_sign_in(browser: Browser) -> None:
    for path in ("/me", "/me/factors/totp", "/me/recovery", "/me/password"):
        assert "password" in browser.get(path).form("account").fields, path


def test_the_page_shows_every_session_and_ends_one_there(app: Flask, person: Known) -> None:
    here, there = signed_in(app, person), signed_in(app, person)
    page = here.get("/me")
    assert page.text.count("Chrome · Windows") >= 2
    button = next(form for form in page.forms if any(name == "sid" for name, _ in form.buttons))
    here.submit(form=button, sid=dict(button.buttons)["sid"])
    assert "林小雨" in here.get("/me").text
    assert "password" in there.get("/me").form("account").fields


def test_everywhere_else_means_everywhere_but_here(app: Flask, person: Known) -> None:
    here, *others = (signed_in(app, person) for _ in range(3))
    form = next(
        f
        for f in here.get("/me").forms
        if f.fields.get("sid") == "" or (f.action.endswith("/me/sessions/end") and "sid" not in dict(f.buttons))
    )
    here.submit(form=form)
    assert "林小雨" in here.get("/me").text
    assert all("password" in other.get("/me").form("account").fields for other in others)


def test_a_session_of_somebody_else_cannot_be_ended(app: Flask, person: Known, deployment: Deployment, school: str) -> None:
    other = make_person(deployment, school, name="王五", document="OTHER1234")
    victim, attacker = Browser(app), signed_in(app, person)
    victim.get("/login")
    victim.sign_in(other.number, PASSWORD)
    with deployment.reading() as session:
        sid = session.scalars(select(BrowserSession.sid).where(BrowserSession.person_id == other.id)).one()
    form = attacker.get("/me").form("csrf_token")
    attacker.post("/me/sessions/end", {"csrf_token": form.fields["csrf_token"], "sid": sid})
    assert "王五" in victim.get("/me").text


def test_sessions_end_without_use_and_in_any_case(app: Flask, person: Known, clock: SettableClock, deployment: Deployment) -> None:
    browser = signed_in(app, person)
    idle, absolute = deployment.settings.session_idle, deployment.settings.session_absolute
    for _ in range(absolute // (idle - 60)):
        clock.forward(seconds=idle - 60)
        assert "林小雨" in browser.get("/me").text
    clock.forward(seconds=idle - 60)
    assert "password" in browser.get("/me").form("account").fields

    browser = signed_in(app, person)
    clock.forward(seconds=idle)
    assert "password" in browser.get("/me").form("account").fields


def test_signing_out_ends_the_session_on_the_server(app: Flask, person: Known) -> None:
    browser = signed_in(app, person)
    token = browser.cookies()["yima_session"]
    browser.get("/logout")
    assert "林小雨" in browser.get("/me").text
    browser.get("/logout")
    page = browser.submit(form=next(form for form in browser.page.forms if form.action.endswith("/logout")))
    assert "已退出" in page.text
    browser.client.set_cookie("yima_session", token, domain="localhost")
    assert "password" in browser.get("/me").form("account").fields


def test_a_disabled_or_forged_session_cookie_opens_nothing(app: Flask, person: Known) -> None:
    browser = Browser(app)
    for token in ("", "x", "x" * 4000, "'; --", "中文"):
        browser.client.set_cookie("yima_session", token, domain="localhost")
        assert "password" in browser.get("/me").form("account").fields


def test_an_authenticator_app_is_added_by_a_working_code_and_recovery_codes_follow(
    app: Flask, person: Known, clock: SettableClock
) -> None:
    browser = signed_in(app, person)
    page = browser.get("/me/factors/totp")
    secret = re.search(r'class="key"[^>]*>([A-Z2-7 ]+)<', page.text)
    assert secret is not None
    assert "<svg" in page.text
    key = secret.group(1).replace(" ", "")
    assert browser.submit(code="000000").status in (422, 429)
    assert key in browser.get("/me/factors/totp").text.replace(" ", "")
    page = browser.submit(code=pyotp.TOTP(key).at(clock.now()))
    assert page.url.endswith("/me/recovery")
    page = browser.submit(form=next(form for form in page.forms if form.action.endswith("/me/recovery")))
    codes = re.findall(r"<li>(?:<code>)?([A-Z0-9-]{8,})", page.text)
    assert len(codes) == 10
    assert "10" in browser.get("/me").text

    clock.forward(seconds=30)
    phone_gone = Browser(app)
    phone_gone.get("/login")
    page = phone_gone.sign_in(person.number, PASSWORD)
    flow = page.form("code").fields["flow"]
    phone_gone.get(f"/login?flow={flow}&kind=recovery")
    phone_gone.submit(code=codes[0].lower())
    assert "林小雨" in set_up_another(phone_gone, clock).text

    again = Browser(app)
    again.get("/login")
    flow = again.sign_in(person.number, PASSWORD).form("code").fields["flow"]
    again.get(f"/login?flow={flow}&kind=recovery")
    assert again.submit(code=codes[0]).status == 422
    clock.forward(seconds=30)
    again.submit(code=codes[1])
    assert "林小雨" in set_up_another(again, clock).text


def set_up_another(browser: Browser, clock: SettableClock) -> Page:
    """On the page after a recovery code: another authenticator app."""
    assert "您使用了恢复码" in browser.page.text
    key = re.search(r'class="key"[^>]*>([A-Z2-7 ]+)<', browser.page.text)
    assert key is not None
    clock.forward(seconds=1)  # what works is later than the code that it makes up for
    return browser.submit(code=pyotp.TOTP(key.group(1).replace(" ", "")).at(clock.now()))


def test_after_a_recovery_code_there_is_no_session_before_another_factor_works_nor_at_the_next_sign_in(
    app: Flask, person: Known, phone: Phone, clock: SettableClock
) -> None:
    owner = signed_in(app, person, phone)
    owner.get("/me/recovery")
    page = owner.submit(form=next(form for form in owner.page.forms if form.action.endswith("/me/recovery")))
    code = re.findall(r"<li>(?:<code>)?([A-Z0-9-]{8,})", page.text)[0]
    clock.forward(minutes=1)
    browser = Browser(app)
    browser.get("/login")
    flow = browser.sign_in(person.number, PASSWORD).form("code").fields["flow"]
    browser.get(f"/login?flow={flow}&kind=recovery")
    page = browser.submit(code=code)
    assert not any(name == "when" for form in page.forms for name, _ in form.buttons)  # no "later"
    browser.post("/login/reminder", {**page.form("code").fields, "when": "later"})
    assert "yima_session" not in browser.cookies()
    assert "password" in browser.get("/me").form("account").fields
    # The phone is found again: its own code ends it.
    clock.forward(minutes=1)
    found = Browser(app)
    found.get("/login")
    found.sign_in(person.number, PASSWORD)
    assert "林小雨" in found.submit(code=phone.code()).text


def test_one_recovery_code_sent_twenty_times_at_once_is_taken_once_and_opens_no_session(
    app: Flask, person: Known, phone: Phone, deployment: Deployment
) -> None:
    owner = signed_in(app, person, phone)
    page = owner.get("/me/recovery")
    page = owner.submit(form=next(form for form in page.forms if form.action.endswith("/me/recovery")))
    code = re.findall(r"<li>(?:<code>)?([A-Z0-9-]{8,})", page.text)[0]
    browsers = [Browser(app, address=f"10.0.0.{number}") for number in range(20)]
    for browser in browsers:
        browser.get("/login")
        flow = browser.sign_in(person.number, PASSWORD).form("code").fields["flow"]
        browser.get(f"/login?flow={flow}&kind=recovery")
    at_once(lambda number: browsers[number].submit(code=code))
    with deployment.reading() as session:
        taken = select(func.count()).where(AuditEvent.action == Action.RECOVERY_CODE_USED, AuditEvent.outcome == "success")
        assert session.scalar(taken) == 1
        assert session.scalar(select(func.count()).where(RecoveryCode.used_at.is_not(None))) == 1
    assert not any("yima_session" in browser.cookies() for browser in browsers)


def test_changing_how_one_signs_in_asks_for_a_fresh_sign_in(app: Flask, person: Known, phone: Phone, clock: SettableClock) -> None:
    browser = signed_in(app, person, phone)
    assert "again" in browser.get("/me/password").form("old").fields
    clock.forward(minutes=11)
    for path in ("/me/password", "/me/factors/totp", "/me/recovery"):
        assert "password" in browser.get(path).form("account").fields


def test_a_new_password_needs_the_old_one_and_ends_every_other_session(app: Flask, person: Known) -> None:
    browser, other = signed_in(app, person), signed_in(app, person)
    browser.get("/me/password")
    for old, new, again in (
        (PASSWORD + "x", "trombone lake", "trombone lake"),
        (PASSWORD, "trombone lake", "other"),
        (PASSWORD, "short", "short"),
        (PASSWORD, person.number, person.number),
    ):
        assert browser.submit(old=old, password=new, again=again).status == 422
    page = browser.submit(old=PASSWORD, password="trombone lake", again="trombone lake")
    assert "林小雨" in page.text
    assert "password" in other.get("/me").form("account").fields
    other.get("/login")
    assert other.sign_in(person.number, PASSWORD).status == 422
    assert "林小雨" in other.sign_in(person.number, "trombone lake").text


def test_a_factor_is_removed_with_its_recovery_codes(app: Flask, person: Known, phone: Phone) -> None:
    browser = signed_in(app, person, phone)
    submit(browser, "/me/factors/remove")
    fresh = Browser(app)
    fresh.get("/login")
    assert "林小雨" in fresh.sign_in(person.number, PASSWORD).text


def test_a_factor_of_somebody_else_cannot_be_removed(
    app: Flask, person: Known, deployment: Deployment, school: str, phone: Phone
) -> None:
    other = make_person(deployment, school, name="王五", document="OTHER1234")
    attacker = Browser(app)
    attacker.get("/login")
    attacker.sign_in(other.number, PASSWORD)
    token = attacker.get("/me").form("csrf_token").fields["csrf_token"]
    for number in ("1", "2", "x", "", "-1", "9" * 12):
        attacker.post("/me/factors/remove", {"csrf_token": token, "factor": number})
    fresh = Browser(app)
    fresh.get("/login")
    assert "code" in fresh.sign_in(person.number, PASSWORD).form("code").fields


def test_a_guardian_sees_their_ward(app: Flask, deployment: Deployment, school: str, person: Known) -> None:
    child = make_person(deployment, school, name="林小花", document="CHILD1234", born=date(2018, 1, 1), password=None)
    with deployment.transaction(OPERATOR) as tx:
        one, other = tx.session.get_one(Person, person.id), tx.session.get_one(Person, child.id)
        affiliations.add(tx, one, school, Role.GUARDIAN)
        guardianships.add(tx, deployment.ring.vault, one, other, relation="mother", verified_by=school)
    assert "林小花" in signed_in(app, person).get("/me").text


def test_what_apps_receive_is_shown_and_taken_back_with_its_tokens(app: Flask, person: Known, rp: RelyingParty) -> None:
    browser = Browser(app)
    tokens = rp.exchange(sign_in_to(browser, rp, person)).body
    assert rp.userinfo(tokens["access_token"]).status == 200
    page = browser.get("/me")
    assert "图书馆" in page.text
    form = page.form("app")
    browser.submit(form=form, app=form.fields.get("app") or dict(form.buttons)["app"])
    assert rp.userinfo(tokens["access_token"]).status == 401
    assert rp.introspect(tokens["access_token"]).body == {"active": False}
    page = browser.get(rp.authorize_url())
    assert "decision" in dict(page.form("decision").buttons)


def test_a_factor_is_given_a_name_that_the_page_shows(app: Flask, person: Known, phone: Phone) -> None:
    browser = signed_in(app, person, phone)
    page = submit(browser, "/me/factors/rename", label="  旧手机  <b> ")
    assert "旧手机 &lt;b&gt;" in page.text


@pytest.mark.parametrize("path", ["/me/factors/rename", "/me/factors/remove"])
def test_anothers_factor_is_neither_renamed_nor_removed(
    app: Flask, deployment: Deployment, school: str, person: Known, phone: Phone, clock: SettableClock, path: str
) -> None:
    other = make_person(deployment, school, document="OTHER1234")
    give_totp(deployment, other, clock)
    browser = signed_in(app, person, phone)
    form = next(form for form in browser.get("/me").forms if form.action.endswith(path))
    foreign = int(dict(form.buttons)["factor"]) + 1
    browser.submit(form=form, factor=str(foreign), label="mine")
    with deployment.reading() as session:
        row = session.get_one(Credential, foreign)
    assert (row.person_id, row.state, row.label) == (other.id, "active", "Phone")


@pytest.mark.parametrize("kind", ["recovery", "unknown", "TOTP", "totp%00", "x" * 300])
def test_only_kinds_that_one_may_add_have_a_page(app: Flask, person: Known, kind: str) -> None:
    assert signed_in(app, person).get(f"/me/factors/{kind}").status in (400, 404)


def submit(browser: Browser, path: str, **fields: str) -> Page:
    """Sends the first form of the self-service page that goes to ``path``, by the button that names the factor."""
    form = next(form for form in browser.get("/me").forms if form.action.endswith(path))
    return browser.submit(form=form, factor=dict(form.buttons)["factor"], **fields)
