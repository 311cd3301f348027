"""The first sign-in: an activation code, used once, sets a password that is worth something."""

import pytest
from flask import Flask

from idp.deployment import Deployment
from idp.login import activation
from idp.registry.tables import Person
from tests.at_once import at_once
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known, make_person
from tests.web.pages import Browser


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
