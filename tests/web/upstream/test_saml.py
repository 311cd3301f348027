"""Signing in by another identity provider of SAML: ours in a second installation, and pysaml2's."""

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask

from idp.app import create_app
from idp.apps.register import Particulars
from idp.clock import SystemClock
from idp.deployment import Deployment, open_deployment
from idp.registry import persons
from idp.settings import Settings
from idp.sso.saml import metadata, own_metadata, registration
from idp.sso.saml.registration import Registration
from idp.sso.saml.rules import Rules as AppRules
from idp.sso.saml.server import make_server
from idp.upstream import links, people, providers
from idp.upstream.providers import Wanted
from idp.upstream.rules import Rules
from idp.upstream.saml import entering
from idp.upstream.saml.entering import Source
from tests.clocks import SettableClock
from tests.people import OPERATOR, PASSWORD, Known, make_person, make_school
from tests.service_provider import pem
from tests.services.processes import ROOT, needed
from tests.web.pages import Browser, Page

CALLBACK = "/upstream/other/callback"


def enter(deployment: Deployment, described: bytes, school: str, *, fields: dict[str, str] | None = None) -> None:
    """Another identity provider, named ``other``, that is believed when it tells numbers of the school."""
    settings = entering.settings_of(
        described, Source(), deployment.clock.now(), fields=fields or {"local_number": "employeeNumber"}
    )
    rules = Rules.of(match=("local_number",), numbers_of=school)
    wanted = Wanted("other", "saml", "对方学校", "The other school", settings, rules, (), entering.new_secrets())
    with deployment.transaction(OPERATOR) as tx:
        providers.add(tx, deployment.ring.vault, wanted)


def depart(browser: Browser) -> str:
    """Opens the sign-in page and takes the button; where that leads."""
    flow = browser.get("/login").query["flow"]
    return browser.get(f"/upstream/other/start?flow={flow}").location


def bring(browser: Browser, answer: dict[str, str]) -> Page:
    """As browsers do it: the form comes without our cookies, and the browser that has them follows the redirect."""
    stranger = Browser(browser.client.application, language="en")
    page = stranger.post(CALLBACK, answer)
    assert page.status == 400
    assert "another browser" in page.text
    return browser.get(page.url)


@dataclasses.dataclass
class There:
    """A second installation, whose people come to the first one."""

    deployment: Deployment
    app: Flask
    school: str
    person: Known

    def metadata(self) -> bytes:
        with self.deployment.reading() as session:
            return own_metadata.document(make_server(self.deployment), session, self.deployment.clock.now())

    def register(self, described: bytes, **rules: object) -> None:
        particulars = Particulars("第一学校", self.school, "it@example.edu.cn", "登录", ("openid", "profile", "school"))
        read = metadata.read(described)
        chosen = AppRules.of(trusted=True, name_id="persistent", attributes=("employeeNumber", "displayName"), **rules)
        with self.deployment.transaction(OPERATOR) as tx:
            registration.add(tx, Registration(particulars, read, chosen))

    def answer(self, address: str) -> dict[str, str]:
        """Signs the person in there, and returns the form that leads back."""
        there = Browser(self.app, language="en")
        parts = urlsplit(address)
        page = there.get(f"{parts.path}?{parts.query}")
        if any("password" in form.fields for form in page.forms):
            page = there.sign_in(self.person.number, PASSWORD)
        return page.form("SAMLResponse").fields


@pytest.fixture
def there(sqlite_template: Path, tmp_path: Path, clock: SettableClock) -> Iterator[There]:
    home = tmp_path / "there"
    shutil.copytree(sqlite_template, home)
    deployment = open_deployment(Settings(home=home, public_url="http://idp.localhost:8000"), clock)
    school = make_school(deployment, "对方学校")
    person = make_person(deployment, school, local_number="S001")
    yield There(deployment, create_app(deployment), school, person)
    deployment.close()


def our_metadata(browser: Browser) -> bytes:
    page = browser.get("/upstream/other/metadata")
    assert page.headers["Content-Type"].startswith("application/samlmetadata+xml")
    return page.text.encode()


@pytest.mark.parametrize("encrypt", [True, False])
def test_by_a_second_installation_of_ours_a_student_number_brings_the_person(
    english: Browser, deployment: Deployment, person: Known, school: str, there: There, encrypt: bool
) -> None:
    enter(deployment, there.metadata(), school)
    there.register(our_metadata(english), encrypt=encrypt, sign="both")
    page = bring(english, there.answer(depart(english)))
    assert page.url.endswith("/me"), page.text
    assert person.number in page.text
    # And again, by the account that is linked now.
    again = Browser(english.client.application, language="en")
    assert bring(again, there.answer(depart(again))).url.endswith("/me")


def test_an_answer_is_good_once_and_in_the_browser_that_asked(
    english: Browser, deployment: Deployment, person: Known, school: str, there: There
) -> None:
    enter(deployment, there.metadata(), school)
    there.register(our_metadata(english))
    answer = there.answer(depart(english))
    assert bring(english, answer).url.endswith("/me")
    assert english.post(CALLBACK, answer).status == 400
    # For another request of ours it is no answer either.
    other = Browser(english.client.application, language="en")
    state = dict(parse_qsl(urlsplit(depart(other)).query))["RelayState"]
    page = other.post(CALLBACK, answer | {"RelayState": state})
    assert page.status == 400
    assert "could not be accepted" in page.text


def test_who_declines_there_is_told_and_can_sign_in_here(
    english: Browser, deployment: Deployment, person: Known, school: str, there: There
) -> None:
    enter(deployment, there.metadata(), school)
    there.register(our_metadata(english))
    browser = Browser(there.app, language="en")
    parts = urlsplit(depart(english))
    browser.get(f"{parts.path}?{parts.query}")
    page = browser.submit(form=next(form for form in browser.page.forms if form.action.endswith("/login/cancel")))
    back = english.post(CALLBACK, page.form("SAMLResponse").fields)
    assert back.status == 403
    assert "You were not signed in at The other school" in back.text


def test_metadata_is_there_for_saml_alone(english: Browser) -> None:
    assert english.get("/upstream/other/metadata").status in (400, 404)


def pysaml2(folder: Path, asked: dict[str, Any]) -> dict[str, str]:
    """Asks the identity provider of pysaml2, with its keys in a folder."""
    key, certificate = pem("pysaml2")
    (folder / "key.pem").write_text(key, encoding="utf-8")
    (folder / "cert.pem").write_text(certificate, encoding="utf-8")
    environment = {**os.environ, "XMLSEC": needed("xmlsec1", "apt install xmlsec1")}
    command = [sys.executable, ROOT / "tests" / "clients" / "saml_pysaml2_idp.py"]
    done = subprocess.run(
        command, input=json.dumps(asked), capture_output=True, text=True, cwd=folder, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("sign_response", [True, False])
def test_by_pysaml2s_identity_provider(
    english: Browser, deployment: Deployment, school: str, tmp_path: Path, sign_response: bool
) -> None:
    # Its clock is the real one.
    here = dataclasses.replace(deployment, clock=SystemClock())
    app = create_app(here)
    browser = Browser(app, language="en")
    person = make_person(here, school, local_number="S001")
    enter(here, pysaml2(tmp_path, {})["metadata"].encode(), school)
    with here.transaction(OPERATOR) as tx:
        row = providers.by_slug(tx.session, "other")
        links.link(tx, here.ring.vault, row, "pysaml2-account-1", persons.by_id(tx.session, person.id), people.BY_PERSON)
    address = depart(browser)
    asked = dict(parse_qsl(urlsplit(address).query))
    sent = {"metadata": our_metadata(browser).decode(), "destination": f"http://localhost:8000{CALLBACK}"}
    page = pysaml2(tmp_path, {**asked, **sent, "sign_response": sign_response})["page"]
    arrived = bring(browser, dict(re.findall(r'name="(SAMLResponse|RelayState)" value="([^"]*)"', page)))
    assert arrived.url.endswith("/me"), arrived.text
    assert person.number in arrived.text
