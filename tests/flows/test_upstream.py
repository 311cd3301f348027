"""People come in by accounts elsewhere, in their browser: npm's oidc-provider, another Yima by SM2 tokens, and its CAS server."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from idp.apps import register
from idp.deployment import Deployment, open_deployment
from idp.oidc.clients import registration as oidc_registration
from idp.settings import Settings
from idp.sso.cas import registration as cas_registration
from idp.sso.cas.registration import Registration as CasRegistration
from idp.sso.cas.rules import Rules as CasRules
from idp.upstream import providers
from idp.upstream.providers import Wanted
from idp.upstream.rules import Rules
from tests.flows.conftest import NewContext, Site, agree, send, sign_in
from tests.flows.test_accessibility import AXE
from tests.people import OPERATOR, PASSWORD, make_person, make_school
from tests.registrations import registration_of
from tests.services.openid_client import CLIENTS, NODE_ADVICE
from tests.services.processes import free_port, needed, running
from tests.services.provider import running_provider

pytestmark = pytest.mark.parametrize("site", ["sqlite"], indirect=True, scope="session")  # the database decides nothing here


def enter(site: Site, slug: str, kind: str, title: str, settings: dict[str, Any], secret: str = "", **rules: Any) -> None:
    secrets = {"client_secret": secret} if secret else {}
    with site.deployment.transaction(OPERATOR) as tx:
        providers.add(tx, site.deployment.ring.vault, Wanted(slug, kind, title, "", settings, Rules.of(**rules), (), secrets))


def take_away(site: Site, *slugs: str) -> None:
    """Other tests of the site see the sign-in page as it was."""
    with site.deployment.transaction(OPERATOR) as tx:
        for slug in slugs:
            providers.remove(tx, slug)


def link(page: Page, title: str) -> None:
    """From the self-service page away to the provider, whatever comes there."""
    row = page.locator("li", has_text=title)
    with page.expect_navigation():
        row.get_by_role("button", name="关联", exact=True).click()
    with page.expect_navigation():
        page.get_by_role("link", name=f"前往“{title}”").click()


def accessible(page: Page) -> None:
    page.evaluate(Path(AXE).read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert not [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]


@pytest.fixture
def peer(site: Site, tmp_path: Path) -> Iterator[str]:
    """npm's oidc-provider, entered as a way in."""
    port = free_port()
    environment = {"PORT": str(port), "REDIRECT_URI": f"{site.url}/upstream/campus/callback"}
    issuer = f"http://localhost:{port}"
    command = (needed("node", NODE_ADVICE), CLIENTS / "upstream_provider.mjs")
    ready = f"{issuer}/.well-known/openid-configuration"
    with running(command, answers=ready, environment=environment, folder=CLIENTS, log=tmp_path / "peer.log"):
        settings = {"issuer": issuer, "client_id": "yima"}
        enter(site, "campus", "oidc", "校园账号", settings, "a secret/with+odd characters")
        yield issuer
        take_away(site, "campus")


def there(page: Page, login: str, *, asked: bool = False) -> None:
    """Signs in at oidc-provider and agrees; a browser is ``asked`` whether it agrees once."""
    page.fill("[name=login]", login)
    page.fill("[name=password]", "anything")
    with page.expect_navigation():
        page.click("button.login-submit")
    if asked:
        with page.expect_navigation():
            page.click("button.login-submit")


def test_an_account_at_an_openid_provider_is_linked_and_opens_an_app(
    site: Site, peer: str, context: NewContext, shot: Callable[[Page, str], Path]
) -> None:
    person = site.newcomer()
    stranger = context(width=390).new_page()
    stranger.goto(f"{site.url}/login")
    shot(stranger, "upstream-buttons")
    accessible(stranger)
    with stranger.expect_navigation():
        stranger.get_by_role("link", name="校园账号").click()
    there(stranger, "teacher1", asked=True)
    expect(stranger.locator("h1")).to_have_text("还差一步")
    shot(stranger, "upstream-not-linked")
    accessible(stranger)
    with stranger.expect_navigation():
        stranger.get_by_role("link", name="用我的账号登录").click()
    sign_in(stranger, person)
    accessible(stranger)
    link(stranger, "校园账号")
    there(stranger, "teacher1")
    expect(stranger).to_have_url(f"{site.url}/me")
    expect(stranger.get_by_role("button", name="解除关联")).to_be_visible()
    shot(stranger, "upstream-linked")

    again = context().new_page()
    again.goto(f"{site.app_url}/sign-in")
    with again.expect_navigation():
        again.get_by_role("link", name="校园账号").click()
    there(again, "teacher1", asked=True)
    agree(again)
    expect(again.locator("h1")).to_have_text(f"您好，{person.name}")


@dataclass
class Elsewhere:
    """Another Yima at another host, with a teacher who is known here by the same number."""

    deployment: Deployment
    url: str
    account: str


@pytest.fixture
def elsewhere(site: Site, sqlite_template: Path, tmp_path: Path) -> Iterator[Elsewhere]:
    home, port = tmp_path / "other", free_port()
    shutil.copytree(sqlite_template, home)
    url = f"http://127.0.0.1:{port}"  # another host than localhost: cookies do not know ports
    settings = Settings(home=home, bind=f"127.0.0.1:{port}", public_url=url)
    with ExitStack() as stack:
        deployment = open_deployment(settings)
        stack.callback(deployment.close)
        school = make_school(deployment, "第二中学")
        teacher = make_person(deployment, school, name="王老师", local_number="T100")
        back = f"{site.url}/upstream"
        particulars = register.Particulars("一号平台", school, "it@example.edu.cn", "登录", ("openid", "profile"))
        wanted = registration_of(particulars, redirect_uris=(f"{back}/sm/callback",), trusted=True)
        cas = CasRegistration(
            replace(particulars, name="一号平台 CAS", scopes=("openid", "school")),
            (f"{back}/cas/callback",),
            CasRules.of(user="local_number", trusted=True, plain_http=True),
        )
        with deployment.transaction(OPERATOR) as tx:
            made = oidc_registration.add(tx, wanted, deployment.settings)
            cas_registration.add(tx, cas)
        stack.enter_context(running_provider(settings, tmp_path / "other.log"))
        algorithms = {"algorithms": ["SGD_SM3_SM2"], "scope": "openid profile"}
        enter(site, "sm", "oidc", "另一个一码", {"issuer": url, "client_id": made.app.id, **algorithms}, made.secret or "")
        rules = {"match": ("local_number",), "numbers_of": site.school}
        enter(site, "cas", "cas", "统一身份认证", {"url": f"{url}/cas", "fields": {"local_number": "user"}}, **rules)
        yield Elsewhere(deployment, url, teacher.number)
        take_away(site, "sm", "cas")


def test_another_yima_lets_in_by_sm2_tokens_and_by_cas(site: Site, elsewhere: Elsewhere, context: NewContext) -> None:
    known = make_person(site.deployment, site.school, name="王老师", document="OTHER100", local_number="T100", password=PASSWORD)
    page = context().new_page()
    page.goto(f"{site.url}/login")
    with page.expect_navigation():
        page.get_by_role("link", name="统一身份认证").click()
    assert page.url.startswith(elsewhere.url)
    send(page, account=elsewhere.account, password=PASSWORD)
    expect(page).to_have_url(f"{site.url}/me")
    expect(page.get_by_text(known.number)).to_be_visible()

    page = context().new_page()
    page.goto(f"{site.url}/login")
    send(page, account=known.number, password=PASSWORD)
    link(page, "另一个一码")
    send(page, account=elsewhere.account, password=PASSWORD)
    expect(page).to_have_url(f"{site.url}/me")
    again = context().new_page()
    again.goto(f"{site.url}/login")
    with again.expect_navigation():
        again.get_by_role("link", name="另一个一码").click()
    send(again, account=elsewhere.account, password=PASSWORD)
    expect(again).to_have_url(f"{site.url}/me")
    expect(again.get_by_text(known.number)).to_be_visible()
