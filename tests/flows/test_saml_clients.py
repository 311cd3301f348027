"""SAML service providers that no one here wrote: one sign-in opens them, one sign-out ends them, from whichever side it comes."""

import base64
import re
import shutil
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from idp.apps.register import Particulars
from idp.deployment import open_deployment
from idp.settings import Settings
from idp.sso.saml import metadata, registration
from idp.sso.saml.registration import Registration
from idp.sso.saml.rules import Rules
from idp.sso.saml.server import make_server
from tests.flows.conftest import Site, sign_in
from tests.people import OPERATOR, make_school
from tests.services.processes import free_port
from tests.services.provider import running_provider
from tests.services.saml_clients import running_pysaml2, running_shibboleth

pytestmark = pytest.mark.xdist_group("flows-saml")
SIGN_OUT_SECONDS = 30


@dataclass
class Campus:
    """The provider and two apps."""

    site: Site
    shibboleth: str
    pysaml2: str


@pytest.fixture(scope="module")
def campus(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campus]:
    """Provider and apps, started once; each app is registered by the metadata that it writes of itself."""
    folder = tmp_path_factory.mktemp("saml")
    shutil.copytree(sqlite_template, folder / "yima")
    port = free_port()
    url = f"http://localhost:{port}"
    settings = Settings(home=folder / "yima", bind=f"localhost:{port}", public_url=url, allow_private_fetches=True, phone_url="")
    deployment = open_deployment(settings)
    site = Site(deployment, url, make_school(deployment, "实验小学"), "", "", "sqlite")
    saml = make_server(deployment)
    now = deployment.clock.now()
    signing = base64.encodebytes(base64.b64decode(saml.certificates(now)[saml.signer(now).kid])).decode()
    certificate = f"-----BEGIN CERTIFICATE-----\n{signing}-----END CERTIFICATE-----\n"
    with ExitStack() as stack:
        stack.callback(deployment.close)
        stack.enter_context(running_provider(settings, folder / "provider.log"))
        shibboleth = stack.enter_context(running_shibboleth(url, free_port(), certificate))
        pysaml2 = stack.enter_context(running_pysaml2(url, free_port(), folder))
        for name, address in (("图书馆", f"{shibboleth}/Shibboleth.sso/Metadata"), ("选课系统", f"{pysaml2}/metadata")):
            with urllib.request.urlopen(address) as answer:
                described = metadata.read(answer.read())
            rules = Rules.of(attributes=("eduPersonScopedAffiliation", "pairwise-id", "displayName"), trusted=True)
            particulars = Particulars(name, site.school, "it@example.edu.cn", "演示", rules.scopes)
            with deployment.transaction(OPERATOR) as tx:
                registration.add(tx, Registration(particulars, described, rules))
        yield Campus(site, shibboleth, pysaml2)


def open_both(campus: Campus, page: Page) -> None:
    """Opens both apps with one sign-in."""
    person = campus.site.newcomer()
    page.goto(f"{campus.shibboleth}/secret/")
    sign_in(page, person)
    expect(page.locator("#user")).to_have_text("secret")
    assert page.url.startswith(campus.shibboleth)
    page.goto(f"{campus.pysaml2}/")
    expect(page.locator("#user")).to_have_text(person.name)


def test_one_sign_in_opens_both_and_a_sign_out_here_ends_both(campus: Campus, page: Page) -> None:
    open_both(campus, page)
    shown = page.goto(f"{campus.shibboleth}/secret/")
    assert shown is not None
    # What went through Shibboleth's own checks: signature, decryption, audience, the scope of our metadata.
    assert re.fullmatch(r"[a-z2-7]{52}@localhost", shown.headers["x-signed-in"])
    assert shown.headers["x-affiliation"] == "student@localhost;member@localhost"
    page.goto(f"{campus.site.url}/logout")
    page.click("main form button, section form button")
    page.wait_for_url(f"{campus.site.url}/**")
    closed(page, f"{campus.shibboleth}/secret/")
    closed(page, f"{campus.pysaml2}/")


def test_a_sign_out_at_one_app_ends_the_other_too(campus: Campus, page: Page) -> None:
    open_both(campus, page)
    page.goto(f"{campus.pysaml2}/sign-out")
    expect(page.locator("#bye")).to_have_text("bye")
    closed(page, f"{campus.shibboleth}/secret/")
    closed(page, f"{campus.pysaml2}/")


def closed(page: Page, address: str) -> None:
    """Asks an app until it sends the browser to the sign-in; a message of the outbox may still be on its way."""
    deadline = time.monotonic() + SIGN_OUT_SECONDS
    page.goto(address)
    while not page.locator("[name=password]").count():
        assert time.monotonic() < deadline, f"{address} still lets in"
        page.wait_for_load_state()
        page.goto(address)
    page.goto("about:blank")
