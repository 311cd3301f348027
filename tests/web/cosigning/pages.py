"""The pages of co-signing, opened and sent as people do."""

import re

from flask import Flask
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.deployment import Deployment
from tests.cosigning.phone import PhoneApp
from tests.people import PASSWORD, Known
from tests.web.pages import Browser, Page

TICKET = re.compile(r"#enrol=([A-Za-z0-9_-]{22})")
NUMBER = re.compile(r'class="number"[^>]*>(\d\d)<')
STATE = re.compile(r"/cosign/state\?tx=([A-Za-z0-9_-]{22})")


def found(pattern: re.Pattern[str], page: Page) -> str:
    match = pattern.search(page.text)
    assert match, page.text
    return match[1]


def set_up(app: Flask, browser: Browser) -> PhoneApp:
    """Sets the phone up for whoever is signed in at ``browser``."""
    page = browser.get("/me/factors/cosign")
    phone = PhoneApp(app)
    assert phone.confirm(phone.make_key(found(TICKET, page)), found(NUMBER, page)).status == 200
    browser.submit(form=page.form("challenge"))
    return phone


def ask(browser: Browser, person: Known) -> Page:
    browser.get("/login")
    page = browser.sign_in(person.number, PASSWORD)
    assert "yima_session" not in browser.cookies()
    return browser.submit(form=page.form("kind"))


def collect(browser: Browser, page: Page) -> Page:
    return browser.submit(form=page.form("challenge"))


def events(deployment: Deployment, action: str) -> list[AuditEvent]:
    with deployment.reading() as session:
        return list(session.scalars(select(AuditEvent).where(AuditEvent.action == action)).all())
