"""The web application over an installation of the test's own, with a school and a person in it."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import pyotp
import pytest
from flask import Flask

from idp.app import create_app
from idp.crypto.passwords import Cost
from idp.deployment import Deployment
from tests import factors
from tests.clocks import SettableClock
from tests.people import OPERATOR, PASSWORD, Known, make_person, make_school
from tests.services.receiver import Receiver, receiving
from tests.web.pages import Browser
from tests.web.relying_party import RelyingParty, register_app


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guesses cost next to nothing here: the cost itself has its own tests."""
    monkeypatch.setattr(Cost.__init__, "__defaults__", (64, 1, 1))


@pytest.fixture
def app(deployment: Deployment) -> Flask:
    return create_app(deployment)


def app_with(deployment: Deployment, **changes: object) -> Flask:
    """The application under other settings, over the same database."""
    return create_app(dataclasses.replace(deployment, settings=deployment.settings.model_copy(update=changes)))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A web server of an app."""
    with receiving() as one:
        yield one


@pytest.fixture
def fetching(deployment: Deployment) -> Flask:
    """The application where it may fetch from this very machine."""
    return app_with(deployment, allow_private_fetches=True)


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture
def english(app: Flask) -> Browser:
    """A browser that asks for English, for tests that read the text."""
    return Browser(app, language="en")


@pytest.fixture
def school(deployment: Deployment) -> str:
    return make_school(deployment)


@pytest.fixture
def person(deployment: Deployment, school: str) -> Known:
    return make_person(deployment, school, phone="13800000000", email="lin@example.edu.cn", local_number="S001")


@dataclass
class Phone:
    """The authenticator app of a person: shows the code of any step."""

    secret: str
    clock: SettableClock

    def code(self, step: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(self.clock.now(), counter_offset=step)


def give_totp(deployment: Deployment, person: Known, clock: SettableClock) -> Phone:
    """Sets an authenticator app up for the person; the code of the current step is still unused."""
    with deployment.transaction(OPERATOR) as tx:
        phone = Phone(factors.begin(deployment, tx, person)["secret"], clock)
        factors.confirm(deployment, tx, person, phone.code())
    clock.forward(seconds=30)
    return phone


@pytest.fixture
def phone(deployment: Deployment, person: Known, clock: SettableClock) -> Phone:
    return give_totp(deployment, person, clock)


@pytest.fixture
def rp(app: Flask, deployment: Deployment, school: str) -> RelyingParty:
    """A confidential app on the SM issuer that people are asked about."""
    return register_app(app, deployment, school)


@pytest.fixture
def trusted(app: Flask, deployment: Deployment, school: str) -> RelyingParty:
    """One of the school's own: nobody is asked what it may know."""
    return register_app(app, deployment, school, name="教务系统", trusted=True)


def sign_in_to(browser: Browser, rp: RelyingParty, person: Known, **changes: str | None) -> str:
    """Signs the person in to an app, agrees if asked, and returns the code."""
    page = browser.get(rp.authorize_url(**changes))
    if any("password" in form.fields for form in page.forms):
        page = browser.sign_in(person.number, PASSWORD)
    if any("decision" in dict(form.buttons) for form in page.forms):
        page = browser.submit(decision="agree")
    assert page.location.startswith("https://app.example.edu.cn/callback"), page.text
    return page.query["code"]


@pytest.fixture
def code(browser: Browser, rp: RelyingParty, person: Known) -> str:
    return sign_in_to(browser, rp, person)


@pytest.fixture
def tokens(rp: RelyingParty, code: str) -> dict[str, str]:
    answer = rp.exchange(code)
    assert answer.status == 200, answer.body
    return dict(answer.body)
