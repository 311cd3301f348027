"""A hardware token on the pages: set up by its serial number, asked for at sign-in."""

from pathlib import Path

import pytest
from flask import Flask

from idp.crypto.sm3_otp import one_time_password
from idp.deployment import Deployment
from idp.mfa.factors.sm3otp import tokens
from idp.mfa.factors.sm3otp.seeds import import_seeds
from idp.registry.tables import Person
from tests.clocks import SettableClock
from tests.people import OPERATOR, PASSWORD, Known
from tests.web.pages import Browser, Page

KEY = bytes.fromhex("1234567890abcdef1234567890abcdef")


@pytest.fixture
def person(deployment: Deployment, person: Known, tmp_path: Path) -> Known:
    """Somebody to whom a token of each mode was given."""
    file = tmp_path / "seeds.csv"
    file.write_text("\n".join(["serial,seed,mode", *(f"{mode}-1,{KEY.hex()},{mode}" for mode in ("time", "event", "challenge"))]))
    import_seeds(file, deployment.ring.vault, lambda: deployment.transaction(OPERATOR), lambda _done, _all: None)
    with deployment.transaction(OPERATOR) as tx:
        for serial in ("TIME-1", "EVENT-1", "CHALLENGE-1"):
            tokens.assign(tx, tx.session.get_one(Person, person.id), serial)
    return person


def signed_in(app: Flask, person: Known) -> Browser:
    browser = Browser(app)
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    return browser


def asked_number(page: Page) -> bytes:
    return page.text.split('class="key">')[1].split("<")[0].replace(" ", "").encode()


@pytest.mark.parametrize("mode", ["time", "event"])
def test_a_token_is_set_up_by_its_serial_number_and_asked_for_afterwards(
    app: Flask, person: Known, clock: SettableClock, mode: str
) -> None:
    def code(press: int) -> str:
        now = int(clock.now().timestamp()) // 60
        return one_time_password(KEY, counter=press) if mode == "event" else one_time_password(KEY, step=now)

    browser = signed_in(app, person)
    browser.get("/me/factors/sm3otp")
    assert browser.submit(serial="EVENT-9").status == 422
    browser.submit(serial=f"{mode}-1")
    assert browser.submit(code="000000").status == 422
    assert browser.submit(code=code(0)).url.endswith("/me/recovery")
    assert f"{mode}-1".upper() in browser.get("/me").text
    clock.forward(seconds=60)
    fresh = signed_in(app, person)
    assert "动态令牌" in fresh.page.text
    assert "林小雨" in fresh.submit(code=code(1)).text


def test_a_challenge_token_answers_the_number_that_the_page_shows(app: Flask, person: Known, clock: SettableClock) -> None:
    def code(page: Page) -> str:
        return one_time_password(KEY, step=int(clock.now().timestamp()) // 60, challenge=asked_number(page))

    browser = signed_in(app, person)
    browser.get("/me/factors/sm3challenge")
    page = browser.submit(serial="CHALLENGE-1")
    browser.submit(code=code(page))
    fresh = signed_in(app, person)
    assert fresh.submit(code="000000").status == 422
    assert "林小雨" in fresh.submit(code=code(fresh.page)).text


def test_without_an_assigned_token_the_kind_is_not_offered(app: Flask, deployment: Deployment, person: Known) -> None:
    with deployment.transaction(OPERATOR) as tx:
        tokens.take_back(tx, tx.session.get_one(Person, person.id), "CHALLENGE-1")
    browser = signed_in(app, person)
    assert "/me/factors/sm3otp" in browser.get("/me").text
    assert "/me/factors/sm3challenge" not in browser.get("/me").text
    assert browser.get("/me/factors/sm3challenge").status == 400
