"""A provider with two school apps, all in processes of their own, and Chromium before them; once for each database."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from idp.apps import register
from idp.deployment import Deployment, open_deployment
from idp.login import activation
from idp.oidc.clients import registration
from idp.oidc.clients.registration import Registered, Registration
from idp.registry.tables import Person
from idp.settings import Settings
from tests import factors
from tests.people import OPERATOR, Known, make_person, make_school
from tests.registrations import ALL_DATA, registration_of
from tests.services.postgres import PostgresServer
from tests.services.processes import ROOT, free_port, needed, running
from tests.services.provider import running_provider

SCREENSHOTS = ROOT / "tests" / "screenshots"
DATABASES = ("sqlite", "postgresql")
CHROMIUM_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one site run on one worker, so that each site is started once."""
    for item in items:
        for database in DATABASES:
            if "tests/flows" in str(item.path) and f"[{database}" in item.nodeid:
                item.add_marker(pytest.mark.xdist_group(f"flows-{database}"))


@dataclass
class Newcomer:
    """A person for one test, with what only they would know."""

    known: Known
    name: str
    password: str = "violet-tram-93"
    totp_secret: str = ""
    activation_code: str = ""

    def code(self, step: int = 0) -> str:
        """What the phone shows now, or ``step`` periods from now."""
        return pyotp.TOTP(self.totp_secret).at(datetime.now(UTC), counter_offset=step)


@dataclass
class Site:
    """A running provider, two apps, and the installation behind them."""

    deployment: Deployment
    url: str
    school: str
    app_url: str
    strict_app_url: str
    database: str
    _serial: Iterator[int] = field(default_factory=lambda: count(1))

    def newcomer(self, *, totp: bool = False, activation_code: bool = False) -> Newcomer:
        """A fresh person of the school, so that no test waits for another's one-time code."""
        number = next(self._serial)
        name = f"林小雨{number}"
        known = make_person(
            self.deployment,
            self.school,
            name=name,
            document=f"FLOW{number:05}",
            local_number=f"F{number:03}",
            password=None if activation_code else "violet-tram-93",
        )
        person = Newcomer(known, name)
        with self.deployment.transaction(OPERATOR) as tx:
            if activation_code:
                row, vault = tx.session.get_one(Person, known.id), self.deployment.ring.vault
                person.activation_code = activation.issue(tx, vault, row, lifetime=3600).code
            if totp:
                person.totp_secret = factors.begin(self.deployment, tx, known)["secret"]
                factors.confirm(self.deployment, tx, known, person.code(-1))
        return person

    def register(self, name: str, redirect_uri: str, after: str, **changes: object) -> Registered:
        """Registers an app of the school."""
        particulars = register.Particulars(name, self.school, "it@example.edu.cn", "演示", ALL_DATA)
        wanted = registration_of(particulars, redirect_uris=(redirect_uri,), post_logout_redirect_uris=(after,), **changes)
        return self._registered(wanted)

    def register_for_itself(self, name: str, *scopes: str) -> Registered:
        """Registers an app without people, which has these scopes."""
        particulars = register.Particulars(name, self.school, "it@example.edu.cn", "演示", scopes)
        return self._registered(registration_of(particulars, grant_types=("client_credentials",)))

    def _registered(self, wanted: Registration) -> Registered:
        with self.deployment.transaction(OPERATOR) as tx:
            return registration.add(tx, wanted, self.deployment.settings)


@pytest.fixture(scope="session", params=DATABASES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The provider and the apps, started once for each database."""
    folder = tmp_path_factory.mktemp(f"site-{request.param}")
    database_url = ""
    if request.param == "sqlite":
        shutil.copytree(request.getfixturevalue("sqlite_template"), folder / "yima")
    else:
        template_home, template = request.getfixturevalue("postgres_template")
        server: PostgresServer = request.getfixturevalue("postgres")
        shutil.copytree(template_home, folder / "yima")
        database_url = server.url(server.create(template))
    port = free_port()
    url = f"http://localhost:{port}"
    settings = Settings(
        home=folder / "yima",
        database_url=database_url,
        bind=f"localhost:{port}",
        public_url=url,
        allow_private_fetches=True,
        mail_server=f"localhost:{free_port()}",  # nobody listens there: what a page says of e-mail is looked at, no letter is
        mail_from="no-reply@example.edu.cn",
    )
    deployment = open_deployment(settings)
    site = Site(deployment, url, make_school(deployment, "实验小学"), "", "", request.param)
    with ExitStack() as stack:
        stack.callback(deployment.close)
        stack.enter_context(running_provider(settings, folder / "provider.log", workers=2))
        apps = ((free_port(), "选课系统", {}), (free_port(), "成绩管理", {"required_level": 2, "trusted": True}))
        addresses = [f"http://localhost:{app_port}" for app_port, _, _ in apps]
        site.app_url, site.strict_app_url = addresses
        for number, (_, name, changes) in enumerate(apps):
            here, other = addresses[number], addresses[1 - number]
            made = site.register(name, f"{here}/callback", f"{here}/", **changes)
            environment = {
                "APP_NAME": name,
                "APP_URL": here,
                "OTHER_APP_URL": other,
                "ISSUER": url,
                "CLIENT_ID": made.app.id,
                "CLIENT_SECRET": made.secret or "",
            }
            command = (sys.executable, "-m", "examples.relying_app")
            stack.enter_context(
                running(command, answers=here, environment=environment, folder=ROOT, log=folder / f"app-{number}.log")
            )
        yield site


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium, the distribution's own, without the windows around its pages, which cost more than the pages."""
    path = needed("chromium-headless-shell", "apt install chromium-headless-shell")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


NewContext = Callable[..., BrowserContext]


@pytest.fixture
def context(chromium: Browser) -> Iterator[NewContext]:
    """Makes fresh browsers: nobody's cookies, a language, a size."""
    made: list[BrowserContext] = []

    def new(*, locale: str = "zh-CN", width: int = 1280, height: int = 900) -> BrowserContext:
        made.append(chromium.new_context(locale=locale, viewport={"width": width, "height": height}))
        made[-1].set_default_timeout(15_000)
        return made[-1]

    yield new
    for one in made:
        one.close()


@pytest.fixture
def page(context: NewContext) -> Page:
    return context().new_page()


@pytest.fixture
def shot(site: Site) -> Callable[[Page, str], Path]:
    """Keeps a screenshot for people to look at."""
    folder = SCREENSHOTS / site.database
    folder.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> Path:
        path = folder / f"{name}.png"
        page.screenshot(path=path, full_page=True)
        return path

    return take


def send(page: Page, **fields: str) -> None:
    """Fills in fields and sends their form with the Enter key, as people do."""
    for name, value in fields.items():
        page.fill(f"[name={name}]", value)
    with page.expect_navigation():
        page.press(f"[name={list(fields)[-1]}]", "Enter")


def sign_in(page: Page, person: Newcomer) -> None:
    """Account and password, and the code where one is set up."""
    send(page, account=person.known.number, password=person.password)
    if person.totp_secret:
        send(page, code=person.code())


def agree(page: Page) -> None:
    """Agrees on the consent page."""
    with page.expect_navigation():
        page.click("button[value=agree]")
