"""Signing in with a password that the school keeps in its own directory: OpenLDAP, as a stranger and a student meet it."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from idp.audit.tables import AuditEvent
from idp.deployment import Deployment
from idp.directory import registration
from idp.directory.described import Described
from idp.directory.reachability import LEFT_ALONE
from idp.login import activation
from idp.login.tables import BrowserSession, Password
from idp.registry import affiliations, persons
from idp.registry.affiliations import Role
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known, make_person, make_school
from tests.services.processes import free_port
from tests.services.slapd import BASE, READER, READER_PASSWORD, Slapd
from tests.web.pages import Browser, Page

THERE, HERE = "violet-tram-93", "copper-kite-58"
PASSWORD_PAGE = "https://password.school.edu.cn/"

# Nothing here depends on the database.
pytestmark = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)


def enter(deployment: Deployment, school: str, slapd: Slapd, *servers: str, **said: object) -> int:
    members = {"base": BASE, "filter": "(uid={number})", "account_name": READER, "authorities": slapd.authority}
    described = Described.of(servers=servers or (slapd.ldap,), password_page=PASSWORD_PAGE, **{**members, **said})
    with deployment.transaction(OPERATOR) as tx:
        row = registration.add(tx, deployment.ring.vault, school, described, READER_PASSWORD)
        return registration.enable(tx, row.id).id


@pytest.fixture
def student(deployment: Deployment, school: str) -> Known:
    return make_person(deployment, school, local_number="S001", phone="13800000000", password=None)


@pytest.fixture
def directory(deployment: Deployment, school: str, slapd: Slapd) -> int:
    return enter(deployment, school, slapd)


def attempt(browser: Browser, school: str, number: str, password: str) -> Page:
    browser.get("/login")
    browser.get(f"{browser.page.url}&school={school}")
    return browser.sign_in(number, password)


def test_the_schools_password_opens_a_session_of_level_one_and_is_kept_nowhere(
    browser: Browser, deployment: Deployment, student: Known, school: str, directory: int
) -> None:
    assert "林小雨" in attempt(browser, school, "S001", THERE).text
    with deployment.reading() as session:
        opened = session.scalars(select(BrowserSession)).one()
        assert (opened.level, opened.methods) == (1, ["pwd"])
        assert session.scalar(select(func.count()).select_from(Password)) == 0
        assert THERE not in str([event.detail for event in session.scalars(select(AuditEvent))])


def test_by_the_phone_number_it_is_the_same_password(browser: Browser, student: Known, directory: int) -> None:
    browser.get("/login")
    assert "林小雨" in browser.sign_in("13800000000", THERE).text


@pytest.mark.parametrize(
    ("number", "password"), [("S001", "wrong"), ("S001", ""), ("S999", THERE), ("*)(uid=*", THERE), ("T001", THERE)]
)
def test_a_wrong_password_and_nobody_get_the_same_answer(
    english: Browser, student: Known, school: str, directory: int, number: str, password: str
) -> None:
    page = attempt(english, school, number, password)
    assert page.status == 422
    assert "The account or the password is not right." in page.text


def test_a_password_that_is_kept_here_counts_only_while_the_directory_does_not(
    browser: Browser, deployment: Deployment, school: str, directory: int
) -> None:
    make_person(deployment, school, local_number="S001", password=HERE)
    assert attempt(browser, school, "S001", HERE).status == 422
    with deployment.transaction(OPERATOR) as tx:
        registration.disable(tx, directory)
    assert "林小雨" in attempt(browser, school, "S001", HERE).text


def test_administrators_and_parents_have_their_passwords_here(
    browser: Browser, deployment: Deployment, school: str, directory: int
) -> None:
    admin = make_person(deployment, school, role=Role.TEACHER, local_number="T001", password=HERE)
    with deployment.transaction(OPERATOR) as tx:
        affiliations.add(tx, persons.by_id(tx.session, admin.id), school, Role.SCHOOL_ADMIN)
    parent = make_person(deployment, school, name="林大雨", document="OTHER1234", role=Role.GUARDIAN, password=HERE)
    assert attempt(browser, school, "T001", THERE).status == 422
    browser.get("/login")
    # Right: an administrator's sign-in goes on to the second factor.
    assert browser.sign_in(admin.number, HERE).status == 200
    assert "password" not in browser.page.form("csrf_token").fields
    browser.get("/login")
    assert browser.sign_in(parent.number, HERE).status == 200


def test_of_two_schools_the_chosen_one_is_asked_and_no_other(
    browser: Browser, deployment: Deployment, student: Known, school: str, slapd: Slapd, directory: int
) -> None:
    other = make_school(deployment, "第二小学")
    enter(deployment, other, slapd, f"ldap://127.0.0.1:{free_port()}")
    with deployment.transaction(OPERATOR) as tx:
        affiliations.add(tx, persons.by_id(tx.session, student.id), other, Role.STUDENT, local_number="X001")
    assert attempt(browser, other, "X001", THERE).status == 503
    assert "林小雨" in attempt(browser, school, "S001", THERE).text


@pytest.mark.parametrize(("number", "words"), [("OLD", "too old"), ("GIVEN", "a new password first"), ("LOCKED", "has locked")])
def test_why_a_right_password_is_refused_is_said_with_where_to_mend_it(
    english: Browser, deployment: Deployment, school: str, directory: int, number: str, words: str
) -> None:
    make_person(deployment, school, local_number=number, password=None)
    page = attempt(english, school, number, THERE)
    assert page.status == 422
    assert words in page.text
    assert PASSWORD_PAGE in page.text


def test_only_what_a_wrong_password_is_told_too_counts_as_a_guess(
    browser: Browser, deployment: Deployment, school: str, directory: int
) -> None:
    make_person(deployment, school, local_number="OLD", password=None)
    make_person(deployment, school, name="王五", document="OTHER1234", local_number="LOCKED", password=None)
    assert [attempt(browser, school, "OLD", THERE).status for _ in range(8)] == [422] * 8
    assert [attempt(browser, school, "LOCKED", THERE).status for _ in range(7)] == [422] * 6 + [429]


def test_a_guesser_waits_and_the_directory_is_not_asked_meanwhile(
    browser: Browser, student: Known, school: str, directory: int, clock: SettableClock
) -> None:
    assert [attempt(browser, school, "S001", "wrong").status for _ in range(7)] == [422] * 6 + [429]
    assert attempt(browser, school, "S001", THERE).status == 429
    clock.forward(seconds=3)
    assert "林小雨" in attempt(browser, school, "S001", THERE).text


def test_a_directory_that_is_down_is_nobodys_fault(
    english: Browser, deployment: Deployment, student: Known, school: str, slapd: Slapd
) -> None:
    enter(deployment, school, slapd, f"ldaps://127.0.0.1:{free_port()}")
    pages = [attempt(english, school, "S001", THERE) for _ in range(8)]
    assert [page.status for page in pages] == [503] * 8
    assert "does not answer at the moment" in pages[0].text
    assert "S001" in pages[0].text


def test_another_server_is_asked_and_the_first_again_after_a_while(
    browser: Browser, deployment: Deployment, student: Known, school: str, slapd: Slapd, clock: SettableClock
) -> None:
    enter(deployment, school, slapd, f"ldap://127.0.0.1:{free_port()}", slapd.ldaps)
    for _ in range(2):
        assert "林小雨" in attempt(browser, school, "S001", THERE).text
        browser.client.delete_cookie("yima_session", domain="localhost")
        clock.forward(seconds=int(LEFT_ALONE.total_seconds()))


def test_where_a_school_wants_it_the_password_here_counts_while_its_directory_is_down(
    browser: Browser, deployment: Deployment, school: str, slapd: Slapd
) -> None:
    enter(deployment, school, slapd, f"ldap://127.0.0.1:{free_port()}", fallback=True)
    make_person(deployment, school, local_number="S001", password=HERE)
    assert attempt(browser, school, "S001", THERE).status == 422
    assert "林小雨" in attempt(browser, school, "S001", HERE).text


def test_self_service_says_who_keeps_the_password(english: Browser, student: Known, school: str, directory: int) -> None:
    attempt(english, school, "S001", THERE)
    page = english.get("/me/password")
    assert "It is kept there, and only checked here" in page.text
    assert PASSWORD_PAGE in page.text
    token = english.get("/me").forms[0].fields["csrf_token"]
    english.post("/me/password", {"csrf_token": token, "old": THERE, "password": HERE, "again": HERE})
    assert english.page.status == 422


def test_after_an_alarm_the_person_is_sent_to_the_school_and_gets_in_again(
    english: Browser, deployment: Deployment, school: str, directory: int
) -> None:
    make_person(deployment, school, local_number="S001", password=HERE)
    attempt(english, school, "S001", THERE)
    english.get("/me/not-me")
    page = english.submit(form=english.page.form("factor_lost"))
    assert PASSWORD_PAGE in page.text
    assert "林小雨" in attempt(english, school, "S001", THERE).text


def test_an_activation_code_sets_no_password_beside_the_schools_and_stays_good(
    english: Browser, deployment: Deployment, student: Known, directory: int
) -> None:
    with deployment.transaction(OPERATOR) as tx:
        code = activation.issue(tx, deployment.ring.vault, persons.by_id(tx.session, student.id), lifetime=3600).code
    english.get("/activate")
    page = english.submit(account=student.number, activation_code=code, password=HERE, again=HERE)
    assert page.status == 422
    assert "Your password is kept by 第一小学" in page.text
    with deployment.transaction(OPERATOR) as tx:
        registration.disable(tx, directory)
    english.get("/activate")
    assert english.submit(account=student.number, activation_code=code, password=HERE, again=HERE).status == 200


def test_what_a_directory_says_is_not_shown(
    app: Flask, english: Browser, deployment: Deployment, student: Known, school: str, slapd: Slapd
) -> None:
    described = Described.of(
        servers=(slapd.ldap,), base=BASE, filter="(uid={number})", account_name=READER, authorities=slapd.authority
    )
    with deployment.transaction(OPERATOR) as tx:
        registration.enable(tx, registration.add(tx, deployment.ring.vault, school, described, "wrong").id)
    page = attempt(english, school, "S001", THERE)
    assert page.status == 503
    assert "cn=reader" not in page.text
    assert "localhost:" not in page.text.replace("localhost:8000", "")
