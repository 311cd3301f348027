"""The signing app in Chromium: set up, eight sign-ins, a reload, a wrong PIN to the lock; nothing that a script could carry off."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from tests.flows.conftest import Newcomer, NewContext, Site, send

# What the databases could do differently is shown by tests/web, which has the same messages on both.
pytestmark = pytest.mark.parametrize("site", ["sqlite"], indirect=True)

PIN, OTHER_PIN = "482915", "739264"
SIGN_INS = 8
Shot = Callable[[Page, str], Path]


def phone_url(site: Site) -> str:
    return site.url.replace("://", "://phone.")


def enrol(site: Site, computer: Page, phone: Page, person: Newcomer, shot: Shot | None = None) -> None:
    """Sets the phone up from the self-service page."""
    computer.goto(f"{site.url}/login")
    send(computer, account=person.known.number, password=person.password)
    computer.goto(f"{site.url}/me/factors/cosign")
    if shot:
        shot(computer, "phone-01-set-up-page")
    link = computer.locator("a[href*='#enrol=']").get_attribute("href")
    phone.goto(link or "")
    phone.fill("[name=pin]", PIN)
    phone.fill("[name=again]", PIN)
    if shot:
        shot(phone, "phone-02-pin")
    phone.click("button.main")
    phone.wait_for_selector("[name=number]")
    phone.fill("[name=number]", computer.locator(".number").inner_text())
    if shot:
        shot(phone, "phone-03-confirm-set-up")
    phone.click("button.main")
    phone.wait_for_selector("[data-done=done_enrol]")
    if shot:
        shot(phone, "phone-04-set-up-done")
    phone.click("button.main")
    computer.wait_for_url(re.compile(r"/me"))  # the page has noticed by itself


def begin_sign_in(site: Site, context: NewContext, person: Newcomer) -> Page:
    """Another computer asks the phone."""
    computer = context().new_page()
    computer.goto(f"{site.url}/login")
    send(computer, account=person.known.number, password=person.password)
    with computer.expect_navigation():
        computer.click("form[action$='/login/challenge'] button")
    return computer


def confirm(computer: Page, phone: Page, pin: str = PIN) -> None:
    answer(phone, computer.locator(".number").inner_text(), pin)


def answer(phone: Page, number: str, pin: str = PIN) -> None:
    phone.wait_for_selector("[name=number]")
    phone.fill("[name=number]", number)
    phone.fill("[name=pin]", pin)
    phone.click("button.main")


@pytest.fixture
def handset(context: NewContext) -> BrowserContext:
    return context(width=390, height=844)


def test_enrol_and_eight_sign_ins_with_a_reload_between(
    site: Site, context: NewContext, handset: BrowserContext, page: Page, shot: Shot
) -> None:
    person, phone = site.newcomer(), handset.new_page()
    trouble: list[str] = []
    phone.on("pageerror", lambda error: trouble.append(str(error)))
    phone.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
    enrol(site, page, phone, person, shot)
    for number in range(SIGN_INS):
        if number == 3:
            phone.reload()
        if number == 5:
            phone.close()
            computer, phone = begin_sign_in(site, context, person), handset.new_page()
            computer.click("summary")
            # The person's camera: the code on the sign-in page leads to the question.
            (code,) = zxingcpp.read_barcodes(Image.open(shot(computer, "phone-06-scanned")))
            phone.goto(code.text)
        else:
            phone.wait_for_selector(".shield")
            if number == 0:
                shot(phone, "phone-05-idle")
            computer = begin_sign_in(site, context, person)
        if number == 0:
            shot(computer, "phone-06-sign-in-page")
            phone.wait_for_selector("[name=number]")
            shot(phone, "phone-07-confirm")
        confirm(computer, phone)
        phone.wait_for_selector("[data-done=done_login]")
        if number == 0:
            shot(phone, "phone-08-done")
        computer.wait_for_url(re.compile(r"/me$"))
        expect(computer.locator("h1")).to_have_text(person.name)
        phone.click("button.main")
    page.goto(f"{site.url}/me/signatures")
    expect(page.locator("a[download]")).to_have_count(SIGN_INS + 1)
    shot(page, "phone-09-signatures")
    assert trouble == []


def test_no_script_can_read_a_key_and_nothing_kept_tells_a_pin(site: Site, handset: BrowserContext, page: Page) -> None:
    phone = handset.new_page()
    enrol(site, page, phone, site.newcomer())
    kept = phone.evaluate(
        """async () => {
            const database = await new Promise((done) => {
                const opening = indexedDB.open("yima-phone");
                opening.onsuccess = () => done(opening.result);
            });
            const [record] = await new Promise((done) => {
                const asked = database.transaction("accounts").objectStore("accounts").getAll();
                asked.onsuccess = () => done(asked.result);
            });
            const exported = async (key, format) => {
                try { await crypto.subtle.exportKey(format, key); return "exported"; } catch (error) { return error.name; }
            };
            return {
                names: Object.keys(record).sort(), sealed: Object.keys(record.sealed).sort(),
                device: await exported(record.device, "pkcs8"), kek: await exported(record.sealed.kek, "raw"),
                local: localStorage.length, cookies: document.cookie,
            };
        }"""
    )
    assert kept == {
        "names": ["account", "device", "generation", "joint", "kid", "organisation", "sealed", "sequence", "since"],
        "sealed": ["blob", "iterations", "iv", "kek", "salt"],
        "device": "InvalidAccessError",
        "kek": "InvalidAccessError",
        "local": 0,
        "cookies": "",
    }


def test_wrong_pins_lock_the_phone_and_the_right_one_does_not_open_it(
    site: Site, context: NewContext, handset: BrowserContext, page: Page, shot: Shot
) -> None:
    person, phone = site.newcomer(), handset.new_page()
    enrol(site, page, phone, person)
    number = begin_sign_in(site, context, person).locator(".number").inner_text()
    for left in (4, 3, 2, 1):
        answer(phone, number, OTHER_PIN)
        expect(phone.locator(".wrong")).to_contain_text(f"还可以试 {left} 次")
    shot(phone, "phone-10-wrong-pin")
    answer(phone, number, OTHER_PIN)
    expect(phone.locator(".wrong")).to_contain_text("已锁定")
    answer(phone, number)
    expect(phone.locator(".wrong")).to_be_visible()
    assert phone.locator("[data-done]").count() == 0
    phone.reload()
    expect(phone.locator("h1")).to_contain_text("已锁定")
    shot(phone, "phone-11-locked")


def test_saying_not_me_refuses_the_sign_in(
    site: Site, context: NewContext, handset: BrowserContext, page: Page, shot: Shot
) -> None:
    person, phone = site.newcomer(), handset.new_page()
    enrol(site, page, phone, person)
    computer = begin_sign_in(site, context, person)
    phone.wait_for_selector("button.danger")
    phone.click("button.danger")
    phone.wait_for_selector("[data-done=declinedNotMe]")
    shot(phone, "phone-12-not-me")
    expect(computer.locator(".message.wrong")).to_be_visible()
    computer.goto(f"{site.url}/me")
    expect(computer.locator("h1")).not_to_have_text(person.name)


def test_the_pin_is_changed_with_the_old_one(
    site: Site, context: NewContext, handset: BrowserContext, page: Page, shot: Shot
) -> None:
    person, phone = site.newcomer(), handset.new_page()
    enrol(site, page, phone, person)
    phone.wait_for_selector(".account")
    phone.click(".account button")
    shot(phone, "phone-13-settings")
    phone.click("button.main")
    for old, shown in ((OTHER_PIN, "还可以试 4 次"), (PIN, None)):
        phone.fill("[name=old]", old)
        phone.fill("[name=pin]", "620491")
        phone.fill("[name=again]", "620491")
        phone.click("button.main")
        if shown:
            expect(phone.locator(".wrong")).to_contain_text(shown)
    phone.wait_for_selector("[data-done=done_pin_change]")
    phone.click("button.main")
    computer = begin_sign_in(site, context, person)
    confirm(computer, phone, "620491")
    computer.wait_for_url(re.compile(r"/me$"))


@pytest.mark.parametrize("pin", ["12345", "123456", "111111", "112233", "123321", "520131", "12a456"])
def test_a_pin_that_is_guessed_first_is_not_taken(site: Site, handset: BrowserContext, page: Page, pin: str) -> None:
    person, phone = site.newcomer(), handset.new_page()
    page.goto(f"{site.url}/login")
    send(page, account=person.known.number, password=person.password)
    page.goto(f"{site.url}/me/factors/cosign")
    phone.goto(page.locator("a[href*='#enrol=']").get_attribute("href") or "")
    phone.fill("[name=pin]", pin)
    phone.fill("[name=again]", pin)
    phone.click("button.main")
    expect(phone.locator(".wrong")).to_be_visible()
    assert phone.locator("[name=number]").count() == 0
