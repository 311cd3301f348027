"""axe-core finds nothing serious on any page, on a desk and on a phone, in both languages."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.flows.conftest import NewContext, Site, agree, send
from tests.services.processes import ROOT, needed

# A page looks the same from either database.
pytestmark = pytest.mark.parametrize("site", ["sqlite"], indirect=True)

AXE = ROOT / "tests" / "clients" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def axe() -> str:
    if not AXE.is_file():
        needed("npm", "apt install npm, then make clients")
    return Path(AXE).read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_no_page_has_a_serious_or_critical_violation(site: Site, context: NewContext, axe: str, locale: str, width: int) -> None:
    page = context(locale=locale, width=width).new_page()
    looked_at: list[str] = []

    def check(name: str) -> None:
        page.evaluate(axe)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        serious = [(item["id"], item["nodes"][0]["html"]) for item in found if item["impact"] in ("serious", "critical")]
        assert not serious, (name, serious)
        looked_at.append(name)

    _walk(site, page, check)
    assert len(looked_at) >= 23


def _walk(site: Site, page: Page, check: object) -> None:
    assert callable(check)
    person, newcomer = site.newcomer(totp=True), site.newcomer()
    for name, path in (
        ("error", "/nothing-here"),
        ("lost", "/login?flow=x"),
        ("activate", "/activate"),
        ("device", "/device"),
        ("wrong device code", "/device?user_code=BBBB-BBBB"),
        ("signed out", "/signed-out"),
    ):
        page.goto(site.url + path)
        check(name)
    page.goto(f"{site.app_url}/sign-in")
    flow = page.url
    check("sign-in")
    for name, query in (
        ("school", "&query="),
        ("schools", "&query=实验"),
        ("no school", "&query=没有"),
        ("number", f"&school={site.school}"),
    ):
        page.goto(flow + query)
        check(name)
    page.goto(flow)
    send(page, account=person.known.number, password="wrong")
    check("wrong password")
    send(page, account=person.known.number, password=person.password)
    check("code")
    page.goto(flow + "&kind=recovery")
    page.goto(flow)
    send(page, code=person.code())
    check("consent")
    agree(page)
    check("app")
    safety = ("/me/notices", "/me/sign-ins", "/me/not-me")
    for name in ("/", "/me", "/me/factors/totp", "/me/recovery", "/me/password", "/me/email", *safety, "/logout"):
        page.goto(site.url + name)
        check(name)
    page.goto(f"{site.url}/me/email")
    send(page, email=f"{person.known.number.lower()}@example.com")
    assert page.is_visible("[name=code]")
    check("code by e-mail")
    page.goto(f"{site.url}/me/recovery")
    with page.expect_navigation():
        page.click("main form[action$='/me/recovery'] button")
    check("recovery codes")
    page.context.clear_cookies()
    page.goto(f"{site.strict_app_url}/sign-in")
    send(page, account=newcomer.known.number, password=newcomer.password)
    check("enrol")
