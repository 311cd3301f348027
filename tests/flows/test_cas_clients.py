"""CAS clients that no one here wrote: one sign-in, every one of them, one sign-out, and each is asked to prove it."""

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from idp.apps.register import Particulars
from idp.deployment import open_deployment
from idp.settings import Settings
from idp.sso.cas import registration
from idp.sso.cas.registration import Registration
from idp.sso.cas.rules import Rules
from tests.flows.conftest import Site, sign_in
from tests.people import OPERATOR, make_school
from tests.services.cas_clients import running_apache, running_django, running_python_cas
from tests.services.processes import free_port
from tests.services.provider import running_provider

pytestmark = pytest.mark.xdist_group("flows-cas")
SIGN_OUT_SECONDS = 30


@dataclass
class Campus:
    """The provider, and the addresses of pages that need a sign-in, each with what it shows then."""

    site: Site
    pages: dict[str, str]


@pytest.fixture(scope="module")
def campus(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campus]:
    """Provider and apps, started once."""
    folder = tmp_path_factory.mktemp("cas")
    shutil.copytree(sqlite_template, folder / "yima")
    port = free_port()
    url = f"http://localhost:{port}"
    settings = Settings(home=folder / "yima", bind=f"localhost:{port}", public_url=url, allow_private_fetches=True, phone_url="")
    deployment = open_deployment(settings)
    site = Site(deployment, url, make_school(deployment, "实验小学"), "", "", "sqlite")
    ports = [free_port() for _ in range(3)]
    addresses = [f"http://localhost:{number}" for number in ports]
    for name, address in zip(("成绩查询", "教务系统", "图书馆"), addresses, strict=True):
        callbacks = (f"{address}/pgt",) if name == "图书馆" else ()
        rules = Rules(user="local_number", attributes={"cn": "name"}, trusted=True, proxy_callbacks=callbacks)
        particulars = Particulars(name, site.school, "it@example.edu.cn", "演示", rules.scopes)
        with deployment.transaction(OPERATOR) as tx:
            registration.add(tx, Registration(particulars, (address,), rules))
    with ExitStack() as stack:
        stack.callback(deployment.close)
        stack.enter_context(running_provider(settings, folder / "provider.log"))
        apache = stack.enter_context(running_apache(url, ports[0]))
        django = stack.enter_context(running_django(url, ports[1], folder))
        python = stack.enter_context(running_python_cas(url, ports[2], folder))
        pages = {f"{apache}/secret/": "secret", f"{django}/": "{number} {name}"}
        pages |= {f"{python}/{version}": "{number} {name}" for version in ("3", "CAS_2_SAML_1_0", "proxy")}
        pages |= {f"{python}/{version}": "{number}" for version in ("2", "1")}
        yield Campus(site, pages)


def test_one_sign_in_opens_every_app_and_one_sign_out_closes_them_all(campus: Campus, page: Page) -> None:
    person = campus.site.newcomer()
    number = "F001"
    asked = 0
    for address, shown in campus.pages.items():
        page.goto(address)
        if page.locator("[name=password]").count():
            asked += 1
            sign_in(page, person)
        expect(page.locator("#user")).to_have_text(shown.format(number=number, name=person.name).strip())
        assert page.url.startswith(address.rstrip("/"))
    assert asked == 1
    apache = page.goto(next(iter(campus.pages)))
    assert apache is not None
    assert apache.headers["x-signed-in"] == number

    page.goto(f"{campus.site.url}/cas/logout")
    expect(page).to_have_url(f"{campus.site.url}/signed-out")
    for address in campus.pages:
        closed(page, address)


def closed(page: Page, address: str) -> None:
    """Asks an app until it sends the browser to the sign-in; a message of the outbox may still be on its way."""
    deadline = time.monotonic() + SIGN_OUT_SECONDS
    while not page.locator("[name=password]").count():
        assert time.monotonic() < deadline, f"{address} still lets in"
        page.goto(address)
    page.goto("about:blank")
