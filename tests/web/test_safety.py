"""What happened at my account, and putting an end to what was not me."""

import pytest
from flask import Flask
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.deployment import Deployment
from idp.login.tables import SignIn
from idp.mfa import resets
from idp.mfa.policy import kinds_of
from idp.mfa.resets import Witness
from idp.policy import store
from idp.policy.document import read
from idp.registry.affiliations import Role
from idp.registry.tables import Person
from tests import factors
from tests.clocks import SettableClock
from tests.people import OPERATOR, PASSWORD, Known, make_person
from tests.web.conftest import Phone, sign_in_to
from tests.web.pages import Browser, Page
from tests.web.relying_party import RelyingParty

pytestmark = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)
NEW = "trombone lake"


def signed_in(app: Flask, person: Known, phone: Phone | None = None, **more: str) -> Browser:
    browser = Browser(app, **more)
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    if phone is not None:
        browser.submit(code=phone.code())
        phone.clock.forward(seconds=30)
    assert "林小雨" in browser.page.text, browser.page.text
    return browser


def records(deployment: Deployment) -> list[SignIn]:
    with deployment.reading() as session:
        return list(session.scalars(select(SignIn).order_by(SignIn.id)))


def not_me(browser: Browser, **more: str) -> Page:
    page = browser.get("/me/not-me")
    return browser.submit(form=next(form for form in page.forms if form.action.endswith("/me/not-me")), **more)


def test_each_sign_in_is_kept_with_its_means_app_device_and_the_beginning_of_the_address(
    app: Flask, deployment: Deployment, person: Known, phone: Phone, rp: RelyingParty
) -> None:
    browser = Browser(app, address="203.0.113.77")
    browser.get(rp.authorize_url())
    browser.sign_in(person.number, PASSWORD)
    browser.submit(code=phone.code())
    (row,) = records(deployment)
    assert (row.outcome, row.level, row.methods, row.network) == ("signed_in", 2, ["otp", "pwd"], "203.0.113.0/24")
    assert (row.client_id, row.device, row.device_known, row.place) == (rp.client_id, "Chrome · Windows", False, None)
    page = browser.get("/me/sign-ins")
    assert all(words in page.text for words in ("203.0.113.*", "图书馆", "密码", "一次性验证码", "Chrome · Windows"))
    assert "203.0.113.77" not in page.text + browser.get("/me").text


@pytest.mark.parametrize(
    ("address", "network", "place", "seen"),
    [
        ("10.1.2.3", "10.1.2.0/24", "宿舍", "宿舍"),
        ("10.2.2.3", "10.2.2.0/24", "校园网", "校园网"),
        ("2001:db8:a:b:1:2:3:4", "2001:db8:a:b::/64", None, "2001:db8:a:b:*"),
        ("::ffff:192.0.2.9", "192.0.2.0/24", None, "192.0.2.*"),
    ],
)
def test_the_operator_names_places_the_smallest_network_first(
    app: Flask, deployment: Deployment, person: Known, address: str, network: str, place: str | None, seen: str
) -> None:
    places = [{"name": "校园网", "networks": ["10.0.0.0/8"]}, {"name": "宿舍", "networks": ["10.1.0.0/16"]}]
    with deployment.transaction(OPERATOR) as tx:
        store.apply(tx, read({"places": places}), kinds_of(factors.site_of(deployment)))
    browser = signed_in(app, person, address=address)
    (row,) = records(deployment)
    assert (row.network, row.place) == (network, place)
    assert seen in browser.get("/me").text


def test_a_wrong_password_and_a_wrong_code_are_there_too(app: Flask, deployment: Deployment, person: Known, phone: Phone) -> None:
    browser = Browser(app)
    browser.get("/login")
    browser.sign_in(person.number, "a wrong one")
    browser.sign_in(person.number, PASSWORD)
    browser.submit(code="000000")
    browser.submit(code=phone.code())
    assert [row.outcome for row in records(deployment)] == ["wrong_password", "wrong_factor", "signed_in"]


def test_a_browser_is_known_again_for_its_person_only_and_a_strange_one_is_told_once(
    app: Flask, deployment: Deployment, person: Known, school: str
) -> None:
    home = signed_in(app, person, address="192.0.2.1")
    assert "新设备" in home.get("/me").text
    home.client.delete_cookie("yima_session", domain="localhost")
    home.get("/login")
    home.sign_in(person.number, PASSWORD)
    other = make_person(deployment, school, name="王五", document="OTHER1234")
    home.client.delete_cookie("yima_session", domain="localhost")
    home.get("/login")
    home.sign_in(other.number, PASSWORD)
    strange = signed_in(app, person, address="198.51.100.1")
    alike = signed_in(app, person, address="198.51.100.2")
    assert [row.device_known for row in records(deployment)] == [False, True, False, False, False]
    assert len({row.device_hash for row in records(deployment)}) == 4
    assert alike.get("/me/notices").text.count("我们不认识的设备") == 1
    strange.get("/me")
    strange.submit(form=strange.page.form("upto"), upto=dict(strange.page.form("upto").buttons)["upto"])
    assert "我们不认识的设备" not in strange.page.text


def test_that_was_not_me_ends_everything_and_demands_another_password(
    app: Flask, deployment: Deployment, person: Known, phone: Phone, rp: RelyingParty
) -> None:
    thief = signed_in(app, person, phone)
    tokens = rp.exchange(sign_in_to(thief, rp, person, scope="openid offline_access", prompt="consent")).body
    mine = signed_in(app, person, phone)
    page = not_me(mine, factor_lost="yes")
    assert "备用码" in page.text
    assert "yima_session" not in mine.cookies()
    assert "password" in thief.get("/me").form("account").fields
    assert rp.refresh(tokens["refresh_token"]).status == 400
    assert rp.userinfo(tokens["access_token"]).status == 401
    with deployment.reading() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "login.intrusion.reported")).one()
    assert (event.subject, event.detail["factor_lost"], event.detail["sessions"]) == (f"person:{person.number}", True, 2)

    mine.get(rp.authorize_url())
    mine.sign_in(person.number, PASSWORD)
    page = mine.submit(code=phone.code())
    assert "yima_session" not in mine.cookies()
    for password, again in ((PASSWORD, PASSWORD), ("short", "short"), (NEW, "other"), (person.number, person.number)):
        assert mine.submit(password=password, again=again).status == 422
    page = mine.submit(password=NEW, again=NEW)
    assert page.location.startswith("https://app.example.edu.cn/callback") or page.forms
    assert "yima_session" in mine.cookies()
    fresh = Browser(app)
    fresh.get("/login")
    assert fresh.sign_in(person.number, PASSWORD).status == 422


def test_the_new_password_step_cannot_be_skipped_nor_reached_before_the_second_step(
    app: Flask, person: Known, phone: Phone
) -> None:
    not_me(signed_in(app, person, phone))
    browser = Browser(app)
    browser.get("/login")
    page = browser.sign_in(person.number, PASSWORD)
    fields = {name: page.form("code").fields[name] for name in ("csrf_token", "flow")}
    browser.post("/login/password/new", {**fields, "password": NEW, "again": NEW})
    assert "第二步" in browser.page.text
    browser.submit(code=phone.code())
    assert "password" in browser.get("/me").form("account").fields
    assert "yima_session" not in browser.cookies()


def test_only_who_is_signed_in_raises_the_alarm(app: Flask, person: Known) -> None:
    browser = Browser(app)
    token = browser.get("/login").form("csrf_token").fields["csrf_token"]
    browser.post("/me/not-me", {"csrf_token": token})
    assert "password" in browser.page.form("account").fields
    assert "林小雨" in signed_in(app, person).page.text


def test_a_remembered_device_is_listed_and_forgotten(app: Flask, person: Known, phone: Phone) -> None:
    browser = Browser(app)
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    browser.submit(code=phone.code(), remember="yes")
    form = browser.get("/me").form("device")
    assert "记住的设备" in browser.page.text
    browser.submit(form=form, device="99999")
    browser.submit(form=form, device=dict(form.buttons)["device"])
    assert not any(name == "device" for form in browser.page.forms for name, _ in form.buttons)
    browser.client.delete_cookie("yima_session", domain="localhost")
    browser.get("/login")
    assert "第二步" in browser.sign_in(person.number, PASSWORD).text


def test_an_administrator_sees_a_reset_that_is_coming_and_stops_it(
    app: Flask, deployment: Deployment, school: str, person: Known, phone: Phone, clock: SettableClock
) -> None:
    one, other = (make_person(deployment, school, document=f"ADMIN{n}123", role=Role.REGION_ADMIN, password=None) for n in range(2))
    with deployment.transaction(OPERATOR) as tx:
        row = resets.request(tx, tx.session.get_one(Person, person.id), Witness(one.id, one.number, 0), "x")
        number = row.id
    browser = signed_in(app, person, phone)
    form = browser.get("/me").form("reset")
    browser.submit(form=form, reset=dict(form.buttons)["reset"])
    assert not any(name == "reset" for form in browser.page.forms for name, _ in form.buttons)
    with pytest.raises(resets.NoSuchReset), deployment.transaction(OPERATOR) as tx:
        resets.approve(tx, number, Witness(other.id, other.number, 0))
