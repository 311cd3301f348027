"""``/me/email``: the page by which an address of one's own is entered and confirmed."""

import dataclasses
import re
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from idp.app import create_app
from idp.deployment import Deployment
from idp.mail import queue as mail
from idp.outbox.tables import Message
from tests.clocks import SettableClock
from tests.people import PASSWORD, Known, make_person
from tests.web.conftest import app_with, sign_in_to
from tests.web.pages import Browser
from tests.web.relying_party import RelyingParty

pytestmark = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)
OWN = "lin@example.com"


@pytest.fixture
def deployment(deployment: Deployment) -> Deployment:
    """The installation where e-mail can be sent."""
    changes = {"mail_server": "localhost:25", "mail_from": "a@b.cn", "organisation": "第一小学"}
    return dataclasses.replace(deployment, settings=deployment.settings.model_copy(update=changes))


def signed_in(app: Flask, person: Known, **more: str) -> Browser:
    browser = Browser(app, **more)
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    return browser


def last_letter(deployment: Deployment) -> str:
    with deployment.reading() as session:
        payload = session.scalars(select(Message.payload).where(Message.kind == mail.KIND).order_by(Message.id.desc())).first()
    assert payload is not None
    return mail.opened(deployment.ring.vault, payload).text


def code_of(deployment: Deployment) -> str:
    return re.findall("[0-9]{6}", last_letter(deployment))[0]


def test_an_address_is_entered_confirmed_and_known_to_apps_as_verified(
    app: Flask, deployment: Deployment, person: Known, rp: RelyingParty
) -> None:
    browser = signed_in(app, person)
    assert "由学校登记" in browser.page.text
    page = browser.get("/me/email")
    assert all(words in page.text for words in ("l***@example.edu.cn", "邮箱有什么用", "仍然需要密码"))
    page = browser.submit(email=OWN)
    assert (page.url.endswith("/me/email"), OWN in page.text, 'autocomplete="one-time-code"' in page.text) == (True, True, True)
    assert "第一小学" in last_letter(deployment)
    page = browser.submit(code=code_of(deployment))
    assert all(words in page.text for words in ("l***@example.com", "确认", "您账号的邮箱已更换"))
    code = sign_in_to(browser, rp, person, scope="openid email")
    told = rp.userinfo(rp.exchange(code).body["access_token"]).body
    assert (told["email"], told["email_verified"]) == (OWN, True)
    stranger = Browser(app)
    stranger.get("/login")
    assert "林小雨" in stranger.sign_in(OWN, PASSWORD).text


def test_a_wrong_code_and_a_wrong_address_are_said_so(app: Flask, deployment: Deployment, person: Known) -> None:
    browser = signed_in(app, person)
    browser.get("/me/email")
    assert (browser.submit(email="lin at home").status, "不是可以收信的邮箱" in browser.page.text) == (422, True)
    browser.submit(email=OWN)
    right = code_of(deployment)
    wrong = f"{(int(right) + 1) % 10**6:06}"
    for left in (True, True, True, True, False):
        page = browser.submit(code=wrong)
        assert (page.status, "验证码不对" in page.text, any("code" in form.fields for form in page.forms)) == (422, True, left)
    assert browser.submit(email=OWN).status == 429
    assert "分钟后再试" in browser.page.text


def test_another_browser_of_the_same_person_cannot_type_the_code(app: Flask, deployment: Deployment, person: Known) -> None:
    browser, other = signed_in(app, person), signed_in(app, person, language="en")
    browser.get("/me/email")
    form = next(form for form in browser.submit(email=OWN).forms if "code" in form.fields)
    page = other.get("/me/email")
    assert not any("code" in form.fields for form in page.forms)
    token = page.form("email").fields["csrf_token"]
    assert other.post(form.action, {"csrf_token": token, "code": code_of(deployment)}).status == 422
    assert "not right, or not good any more" in other.page.text
    assert "l***@example.com" in browser.submit(code=code_of(deployment)).text


def test_it_asks_for_a_sign_in_of_the_last_minutes(app: Flask, person: Known, clock: SettableClock) -> None:
    browser = signed_in(app, person)
    clock.forward(minutes=11)
    assert any("password" in form.fields for form in browser.get("/me/email").forms)


@pytest.mark.parametrize("data", [{}, {"email": ""}, {"email": "x" * 300}, {"email": "a\x00@b.cn"}])
def test_a_broken_form_is_refused(app: Flask, person: Known, data: dict[str, str]) -> None:
    browser = signed_in(app, person)
    token = browser.get("/me/email").form("email").fields["csrf_token"]
    assert browser.post("/me/email/code", {"csrf_token": token, **data}).status in (400, 422)


@pytest.mark.parametrize("changes", [{"mail_server": ""}, {"mail_own_address": False}])
def test_without_a_mail_server_there_is_no_form(deployment: Deployment, person: Known, changes: dict[str, object]) -> None:
    browser = signed_in(app_with(deployment, **changes), person)
    assert "l***@example.edu.cn" in browser.page.text
    assert "/me/email" not in browser.page.text
    assert browser.get("/me/email").status == 404
    token = browser.get("/me/password").form("old").fields["csrf_token"]
    assert browser.post("/me/email/code", {"csrf_token": token, "email": OWN}).status == 404


def test_a_child_under_14_is_not_asked_for_an_address(deployment: Deployment, school: str) -> None:
    today = deployment.clock.now().date()
    child = make_person(deployment, school, name="林小小", document="DEMO9", born=date(today.year - 10, 1, 1))
    browser = signed_in(create_app(deployment), child)
    assert "/me/email" not in browser.page.text
    assert browser.get("/me/email").status == 404
