"""The application with a way in by another provider, and that provider."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask

from idp.app import create_app
from idp.deployment import Deployment
from idp.registry import persons
from idp.settings import Settings
from idp.upstream import links, people, providers
from idp.upstream.providers import Wanted
from idp.upstream.rules import Rules
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known
from tests.services.openid_provider import CLIENT_ID, SECRET, OpenidProvider, openid_provider
from tests.web.pages import Browser, Page

CALLBACK = "/upstream/campus/callback"


@dataclass
class Campus:
    """Our side of it: the installation and the provider's entry, named ``campus``."""

    deployment: Deployment
    app: Flask
    there: OpenidProvider
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.browser = Browser(self.app, language="en")

    def enter(self, *, rules: dict[str, Any] | None = None, secrets: dict[str, str] | None = None, **more: Any) -> None:
        """Enters the provider, in place of the one of that name."""
        institutions = more.pop("institutions", ())
        settings = {"issuer": self.there.url, "client_id": CLIENT_ID} | more
        wanted = Wanted(
            "campus",
            "oidc",
            "校园账号",
            "Campus account",
            settings,
            Rules.of(**(rules or {})),
            institutions,
            secrets if secrets is not None else {"client_secret": SECRET},
        )
        with self.deployment.transaction(OPERATOR) as tx:
            if any(row.slug == "campus" for row in providers.every(tx.session)):
                providers.remove(tx, "campus")
            providers.add(tx, self.deployment.ring.vault, wanted)

    def depart(self, browser: Browser | None = None) -> str:
        """Opens the sign-in page and takes the button; returns where that leads."""
        browser = browser or self.browser
        page = browser.get("/login")
        flow = page.query["flow"]
        return browser.get(f"/upstream/campus/start?flow={flow}").location

    def come_back(self, answer: dict[str, str], browser: Browser | None = None) -> Page:
        """Brings an answer back."""
        return (browser or self.browser).get(f"{CALLBACK}?{urlencode(answer)}")

    def sign_in(self, browser: Browser | None = None, **changes: str) -> Page:
        """The whole way; ``changes`` are made to what the browser is sent back with."""
        return self.come_back(self.there.authorize(self.depart(browser)) | changes, browser)


@pytest.fixture
def deployment_settings(sqlite_template: Path, tmp_path: Path) -> Settings:
    """One database is enough here: what must happen once has its tests beside the rules, on both."""
    shutil.copytree(sqlite_template, tmp_path / "yima")
    return Settings(home=tmp_path / "yima")


@pytest.fixture
def there(clock: SettableClock) -> Iterator[OpenidProvider]:
    with openid_provider(clock) as provider:
        yield provider


@pytest.fixture
def campus(deployment: Deployment, there: OpenidProvider) -> Campus:
    settings = deployment.settings.model_copy(update={"allow_private_fetches": True})
    here = replace(deployment, settings=settings)
    found = Campus(here, create_app(here), there)
    found.enter()
    return found


@pytest.fixture
def linked(campus: Campus, person: Known) -> Known:
    """The person of the tests, who has linked the account that the provider signs in."""
    with campus.deployment.transaction(OPERATOR) as tx:
        row = providers.by_slug(tx.session, "campus")
        links.link(tx, campus.deployment.ring.vault, row, "u-1", persons.by_id(tx.session, person.id), people.BY_PERSON)
    return person
