"""One sign-out: every app of the session once, and a page that says how it stands with each, to this browser and no other."""

import dataclasses
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from idp import housekeeping, session_end
from idp.apps import register as apps
from idp.deployment import Deployment
from idp.login import sign_outs
from idp.login.sign_outs import State, state_of
from idp.login.tables import BrowserSession, SignOutResult
from idp.oidc.logout import back_channel
from idp.oidc.provider import make_provider
from idp.outbox import worker
from idp.outbox.standing import Standing
from idp.outbox.tables import Message
from idp.registry import affiliations, persons
from idp.registry.affiliations import Role
from tests.at_once import at_once
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known, make_person
from tests.services.receiver import Receiver
from tests.web.conftest import sign_in_to
from tests.web.pages import HOST, Browser, Page
from tests.web.relying_party import AFTER, RelyingParty, register_app

one_database = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)
FRONT = "https://app.example.edu.cn/front"


@pytest.fixture
def handlers(deployment: Deployment) -> Iterator[dict[str, worker.Handler]]:
    settings = deployment.settings.model_copy(update={"allow_private_fetches": True, "client_cache": 0})
    provider = make_provider(dataclasses.replace(deployment, settings=settings))
    yield {back_channel.KIND: back_channel.sender(provider)}
    provider.outgoing.close()


@dataclasses.dataclass
class Apps:
    """Apps of each kind, by what they are called."""

    app: Flask
    deployment: Deployment
    school: str
    receiver: Receiver

    def add(self, name: str, *ways: str) -> RelyingParty:
        uris: dict[str, str] = {"backchannel_logout_uri": f"{self.receiver.url}/told"} if "server" in ways else {}
        uris |= {"frontchannel_logout_uri": FRONT} if "browser" in ways else {}
        return register_app(self.app, self.deployment, self.school, name=name, trusted=True, **uris)


@pytest.fixture
def make(app: Flask, deployment: Deployment, school: str, receiver: Receiver) -> Apps:
    return Apps(app, deployment, school, receiver)


def sign_out(browser: Browser) -> Page:
    browser.get(f"{HOST}/logout")
    return browser.submit(form=next(form for form in browser.page.forms if form.action.endswith("/logout")))


def state(browser: Browser, page: Page) -> Any:
    return browser.client.get(f"{page.url.partition('?')[0].removeprefix(HOST)}/state", base_url=HOST).get_json()


def states(browser: Browser, page: Page) -> list[str]:
    """In the order of the apps' names."""
    return [app["state"] for app in state(browser, page)["apps"]]


@pytest.mark.parametrize(
    ("by_server", "in_browser", "here", "seconds", "expected"),
    [
        (Standing.DONE, None, True, 0, State.DONE),
        (Standing.WAITING, None, True, 99, State.WAITING),
        (Standing.AGAIN, None, True, 0, State.AGAIN),
        (Standing.GIVEN_UP, None, True, 0, State.BY_HAND),
        (None, "waiting", True, 0, State.WAITING),
        (None, "waiting", True, 99, State.NO_ANSWER),
        (None, "failed", True, 0, State.NO_ANSWER),
        (None, "done", True, 99, State.DONE),
        (None, "waiting", False, 0, State.BY_HAND),
        (None, None, True, 0, State.BY_HAND),
        (Standing.DONE, "waiting", True, 0, State.WAITING),
        (Standing.DONE, "waiting", False, 0, State.DONE),
        (Standing.AGAIN, "done", True, 0, State.AGAIN),
    ],
)
def test_of_two_ways_to_tell_an_app_the_worse_one_counts(
    by_server: Standing | None, in_browser: str | None, here: bool, seconds: int, expected: State
) -> None:
    assert state_of(by_server, in_browser, here=here, age=timedelta(seconds=seconds)) == expected


@one_database
def test_the_page_shows_each_app_and_what_to_do_until_all_is_done(
    browser: Browser,
    make: Apps,
    person: Known,
    deployment: Deployment,
    receiver: Receiver,
    handlers: dict[str, worker.Handler],
    clock: SettableClock,
) -> None:
    for name, ways in (("A", ("server",)), ("B", ("browser",)), ("C", ())):
        sign_in_to(browser, make.add(name, *ways), person)
    page = sign_out(browser)
    assert states(browser, page) == ["waiting", "waiting", "by_hand"]
    assert "没有" not in page.text
    receiver.status = 503
    worker.run_due(deployment, handlers)
    clock.forward(seconds=7)
    assert states(browser, page) == ["again", "no_answer", "by_hand"]
    shown = browser.get(f"{page.url}?again=1")
    assert "没有回应：请关闭这个应用的窗口" in shown.text
    assert "无法通知它：请关闭这个应用的窗口" in shown.text
    assert 'http-equiv="refresh"' in shown.text
    assert "iframe" not in shown.text
    receiver.status = 200
    worker.run_due(deployment, handlers)
    assert states(browser, page) == ["done", "no_answer", "by_hand"]
    assert state(browser, page)["over"] is True
    assert 'http-equiv="refresh"' not in browser.get(page.url).text


@one_database
def test_an_app_that_never_answers_has_to_be_closed_by_hand(
    browser: Browser,
    make: Apps,
    person: Known,
    deployment: Deployment,
    receiver: Receiver,
    handlers: dict[str, worker.Handler],
    clock: SettableClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "PAUSES", ())
    receiver.status = 500
    sign_in_to(browser, make.add("A", "server"), person)
    page = sign_out(browser)
    worker.run_due(deployment, handlers)
    assert states(browser, page) == ["by_hand"]
    clock.forward(minutes=59)
    assert states(browser, page) == ["by_hand"]
    clock.forward(minutes=1)
    assert browser.get(page.url).url.endswith("/signed-out")


@one_database
def test_an_app_that_was_switched_off_meanwhile_is_not_told(
    browser: Browser,
    make: Apps,
    person: Known,
    deployment: Deployment,
    receiver: Receiver,
    handlers: dict[str, worker.Handler],
) -> None:
    rp = make.add("A", "server")
    sign_in_to(browser, rp, person)
    page = sign_out(browser)
    with deployment.transaction(OPERATOR) as tx:
        apps.suspend(tx, rp.client_id)
    worker.run_due(deployment, handlers)
    assert receiver.received == []
    assert states(browser, page) == ["by_hand"]


@one_database
def test_only_the_browser_that_signed_out_sees_the_page(app: Flask, browser: Browser, make: Apps, person: Known) -> None:
    sign_in_to(browser, make.add("A", "browser"), person)
    page = sign_out(browser)
    stranger = Browser(app)
    assert stranger.get(page.url).url.endswith("/signed-out")
    assert stranger.client.get(f"{page.url.removeprefix(HOST)}/state", base_url=HOST).status_code == 404
    stranger.get("/login")
    token = stranger.page.forms[0].fields["csrf_token"]
    assert stranger.post(f"{page.url}/loaded", {"app": "1", "csrf_token": token}).status == 404
    assert browser.get(f"{HOST}/signed-out/guessed").url.endswith("/signed-out")
    assert states(browser, page) == ["waiting"]


@one_database
def test_a_page_of_an_app_that_has_loaded_counts_as_done_and_nothing_else_may_be_framed(
    browser: Browser, make: Apps, person: Known
) -> None:
    sign_in_to(browser, make.add("A", "browser"), person)
    page = sign_out(browser)
    assert re.search(r"frame-src https://app\.example\.edu\.cn;", page.headers["Content-Security-Policy"])
    token = re.search(r'data-token="([^"]+)"', page.text)
    assert token is not None
    number = str(state(browser, page)["apps"][0]["app"])
    for wrong in ("0", "", "x"):
        assert browser.post(f"{page.url}/loaded", {"app": wrong, "csrf_token": token[1]}).status == 404
    assert browser.post(f"{page.url}/loaded", {"app": number}).status == 400
    assert states(browser, page) == ["waiting"]
    assert browser.post(f"{page.url}/loaded", {"app": number, "csrf_token": token[1]}).status == 204
    assert states(browser, page) == ["done"]
    assert "frame-src 'none'" in browser.get(page.url).headers["Content-Security-Policy"]


@one_database
def test_an_app_that_asks_gets_the_browser_back_at_once_unless_a_page_has_to_be_shown(
    browser: Browser, make: Apps, person: Known
) -> None:
    sign_in_to(browser, make.add("A", "server"), person)
    asking = make.add("B")
    hint = asking.exchange(sign_in_to(browser, asking, person)).body["id_token"]
    leaving = f"{HOST}/oauth/logout?id_token_hint={hint}&post_logout_redirect_uri={AFTER}&state=s"
    assert browser.get(leaving).location == f"{AFTER}?state=s"
    assert browser.get(leaving).location == f"{AFTER}?state=s"  # twice is not an error

    sign_in_to(browser, make.add("C", "browser"), person)
    hint = asking.exchange(sign_in_to(browser, asking, person)).body["id_token"]
    page = browser.get(f"{HOST}/oauth/logout?id_token_hint={hint}&post_logout_redirect_uri={AFTER}&state=s")
    assert f'href="{AFTER}?state=s"' in page.text
    assert states(browser, page) == ["waiting"]  # not the one that asked: it has ended its own


def test_of_twenty_sign_outs_at_once_one_tells_and_all_see_the_same_page(
    app: Flask, browser: Browser, make: Apps, person: Known, deployment: Deployment
) -> None:
    sign_in_to(browser, make.add("A", "server"), person)
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies().items())

    def leave(_: int) -> tuple[int, str]:
        client = app.test_client(use_cookies=False)
        answer = client.get("/cas/logout", base_url=HOST, headers={"Cookie": cookies})
        return answer.status_code, answer.location

    results = at_once(leave)
    assert not [result for result in results if isinstance(result, Exception)]
    pages = {location for _, location in results if "/signed-out/" in location}  # type: ignore[misc]
    assert len(pages) == 1
    with deployment.reading() as session:
        assert session.scalar(select(func.count()).select_from(SignOutResult)) == 1
        assert session.scalar(select(func.count()).select_from(Message)) == 1


@one_database
def test_a_session_that_was_over_already_is_told_of_once_by_the_housekeeping(
    browser: Browser, make: Apps, person: Known, deployment: Deployment, clock: SettableClock
) -> None:
    sign_in_to(browser, make.add("A", "server"), person)
    clock.forward(seconds=deployment.settings.session_idle)
    browser.get(f"{HOST}/logout")
    assert browser.page.url.endswith("/signed-out")
    ends = session_end.endings(deployment)
    assert [housekeeping.end_expired_sessions(deployment, ends) for _ in range(2)] == [1, 0]
    with deployment.reading() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 1


@one_database
def test_signing_out_there_shows_what_cannot_be_told_from_here(
    app: Flask, browser: Browser, make: Apps, person: Known, deployment: Deployment, handlers: dict[str, worker.Handler]
) -> None:
    for name, way in (("A", "server"), ("B", "browser")):
        sign_in_to(Browser(app), make.add(name, way), person)
    browser.get("/login")
    browser.sign_in(person.number, "violet-tram-93")
    browser.get("/me")
    page = browser.submit(
        form=next(one for one in browser.page.forms if one.action.endswith("/me/sessions/end") and "sid" not in one.fields)
    )
    worker.run_due(deployment, handlers)
    shown = browser.get(page.url)
    assert states(browser, page) == ["done", "by_hand"]
    assert "从这里无法通知它" in shown.text
    assert "iframe" not in shown.text
    assert 'href="/me"' in shown.text
    assert browser.get("/me").url.endswith("/me")


@pytest.mark.parametrize("when", ["today", "tomorrow"])
def test_whoever_leaves_the_last_school_is_signed_out_everywhere_and_may_sign_in_to_what_is_their_own(
    app: Flask, browser: Browser, make: Apps, deployment: Deployment, school: str, clock: SettableClock, when: str
) -> None:
    leaver, member = make_person(deployment, school), make_person(deployment, school, document="OTHER1")
    rp = make.add("A", "server")
    sign_in_to(browser, rp, leaver)
    sign_in_to(Browser(app), rp, member)
    clock.forward(minutes=1)
    with deployment.transaction(OPERATOR) as tx:
        person = persons.by_id(tx.session, leaver.id)
        affiliations.add(tx, person, school, Role.ALUMNUS)
        affiliations.end(tx, person, school, Role.STUDENT)
    ends = session_end.endings(deployment)
    assert housekeeping.end_expired_sessions(deployment, ends) == 0  # still at the school, as something else
    with deployment.transaction(OPERATOR) as tx:
        day = clock.now().date() + timedelta(days=when == "tomorrow")
        affiliations.end(tx, persons.by_id(tx.session, leaver.id), school, Role.ALUMNUS, on=day)
    if when == "tomorrow":
        assert housekeeping.end_expired_sessions(deployment, ends) == 0
        clock.forward(hours=16)
        with deployment.transaction(OPERATOR) as tx:  # so that idleness is not what ends it
            for row in tx.session.scalars(select(BrowserSession)):
                row.seen_at = clock.now()
                if row.person_id == member.id:
                    row.created_at = clock.now()
    assert housekeeping.end_expired_sessions(deployment, ends) == 1
    with deployment.reading() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 1
    clock.forward(minutes=1)
    again = Browser(app)
    again.get("/login")
    again.sign_in(leaver.number, "violet-tram-93")
    assert housekeeping.end_expired_sessions(deployment, ends) == 0


@one_database
def test_the_rows_go_when_nobody_can_look_any_more(
    browser: Browser, make: Apps, person: Known, deployment: Deployment, clock: SettableClock
) -> None:
    sign_in_to(browser, make.add("A", "browser"), person)
    sign_out(browser)
    clock.forward(seconds=sign_outs.REMEMBERED.total_seconds() + 1)
    housekeeping.purge(deployment)
    with deployment.reading() as session:
        assert session.scalar(select(func.count()).select_from(SignOutResult)) == 0
