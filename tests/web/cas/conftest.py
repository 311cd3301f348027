"""CAS apps of a school, as the tests play them."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from flask import Flask

from idp.apps.register import Particulars
from idp.deployment import Deployment
from idp.settings import Settings
from idp.sso.cas import registration
from idp.sso.cas.registration import Registration
from idp.sso.cas.rules import Rules
from tests.people import OPERATOR, PASSWORD, Known
from tests.web.pages import HOST, Browser, Page

ADDRESS = "https://jw.example.edu.cn/app/"
CAS = "{http://www.yale.edu/tp/cas}"


@dataclass
class Answer:
    """What an endpoint for programs answered."""

    status: int
    text: str
    content_type: str

    @property
    def document(self) -> ET.Element:
        """The XML."""
        return ET.fromstring(self.text)

    @property
    def json(self) -> Any:
        """The JSON."""
        return json.loads(self.text)["serviceResponse"]

    @property
    def user(self) -> str | None:
        """The user name of a success."""
        return self.document.findtext(f".//{CAS}user")

    @property
    def failure(self) -> str | None:
        """The code of a failure."""
        found = next(iter(self.document), None)
        return None if found is None else found.get("code")

    @property
    def attributes(self) -> dict[str, list[str | None]]:
        """The attributes of a success, in their order."""
        found: dict[str, list[str | None]] = {}
        for element in self.document.iterfind(f".//{CAS}attributes/*"):
            found.setdefault(element.tag.removeprefix(CAS), []).append(element.text)
        return found


@dataclass
class CasApp:
    """A registered CAS app."""

    app: Flask
    id: str
    address: str = ADDRESS
    prefix: str = "/cas"

    def login_url(self, service: str | None = None, **more: str) -> str:
        """Where the app sends the browser."""
        return f"{HOST}{self.prefix}/login?{urlencode({'service': service or self.address, **more})}"

    def ask(self, endpoint: str, **parameters: str) -> Answer:
        """Calls an endpoint as it is."""
        response = self.app.test_client().get(f"{self.prefix}/{endpoint}?{urlencode(parameters)}", base_url=HOST)
        return Answer(response.status_code, response.get_data(as_text=True), response.content_type)

    def validate(self, ticket: str, endpoint: str = "serviceValidate", service: str | None = None, **more: str) -> Answer:
        """Asks whom a ticket is about."""
        return self.ask(endpoint, ticket=ticket, service=service or self.address, **more)

    def ticket(self, browser: Browser, person: Known, service: str | None = None, **more: str) -> str:
        """Signs the person in, agrees if asked, and returns the ticket that the app is given."""
        page = browser.get(self.login_url(service, **more))
        if any("password" in form.fields for form in page.forms):
            page = browser.sign_in(person.number, PASSWORD)
        if any("decision" in dict(form.buttons) for form in page.forms):
            page = browser.submit(decision="agree")
        return ticket_of(page, service or self.address)


def ticket_of(page: Page, service: str = ADDRESS) -> str:
    """The ticket of the redirect that takes the browser to the app."""
    assert page.status == 303, page.text
    assert page.location.startswith(service)
    return page.query["ticket"]


Register = Callable[..., CasApp]


def register_cas_app(app: Flask, deployment: Deployment, owner: str, **changes: Any) -> CasApp:
    """Registers an app of ``owner``: known by student number, one of the school's own, unless the changes say otherwise."""
    addresses = changes.pop("addresses", (ADDRESS,))
    scopes = changes.pop("scopes", ("openid", "profile", "email", "phone", "school"))
    particulars = Particulars(changes.pop("name", "教务系统"), owner, "it@example.edu.cn", "选课", scopes)
    rules = Rules.of(**{"user": "local_number", "trusted": True, **changes})
    with deployment.transaction(OPERATOR) as tx:
        made, _row = registration.add(tx, Registration(particulars, addresses, rules))
    return CasApp(app, made.id, addresses[0])


@pytest.fixture
def deployment_settings(sqlite_template: Path, tmp_path: Path) -> Settings:
    """On SQLite alone: what a database can do differently here is tried with the tickets, in tests/unit."""
    shutil.copytree(sqlite_template, tmp_path / "yima")
    return Settings(home=tmp_path / "yima")


@pytest.fixture
def register(app: Flask, deployment: Deployment, school: str) -> Register:
    return lambda **changes: register_cas_app(app, deployment, school, **changes)


@pytest.fixture
def service(register: Register) -> CasApp:
    """One of the school's own, which knows people by their student numbers."""
    return register()
