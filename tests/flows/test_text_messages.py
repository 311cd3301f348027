"""A number added on a telephone, by a code that the outbox's worker sends; and work or patience before another message so soon."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from idp.deployment import Deployment, open_deployment
from idp.mfa import credentials
from idp.settings import Settings
from idp.sms import limits
from idp.sms.limits import Limits
from tests import factors
from tests.flows.conftest import NewContext, send
from tests.people import OPERATOR, PASSWORD, Known, make_person, make_school
from tests.services.processes import free_port
from tests.services.provider import running_provider

NUMBER = "13912345678"

pytestmark = pytest.mark.xdist_group("flows-text-messages")  # one provider for both


@dataclass
class Sending:
    """A provider whose messages are printed where it runs, as on a developer's machine."""

    deployment: Deployment
    school: str
    log: Path
    apps: dict[str, pyotp.TOTP] = field(default_factory=dict)

    def somebody(self, document: str) -> Known:
        """A person with an authenticator app, for whom a message went out just now, to another number."""
        known = make_person(self.deployment, self.school, document=document)
        with self.deployment.transaction(OPERATOR) as tx:
            app = pyotp.TOTP(factors.begin(self.deployment, tx, known)["secret"])
            factors.confirm(self.deployment, tx, known, app.at(datetime.now(UTC), counter_offset=-1))
            self.apps[known.number] = app
            rules = Limits.of(self.deployment.settings)
            limits.count(tx, rules, phone_index=document, person_id=known.id, address=None)
        return known


@pytest.fixture(scope="module")
def sending(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Sending]:
    folder, port = tmp_path_factory.mktemp("sending"), free_port()
    shutil.copytree(sqlite_template, folder / "yima")
    url = f"http://localhost:{port}"
    settings = Settings(home=folder / "yima", bind=f"localhost:{port}", public_url=url, sms_providers="console")
    deployment = open_deployment(settings)
    with running_provider(settings, folder / "provider.log", workers=1):
        yield Sending(deployment, make_school(deployment, "实验小学"), folder / "provider.log")
    deployment.close()


def type_the_number(sending: Sending, page: Page, person: Known) -> None:
    """Signs in, and asks for a message to a new number."""
    url = sending.deployment.settings.public_url
    page.goto(f"{url}/login")
    send(page, account=person.number, password=PASSWORD)
    send(page, code=sending.apps[person.number].now())
    page.goto(f"{url}/me/factors/sms")
    page.fill("[name=phone]", NUMBER)
    page.click("form:has([name=phone]) button")


def code_on_the_phone(sending: Sending, page: Page) -> str:
    """The last line of the message, once the worker has sent it."""
    for _ in range(100):
        found = re.findall(r"@localhost #(\d{6})", sending.log.read_text(encoding="utf-8", errors="replace"))
        if found:
            return str(found[-1])
        page.wait_for_timeout(100)  # another process sends it
    raise AssertionError(sending.log.read_text(encoding="utf-8", errors="replace")[-2000:])


def test_a_browser_works_for_another_message_without_asking_the_person_anything(sending: Sending, context: NewContext) -> None:
    person, page = sending.somebody("FLOWSMS1"), context(width=360, height=740).new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    type_the_number(sending, page, person)
    expect(page.locator("[name=code]")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    send(page, code=code_on_the_phone(sending, page))
    with sending.deployment.reading() as session:
        assert "sms" in {row.kind for row in credentials.held_by(session, person.id)}
    assert trouble == []


def test_without_scripts_the_page_says_how_long_to_wait(sending: Sending, chromium: Browser) -> None:
    person = sending.somebody("FLOWSMS2")
    here = chromium.new_context(java_script_enabled=False, locale="en")
    page = here.new_page()
    type_the_number(sending, page, person)
    expect(page.locator("[role=alert]")).to_contain_text(re.compile("wait (19|20) minutes"))
    expect(page.locator("noscript .hint, .hint").filter(has_text="twenty minutes")).to_be_visible()
    here.close()
