"""A teacher on the phone who has two weeks to set a second factor up: put off, then done, and never asked again."""

from collections.abc import Callable
from pathlib import Path

import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from idp.mfa.policy import kinds_of
from idp.policy import store
from idp.policy.document import read
from idp.registry.affiliations import Role
from tests import factors
from tests.flows.conftest import Newcomer, NewContext, Site, send, sign_in
from tests.people import OPERATOR, make_person, make_school


def test_a_teacher_puts_it_off_once_and_then_sets_it_up(site: Site, context: NewContext, shot: Callable[[Page, str], Path]) -> None:
    school = make_school(site.deployment, "第二中学", category="31")
    known = make_person(site.deployment, school, name="王老师", document="REMIND0001", role=Role.TEACHER)
    with site.deployment.transaction(OPERATOR) as tx:
        policy = read({"rules": [{"institution": school, "role": "teacher", "level": 2, "kinds": ["totp"], "grace_days": 14}]})
        store.apply(tx, policy, kinds_of(factors.site_of(site.deployment)))
    person = Newcomer(known, "王老师")
    page = context(width=390, height=844).new_page()
    page.goto(f"{site.url}/login")
    sign_in(page, person)
    expect(page.get_by_role("button", name="以后再说")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shot(page, "reminder-phone")
    with page.expect_navigation():
        page.click("button[value=later]")
    assert page.url == f"{site.url}/me"

    page = context(width=390, height=844).new_page()
    page.goto(f"{site.url}/login")
    sign_in(page, person)
    with page.expect_navigation():
        page.click("button[value=now]")
    (found,) = zxingcpp.read_barcodes(Image.open(shot(page, "reminder-set-up-phone")))
    person.totp_secret = found.text.partition("secret=")[2].partition("&")[0]
    send(page, code=person.code())
    assert page.url == f"{site.url}/me"

    page = context(width=390, height=844).new_page()
    page.goto(f"{site.url}/login")
    send(page, account=known.number, password=person.password)
    send(page, code=person.code(1))
    assert page.url == f"{site.url}/me"
