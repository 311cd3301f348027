"""A phone that is set up, and a sign-in that has asked it."""

import pytest
from flask import Flask

from tests.cosigning.phone import PhoneApp
from tests.people import PASSWORD, Known
from tests.web.cosigning.pages import ask, set_up
from tests.web.pages import Browser, Page


@pytest.fixture
def co_signer(app: Flask, person: Known) -> PhoneApp:
    """The phone of the person, set up."""
    browser = Browser(app)
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    return set_up(app, browser)


@pytest.fixture
def asking(browser: Browser, person: Known, co_signer: PhoneApp) -> Page:
    """The page of a sign-in that has just asked the phone."""
    return ask(browser, person)
