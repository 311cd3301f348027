"""What people do in their browser, from the first sign-in to the sign-out."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from tests.flows.conftest import Newcomer, NewContext, Site, agree, send, sign_in

Shot = Callable[[Page, str], Path]


def enrol(page: Page, person: Newcomer, picture: Path) -> None:
    """Sets an authenticator app up as a phone does: from what the QR code on the page says."""
    found = zxingcpp.read_barcodes(Image.open(picture))
    assert len(found) == 1
    uri = urlsplit(found[0].text)
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    person.totp_secret = parse_qs(uri.query)["secret"][0]
    send(page, code=person.code())


def test_a_new_teacher_activates_sets_a_second_factor_up_and_is_in_both_apps(site: Site, page: Page, shot: Shot) -> None:
    person = site.newcomer(activation_code=True)
    page.goto(f"{site.app_url}/sign-in")
    shot(page, "sign-in")
    with page.expect_navigation():
        page.click("a[href*='/activate']")
    shot(page, "activate")
    send(
        page,
        account=person.known.number,
        activation_code=person.activation_code,
        password="trombone lake 7",
        again="trombone lake 7",
    )
    person.password = "trombone lake 7"
    shot(page, "consent")
    agree(page)
    expect(page.locator("h1")).to_have_text(f"您好，{person.name}")
    shot(page, "app")

    page.goto(f"{site.strict_app_url}/sign-in")
    enrol(page, person, shot(page, "enrol"))
    assert page.url == f"{site.strict_app_url}/"
    expect(page.get_by_text("密码 + 一次性验证码")).to_be_visible()

    page.goto(f"{site.url}/me")
    expect(page.get_by_text("验证器应用").first).to_be_visible()
    shot(page, "account")


def test_password_and_code_sign_in_and_the_second_app_does_not_ask_again(site: Site, page: Page, shot: Shot) -> None:
    person = site.newcomer(totp=True)
    page.goto(f"{site.app_url}/sign-in")
    send(page, account=person.known.number, password=person.password)
    shot(page, "code")
    send(page, code=person.code())
    agree(page)
    expect(page.get_by_text("密码 + 一次性验证码")).to_be_visible()
    page.goto(f"{site.strict_app_url}/sign-in")
    assert page.url == f"{site.strict_app_url}/"
    expect(page.locator("h1")).to_have_text(f"您好，{person.name}")


def test_a_wrong_password_a_wrong_code_and_a_replayed_code_are_told_in_plain_words(
    site: Site, context: NewContext, page: Page, shot: Shot
) -> None:
    person = site.newcomer(totp=True)
    page.goto(f"{site.app_url}/sign-in")
    send(page, account=person.known.number, password="wrong")
    expect(page.get_by_role("alert")).to_contain_text("账号或密码不正确")
    shot(page, "wrong-password")
    send(page, account=person.known.number, password=person.password)
    used = person.code()
    wrong = "000000" if used != "000000" else "111111"
    send(page, code=wrong)
    expect(page.get_by_role("alert")).to_contain_text("验证码不正确")
    shot(page, "wrong-code")
    send(page, code=used)
    agree(page)

    other = context().new_page()
    other.goto(f"{site.app_url}/sign-in")
    send(other, account=person.known.number, password=person.password)
    send(other, code=used)
    expect(other.get_by_role("alert")).to_contain_text("验证码不正确或已用过")


def test_refusing_consent_leads_back_to_the_app_without_a_sign_in(site: Site, page: Page, shot: Shot) -> None:
    person = site.newcomer()
    page.goto(f"{site.app_url}/sign-in")
    sign_in(page, person)
    with page.expect_navigation():
        page.click("button[value=refuse]")
    expect(page.get_by_text("您没有同意")).to_be_visible()
    shot(page, "consent-refused")


def test_signing_out_of_an_app_signs_out_of_the_provider(site: Site, page: Page, shot: Shot) -> None:
    person = site.newcomer()
    page.goto(f"{site.app_url}/sign-in")
    sign_in(page, person)
    agree(page)
    with page.expect_navigation():
        page.click("text=退出登录")
    assert page.url.startswith(f"{site.app_url}/")
    page.goto(f"{site.url}/me")
    expect(page.locator("[name=password]")).to_be_visible()
    page.goto(f"{site.url}/signed-out")
    shot(page, "signed-out")


def test_signing_out_at_the_provider_asks_first(site: Site, page: Page, shot: Shot) -> None:
    person = site.newcomer()
    page.goto(f"{site.url}/me")
    sign_in(page, person)
    page.goto(f"{site.url}/logout")
    shot(page, "sign-out")
    with page.expect_navigation():
        page.click("main form[action$='/logout'] button")
    expect(page.get_by_text("您已退出登录")).to_be_visible()


def test_a_student_signs_in_with_a_student_number_of_a_school_found_by_name(site: Site, page: Page, shot: Shot) -> None:
    person = site.newcomer()
    page.goto(f"{site.app_url}/sign-in")
    with page.expect_navigation():
        page.get_by_role("link", name="用学号或工号登录").click()
    send(page, query="实验")
    shot(page, "choose-school")
    with page.expect_navigation():
        page.get_by_role("link", name="实验小学").click()
    shot(page, "student-number")
    number = f"F{int(person.name.removeprefix('林小雨')):03}"
    send(page, account=number, password=person.password)
    agree(page)
    expect(page.locator("h1")).to_have_text(f"您好，{person.name}")


def test_without_javascript_everything_works_the_same(site: Site, context: NewContext) -> None:
    browser = context().browser
    assert browser is not None
    plain = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = plain.new_page()
    person = site.newcomer(totp=True)
    page.goto(f"{site.app_url}/sign-in")
    sign_in(page, person)
    agree(page)
    assert page.url == f"{site.app_url}/"
    page.goto(f"{site.url}/me")
    assert person.name in page.content()
    plain.close()


def test_on_a_phone_every_page_fits_and_can_be_tapped(site: Site, context: NewContext, shot: Shot) -> None:
    page = context(width=390, height=844).new_page()
    person = site.newcomer(totp=True)

    def check(name: str) -> None:
        shot(page, f"phone-{name}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        for box in page.eval_on_selector_all(
            "main button, main .button, main label.tick, main input:not([type=hidden], [type=checkbox])",
            "all => all.map(e => e.getBoundingClientRect().height)",
        ):
            assert box >= 44, name

    page.goto(f"{site.app_url}/sign-in")
    check("sign-in")
    send(page, account=person.known.number, password=person.password)
    check("code")
    send(page, code=person.code())
    check("consent")
    agree(page)
    page.goto(f"{site.url}/me")
    check("account")
    page.goto(f"{site.url}/me/factors/totp")
    check("add-totp")
    page.goto(f"{site.url}/activate")
    check("activate")
    page.goto(f"{site.url}/device")
    check("device")
