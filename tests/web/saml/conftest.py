"""A SAML app of a school, as the tests play it, and what it is told."""

import base64
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from lxml import etree

from idp.apps.register import Particulars
from idp.deployment import Deployment
from idp.settings import Settings
from idp.sso.saml import metadata, registration
from idp.sso.saml.registration import Registration
from idp.sso.saml.rules import Rules
from tests.people import OPERATOR, PASSWORD, Known
from tests.service_provider import ACS, NAMES, SSO, ServiceProvider, query
from tests.web.pages import Browser, Page

ALL = ("openid", "profile", "email", "phone", "school", "person_number")


@dataclass
class Answer:
    """A ``Response`` as it came in the form."""

    page: Page

    @property
    def document(self) -> etree._Element:
        """The message."""
        return etree.fromstring(base64.b64decode(self.page.form("SAMLResponse").fields["SAMLResponse"]))

    @property
    def status(self) -> str:
        """The last part of the innermost status code."""
        return str(self.document.findall(".//samlp:StatusCode", NAMES)[-1].get("Value")).rpartition(":")[2]

    def text(self, path: str) -> str | None:
        return self.document.findtext(f".//saml:{path}", namespaces=NAMES)

    def get(self, path: str, name: str) -> str | None:
        return self.document.find(f".//saml:{path}", NAMES).get(name)

    @property
    def attributes(self) -> dict[str, list[str]]:
        """Values by friendly name."""
        return {
            one.get("FriendlyName"): ["".join(value.itertext()) for value in one.findall("saml:AttributeValue", NAMES)]
            for one in self.document.findall(".//saml:Attribute", NAMES)
        }


@dataclass
class SamlApp:
    """A registered app."""

    app: Flask
    id: str
    provider: ServiceProvider

    def ask(self, browser: Browser, text: str | None = None, *, signer: str | None = None, relay_state: str | None = None) -> Page:
        """Sends the browser with a request by the redirect binding."""
        return browser.get(f"{SSO}?{query(text or self.provider.request(), relay_state, signer=signer)}")

    def answered(self, browser: Browser, person: Known, text: str | None = None, **more: str) -> Answer:
        """Signs the person in, if asked, agrees, if asked, and returns what the app gets."""
        page = self.ask(browser, text, **more)
        if any("password" in form.fields for form in page.forms):
            page = browser.sign_in(person.number, PASSWORD)
        if any("decision" in dict(form.buttons) for form in page.forms):
            page = browser.submit(decision="agree")
        return Answer(page)


Register = Callable[..., SamlApp]


def register_saml_app(app: Flask, deployment: Deployment, owner: str, provider: ServiceProvider, **rules: object) -> SamlApp:
    """Registers an app of ``owner``: one of the school's own, unless the rules say otherwise."""
    particulars = Particulars("图书馆", owner, "it@example.edu.cn", "借书", ALL)
    described = metadata.read(provider.metadata().encode(), plain_http=bool(rules.get("plain_http")))
    with deployment.transaction(OPERATOR) as tx:
        made, _row = registration.add(tx, Registration(particulars, described, Rules.of(**{"trusted": True, **rules})))
    return SamlApp(app, made.id, provider)


@pytest.fixture
def deployment_settings(sqlite_template: Path, tmp_path: Path) -> Settings:
    """On SQLite alone: what a database can do differently here is tried in tests/unit."""
    shutil.copytree(sqlite_template, tmp_path / "yima")
    return Settings(home=tmp_path / "yima")


@pytest.fixture
def register(app: Flask, deployment: Deployment, school: str) -> Register:
    def make(provider: ServiceProvider | None = None, **rules: object) -> SamlApp:
        return register_saml_app(app, deployment, school, provider or ServiceProvider(), **rules)

    return make


@pytest.fixture
def library(register: Register) -> SamlApp:
    return register()


__all__ = ["ACS", "Answer", "Register", "SamlApp"]
