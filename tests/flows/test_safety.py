"""On a phone: a device is remembered, a sign-in is recognised, and what was not me is ended."""

import pytest
from playwright.sync_api import Page, expect

from tests.flows.conftest import NewContext, Site, send


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
def test_a_pupil_has_the_phone_remembered_and_later_ends_everything(site: Site, context: NewContext) -> None:
    person, phone, other = site.newcomer(totp=True), context(width=390, height=844), context()
    page = phone.new_page()
    page.goto(f"{site.url}/login")
    send(page, account=person.known.number, password=person.password)
    page.check("[name=remember]")
    send(page, code=person.code())
    _fits(page)
    for path in ("/me/sign-ins", "/me/notices", "/me/not-me"):
        page.goto(site.url + path)
        _fits(page)

    _sign_out(site, page)
    page.goto(f"{site.url}/login")
    send(page, account=person.known.number, password=person.password)
    expect(page.locator("h1")).to_have_text(person.name)

    # Somebody else has the password and a copy of what the phone keeps.
    other.add_cookies([cookie for cookie in phone.cookies() if cookie["name"] == "yima_remembered"])
    theirs = other.new_page()
    theirs.goto(f"{site.url}/login")
    send(theirs, account=person.known.number, password=person.password)
    expect(theirs.locator("h1")).to_have_text(person.name)

    page.goto(f"{site.url}/me")
    with page.expect_navigation():
        page.get_by_role("link", name="不是我本人").first.click()
    page.check("[name=factor_lost]")
    with page.expect_navigation():
        page.get_by_role("button", name="全部结束").click()
    expect(page.get_by_role("status")).to_be_visible()
    theirs.goto(f"{site.url}/me")
    expect(theirs.locator("[name=account]")).to_be_visible()

    with page.expect_navigation():
        page.get_by_role("link", name="登录并设置新密码").click()
    send(page, account=person.known.number, password=person.password)
    send(page, code=person.code(1))
    send(page, password="trombone lake 7", again="trombone lake 7")
    expect(page.locator("h1")).to_have_text(person.name)


def _fits(page: Page) -> None:
    """Nothing hangs over the edge of the phone."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, page.url


def _sign_out(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/logout")
    with page.expect_navigation():
        page.get_by_role("button", name="退出登录").click()
