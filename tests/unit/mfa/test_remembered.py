"""Remembered devices as a rule: good once each, for one person, for a while; a copy ends them all."""

from collections.abc import Callable
from typing import cast

import pytest
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.deployment import Deployment
from idp.login import passwords
from idp.mfa import credentials, remembered
from idp.mfa.errors import DeviceStolen, NoSuchDevice, NotRemembered
from idp.mfa.factors import FACTORS
from idp.mfa.tables import RememberedDevice
from idp.notices import book
from idp.registry import affiliations
from idp.registry.affiliations import Role
from idp.registry.persons import PersonStatus
from idp.registry.tables import Person
from tests.at_once import at_once, refused, succeeded
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known, make_person, make_school
from tests.unit.mfa.doors import Door, Knock
from tests.web.conftest import give_totp

one_database = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)


@pytest.fixture
def school(deployment: Deployment) -> str:
    return make_school(deployment)


@pytest.fixture
def person(deployment: Deployment, school: str) -> Known:
    return make_person(deployment, school, password=None)


class Browser:
    """A browser that keeps what it is given."""

    def __init__(self, deployment: Deployment, person: Known) -> None:
        self.deployment, self.person, self.cookie = deployment, person, ""

    def remember(self, **settings: object) -> "Browser":
        here = self.deployment.settings.model_copy(update=settings)
        with self.deployment.transaction(OPERATOR) as tx:
            self.cookie = remembered.remember(tx, self.deployment.ring.vault, here, self.person.id, "Chrome · Windows").cookie
        return self

    def use(self, cookie: str = "", person: Known | None = None, **settings: object) -> str:
        """Comes back with ``cookie``, or with what it keeps; keeps and returns the next."""
        here, error = self.deployment.settings.model_copy(update=settings), None
        who = (person or self.person).id
        with self.deployment.transaction(OPERATOR) as tx:
            try:
                self.cookie = remembered.redeem(tx, self.deployment.ring.vault, here, who, cookie or self.cookie).cookie
            except NotRemembered as wrong:  # kept, as the pages keep it
                error = wrong
        if error is not None:
            raise error
        return self.cookie


@pytest.fixture
def browser(deployment: Deployment, person: Known) -> Browser:
    return Browser(deployment, person).remember()


def events(deployment: Deployment, action: str) -> list[AuditEvent]:
    with deployment.reading() as session:
        return list(session.scalars(select(AuditEvent).where(AuditEvent.action == action)))


def notices(deployment: Deployment, person: Known) -> list[str]:
    with deployment.reading() as session:
        return [row.event for row in book.unread(session, person.id, deployment.clock.now())]


@one_database
def test_each_use_moves_the_counter_and_the_cookie_is_good_until_the_thirtieth_day(browser: Browser, clock: SettableClock) -> None:
    seen = {browser.cookie}
    for _ in range(3):
        clock.forward(days=9)
        seen.add(browser.use())
    assert len(seen) == 4
    clock.forward(days=3)
    with pytest.raises(NotRemembered):
        browser.use()


@one_database
def test_what_the_table_holds_makes_no_cookie(deployment: Deployment, browser: Browser) -> None:
    series, counter, seal = browser.cookie.split(":")
    with deployment.reading() as session:
        row = session.scalars(select(RememberedDevice)).one()
        held = {str(value) for value in vars(row).values()}
    assert not held & {series, seal}
    for forged in (f"{series}:1:{seal}", f"{series}:{counter}:{'0' * 64}", f"{row.series_hash[:43]}:{counter}:{seal}"):
        with pytest.raises(NotRemembered) as caught:
            browser.use(forged)
        assert caught.type is NotRemembered
    browser.use()


@one_database
@pytest.mark.parametrize("cookie", ["x", ":::", "a:0:b", "x" * 5000, "系列:0:" + "0" * 64, "A" * 43 + ":-1:" + "0" * 64])
def test_what_is_no_cookie_of_ours_is_refused_without_an_alarm(deployment: Deployment, browser: Browser, cookie: str) -> None:
    with pytest.raises(NotRemembered):
        browser.use(cookie)
    assert not events(deployment, "mfa.device.stolen")


@one_database
def test_a_stale_counter_ends_every_remembered_device_and_the_person_and_the_journal_are_told(
    deployment: Deployment, browser: Browser, person: Known, clock: SettableClock
) -> None:
    at_home, copied = Browser(deployment, person).remember(), browser.cookie
    browser.use()
    clock.forward(minutes=2)
    with pytest.raises(DeviceStolen):
        browser.use(copied)
    for one in (browser, at_home):
        with pytest.raises(NotRemembered):
            one.use()
    (event,) = events(deployment, "mfa.device.stolen")
    assert (event.subject, event.outcome, event.detail["ended"]) == (f"person:{person.number}", "failure", 2)
    assert notices(deployment, person).count("device_stolen") == 1


@one_database
def test_the_owner_who_comes_after_the_thief_raises_the_alarm_too(browser: Browser, clock: SettableClock) -> None:
    thief = Browser(browser.deployment, browser.person)
    thief.use(browser.cookie)
    clock.forward(days=1)
    with pytest.raises(DeviceStolen):
        browser.use()
    with pytest.raises(NotRemembered):
        thief.use()


@one_database
def test_two_tabs_that_send_one_counter_leave_with_the_same_cookie_and_no_alarm(browser: Browser, clock: SettableClock) -> None:
    sent = browser.cookie
    first = browser.use(sent)
    clock.forward(seconds=59)
    assert browser.use(sent) == first
    clock.forward(seconds=2)
    browser.use(first)


@one_database
def test_the_counter_before_the_last_is_a_theft_however_quick(browser: Browser) -> None:
    sent = browser.cookie
    browser.use()
    browser.use()
    with pytest.raises(DeviceStolen):
        browser.use(sent)


@one_database
def test_it_is_bound_to_its_person(deployment: Deployment, school: str, browser: Browser) -> None:
    other = make_person(deployment, school, document="OTHER1234", password=None)
    with pytest.raises(NotRemembered):
        browser.use(person=other)
    browser.use()


@one_database
def test_administrators_have_none_and_lose_theirs_when_they_are_appointed(
    deployment: Deployment, school: str, person: Known, browser: Browser
) -> None:
    head = make_person(deployment, school, document="HEAD12345", role=Role.SCHOOL_ADMIN, password=None)
    with pytest.raises(NotRemembered):
        Browser(deployment, head).remember()
    with deployment.transaction(OPERATOR) as tx:
        affiliations.add(tx, tx.session.get_one(Person, person.id), school, Role.REGION_ADMIN)
    with pytest.raises(NotRemembered):
        browser.use()


@one_database
def test_an_installation_that_wants_none_neither_makes_nor_takes_one(browser: Browser) -> None:
    with pytest.raises(NotRemembered):
        browser.use(remembered_device_days=0)
    with pytest.raises(NotRemembered):
        Browser(browser.deployment, browser.person).remember(remembered_device_days=0)


def _change_password(deployment: Deployment, person: Known) -> None:
    for verifier in ("the first", "another"):
        with deployment.transaction(OPERATOR) as tx:
            passwords.set_password(tx, tx.session.get_one(Person, person.id), verifier)


def _add_factor(deployment: Deployment, person: Known) -> None:
    give_totp(deployment, person, cast(SettableClock, deployment.clock))


def _lock_factor(deployment: Deployment, person: Known) -> None:
    door = Door(deployment, person, lambda rule: None, "knock")
    with deployment.transaction(OPERATOR) as tx:
        credentials.lock(tx, credentials.find(tx.session, person.id, door.credential), "found")


def _remove_factor(deployment: Deployment, person: Known) -> None:
    door = Door(deployment, person, lambda rule: None, "knock")
    with deployment.transaction(OPERATOR) as tx:
        credentials.remove(tx, tx.session.get_one(Person, person.id), door.credential)


def _reset(deployment: Deployment, person: Known) -> None:
    Door(deployment, person, lambda rule: None, "knock")
    with deployment.transaction(OPERATOR) as tx:
        credentials.remove_all(tx, tx.session.get_one(Person, person.id))


def _disable(deployment: Deployment, person: Known) -> None:
    with deployment.transaction(OPERATOR) as tx:
        tx.session.get_one(Person, person.id).status = PersonStatus.DISABLED


@one_database
@pytest.mark.parametrize("change", [_change_password, _add_factor, _lock_factor, _remove_factor, _reset, _disable])
def test_it_ends_when_the_password_or_a_factor_changes_or_the_person_is_disabled(
    deployment: Deployment, person: Known, browser: Browser, monkeypatch: pytest.MonkeyPatch, change: Callable[..., None]
) -> None:
    monkeypatch.setitem(FACTORS, "knock", Knock())
    change(deployment, person)
    with pytest.raises(NotRemembered):
        browser.use()


@one_database
def test_ten_for_a_person_and_the_oldest_goes(deployment: Deployment, person: Known, clock: SettableClock) -> None:
    browsers = []
    for _ in range(11):
        clock.forward(minutes=1)
        browsers.append(Browser(deployment, person).remember())
    with pytest.raises(NotRemembered):
        browsers[0].use()
    browsers[1].use()


@one_database
def test_anothers_device_cannot_be_forgotten(deployment: Deployment, school: str, browser: Browser) -> None:
    other = make_person(deployment, school, document="OTHER1234", password=None)
    with deployment.reading() as session:
        (row,) = remembered.active(session, browser.person.id, deployment.clock.now())
    with pytest.raises(NoSuchDevice), deployment.transaction(OPERATOR) as tx:
        remembered.forget(tx, other.id, row.id)
    with deployment.transaction(OPERATOR) as tx:
        remembered.forget(tx, browser.person.id, row.id)
    with pytest.raises(NotRemembered):
        browser.use()


def test_twenty_tabs_at_once_move_the_counter_once_and_all_come_in(deployment: Deployment, browser: Browser) -> None:
    sent = browser.cookie
    results = at_once(lambda _: Browser(deployment, browser.person).use(sent))
    assert len(succeeded(results)) == 20
    assert set(succeeded(results)) == {browser.use(sent)}
    with deployment.reading() as session:
        assert session.scalars(select(RememberedDevice.counter)).one() == 1


def test_twenty_copies_at_once_raise_one_alarm(
    deployment: Deployment, browser: Browser, person: Known, clock: SettableClock
) -> None:
    copied = browser.cookie
    browser.use()
    clock.forward(minutes=5)
    results = at_once(lambda _: Browser(deployment, person).use(copied))
    assert not succeeded(results)
    assert refused(results) <= {DeviceStolen, NotRemembered}
    assert len(events(deployment, "mfa.device.stolen")) == 1
    assert notices(deployment, person).count("device_stolen") == 1
