"""What the policy makes of a sign-in: reminded, then led to set a factor up; asked for what is missing; never locked out by default.

On one database: what the two could do differently is in ``tests/unit/policy/test_store.py``.
"""

import shutil
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from idp.deployment import Deployment
from idp.mfa.policy import kinds_of
from idp.policy import store
from idp.policy.document import read
from idp.policy.tables import RiskFinding
from idp.registry.affiliations import Role
from idp.settings import Settings
from tests import factors
from tests.clocks import SettableClock
from tests.people import OPERATOR, PASSWORD, Known, make_person
from tests.web.conftest import Phone, give_totp
from tests.web.pages import Browser, Page
from tests.web.relying_party import RelyingParty, register_app

TEACHERS = {"role": "teacher", "level": 2, "grace_days": 14}


@pytest.fixture
def deployment_settings(sqlite_template: Path, tmp_path: Path) -> Settings:
    home = tmp_path / "yima"
    shutil.copytree(sqlite_template, home)
    return Settings(home=home)


@pytest.fixture
def teacher(deployment: Deployment, school: str) -> Known:
    return make_person(deployment, school, name="王老师", document="DEMO00002", role=Role.TEACHER)


def rules(deployment: Deployment, *said: dict[str, object], **more: object) -> None:
    with deployment.transaction(OPERATOR) as tx:
        store.apply(tx, read({"rules": said, **more}), kinds_of(factors.site_of(deployment)))


def sign_in(app: Flask, person: Known, rp: RelyingParty | None = None) -> tuple[Browser, Page]:
    browser = Browser(app)
    browser.get(rp.authorize_url() if rp is not None else "/login")
    return browser, browser.sign_in(person.number, PASSWORD)


def is_reminder(page: Page) -> bool:
    return any(name == "when" and value == "now" for form in page.forms for name, value in form.buttons)


def is_set_up(page: Page) -> bool:
    return any(form.action.startswith("/login/enrol") for form in page.forms)


def test_of_a_pupil_nothing_is_demanded_by_itself(app: Flask, person: Known) -> None:
    browser, _page = sign_in(app, person)
    assert "yima_session" in browser.cookies()


def test_while_there_is_time_each_sign_in_names_the_day_and_can_be_gone_on_with(
    app: Flask, deployment: Deployment, teacher: Known, trusted: RelyingParty, clock: SettableClock
) -> None:
    rules(deployment, TEACHERS)
    for _ in range(2):
        browser, page = sign_in(app, teacher, trusted)
        assert is_reminder(page)
        assert "2026-09-15" in page.text
        assert "yima_session" not in browser.cookies()
        assert browser.submit(when="later").query["code"]
        clock.forward(days=1)


def test_when_the_time_is_over_a_factor_is_set_up_before_going_on(
    app: Flask, deployment: Deployment, teacher: Known, clock: SettableClock
) -> None:
    rules(deployment, TEACHERS)
    sign_in(app, teacher)
    clock.forward(days=14)
    browser, page = sign_in(app, teacher)
    assert is_set_up(page)
    assert not is_reminder(page)
    form = page.form("code")
    browser.post("/login/reminder", {**form.fields, "when": "later"})
    assert is_set_up(browser.page)
    assert "yima_session" not in browser.cookies()


def test_setting_it_up_now_ends_the_reminders(app: Flask, deployment: Deployment, teacher: Known, clock: SettableClock) -> None:
    rules(deployment, TEACHERS)
    browser, _page = sign_in(app, teacher)
    page = browser.submit(when="now")
    assert is_set_up(page)
    assert browser.submit(when="later").status == 200
    assert "yima_session" in browser.cookies()
    phone = give_totp(deployment, teacher, clock)
    browser, page = sign_in(app, teacher)
    assert not is_reminder(browser.submit(code=phone.code()))
    assert "yima_session" in browser.cookies()


def test_what_an_app_demands_knows_no_grace(app: Flask, deployment: Deployment, teacher: Known, school: str) -> None:
    rules(deployment, TEACHERS)
    strict = register_app(app, deployment, school, required_level=2, trusted=True)
    assert is_set_up(sign_in(app, teacher, strict)[1])


def test_an_administrator_is_reminded_for_a_week_and_then_sets_up_what_reaches_level_three(
    app: Flask, deployment: Deployment, school: str, clock: SettableClock
) -> None:
    admin = make_person(deployment, school, name="赵主任", document="DEMO00003", role=Role.SCHOOL_ADMIN)
    assert is_reminder(sign_in(app, admin)[1])
    clock.forward(days=7)
    browser, page = sign_in(app, admin)
    assert is_set_up(page) or "/login/enrol/begin" in page.text
    assert "kind=passkey" in page.text
    assert "kind=totp" not in page.text
    assert "yima_session" not in browser.cookies()


def test_no_grace_for_administrators_beyond_the_setting(app: Flask, deployment: Deployment, school: str) -> None:
    admin = make_person(deployment, school, name="赵主任", document="DEMO00003", role=Role.SCHOOL_ADMIN)
    rules(deployment, {"role": "school_admin", "level": 3}, TEACHERS)
    assert not is_reminder(sign_in(app, admin)[1])


def test_a_session_below_what_a_rule_demands_is_lifted_by_the_missing_factor_alone(
    app: Flask, deployment: Deployment, teacher: Known, trusted: RelyingParty, clock: SettableClock
) -> None:
    browser, page = sign_in(app, teacher, trusted)
    assert page.query["code"]
    phone = give_totp(deployment, teacher, clock)
    rules(deployment, {"app": trusted.client_id, "role": "teacher", "level": 2})
    page = browser.get(trusted.authorize_url())
    assert set(page.form("code").fields) >= {"code"}
    assert "password" not in page.form("code").fields
    claims = trusted.claims_of(trusted.exchange(browser.submit(code=phone.code()).query["code"]).body["id_token"])
    assert claims["acr"] == "urn:yima:acr:2"


def test_in_the_exam_season_a_session_of_before_is_not_enough(
    app: Flask, deployment: Deployment, teacher: Known, trusted: RelyingParty, clock: SettableClock
) -> None:
    rules(deployment, {"role": "teacher", "level": 3, "begins": "2026-09-01T17:00:00", "ends": "2026-09-01T18:00:00"})
    browser, page = sign_in(app, teacher, trusted)
    assert page.query["code"]
    clock.forward(hours=1)
    assert "code" not in browser.get(trusted.authorize_url()).query
    assert browser.get(trusted.authorize_url(prompt="none")).query["error"] == "login_required"
    clock.forward(hours=1)
    assert browser.get(trusted.authorize_url()).query["code"]


@pytest.mark.parametrize(
    ("acr_values", "acr"),
    [
        ("urn:yima:acr:3 urn:yima:acr:2", "urn:yima:acr:2"),
        ("urn:yima:acr:4 urn:yima:acr:2 urn:yima:acr:3", "urn:yima:acr:2"),
        ("urn:yima:acr:2", "urn:yima:acr:2"),
    ],
)
def test_of_several_levels_it_is_the_first_that_the_persons_factors_reach(
    browser: Browser, teacher: Known, deployment: Deployment, trusted: RelyingParty, clock: SettableClock, acr_values: str, acr: str
) -> None:
    phone = give_totp(deployment, teacher, clock)
    browser.get(trusted.authorize_url(acr_values=acr_values))
    browser.sign_in(teacher.number, PASSWORD)
    page = browser.submit(code=phone.code())
    assert trusted.claims_of(trusted.exchange(page.query["code"]).body["id_token"])["acr"] == acr


@pytest.mark.parametrize("acr_values", ["urn:yima:acr:3", "urn:yima:acr:4 urn:yima:acr:3"])
def test_a_level_that_the_kinds_offered_to_a_person_do_not_reach_is_an_error_for_the_app(
    app: Flask, deployment: Deployment, teacher: Known, trusted: RelyingParty, acr_values: str
) -> None:
    rules(deployment, {"role": "teacher", "kinds": ["totp"]})
    browser = Browser(app)
    browser.get(trusted.authorize_url(acr_values=acr_values))
    page = browser.sign_in(teacher.number, PASSWORD)
    assert page.query["error"] == "unmet_authentication_requirements"
    assert page.query["state"] == trusted.state


def test_a_person_without_any_factor_sets_up_the_first_level_that_can_be_set_up(
    app: Flask, deployment: Deployment, teacher: Known, trusted: RelyingParty
) -> None:
    rules(deployment, {"role": "teacher", "kinds": ["totp"]})
    browser = Browser(app)
    browser.get(trusted.authorize_url(acr_values="urn:yima:acr:3 urn:yima:acr:2"))
    page = browser.sign_in(teacher.number, PASSWORD)
    assert is_set_up(page)
    assert "<svg" in page.text


def test_a_kind_that_the_policy_does_not_offer_cannot_be_set_up(app: Flask, deployment: Deployment, teacher: Known) -> None:
    rules(deployment, {"role": "teacher", "kinds": ["passkey"]})
    browser, _page = sign_in(app, teacher)
    assert "/me/factors/totp" not in browser.get("/me").text
    assert browser.get("/me/factors/totp").status >= 400
    assert browser.get("/me/factors/passkey").status == 200


def guess(app: Flask, person: Known, clock: SettableClock, times: int = 6) -> None:
    stranger = Browser(app, address="203.0.113.7")
    for _ in range(times):
        stranger.get("/login")
        assert stranger.sign_in(person.number, "guess").status == 422
        clock.forward(minutes=5)


def found(deployment: Deployment) -> list[tuple[str, str, bool]]:
    with deployment.reading() as session:
        return [(row.signal, row.mode, row.able) for row in session.scalars(select(RiskFinding).order_by(RiskFinding.id))]


def test_many_failures_are_written_down_and_change_nothing_at_first(
    app: Flask, deployment: Deployment, teacher: Known, clock: SettableClock
) -> None:
    guess(app, teacher, clock)
    browser, _page = sign_in(app, teacher)
    assert "yima_session" in browser.cookies()
    assert found(deployment) == [("many_failures", "record_only", False)]
    clock.forward(hours=1)
    sign_in(app, teacher)
    assert len(found(deployment)) == 1


def test_enforced_they_ask_for_a_factor_and_let_nobody_set_one_up_under_suspicion(
    app: Flask, deployment: Deployment, teacher: Known, trusted: RelyingParty, clock: SettableClock
) -> None:
    rules(deployment, risk={"many_failures": {"mode": "enforce"}})
    guess(app, teacher, clock)
    browser, page = sign_in(app, teacher, trusted)
    assert page.query["error"] == "unmet_authentication_requirements"
    browser, page = sign_in(app, teacher)
    assert page.status == 403
    assert "yima_session" not in browser.cookies()


def test_whoever_has_a_factor_gets_through_an_enforced_signal(
    app: Flask, deployment: Deployment, teacher: Known, trusted: RelyingParty, clock: SettableClock
) -> None:
    rules(deployment, risk={"many_failures": {"mode": "enforce"}})
    phone: Phone = give_totp(deployment, teacher, clock)
    guess(app, teacher, clock)
    browser, _page = sign_in(app, teacher, trusted)
    assert browser.submit(code=phone.code()).query["code"]
    assert found(deployment) == [("many_failures", "enforce", True)]


def test_a_new_device_in_another_place_is_seen_and_either_alone_is_not(
    app: Flask, deployment: Deployment, teacher: Known, clock: SettableClock
) -> None:
    places = [{"name": "Campus", "networks": ["127.0.0.0/8"]}, {"name": "City", "networks": ["203.0.113.0/24"]}]
    rules(deployment, places=places)
    for browser in (Browser(app), Browser(app)):
        browser.get("/login")
        browser.sign_in(teacher.number, PASSWORD)
    assert found(deployment) == []
    away = Browser(app, address="203.0.113.9")
    away.get("/login")
    away.sign_in(teacher.number, PASSWORD)
    assert found(deployment) == [("new_place", "record_only", False)]


def test_a_rule_on_trial_is_written_down_for_whom_it_would_concern(
    app: Flask, deployment: Deployment, teacher: Known, person: Known
) -> None:
    rules(deployment, {"role": "teacher", "level": 3, "mode": "record_only"})
    for one in (teacher, person):
        browser, _page = sign_in(app, one)
        assert "yima_session" in browser.cookies()
    assert found(deployment) == [("rule", "record_only", False)]
