"""What is over goes; what may still be replayed, or is good, stays."""

import pytest
from sqlalchemy import func, select

from idp import housekeeping
from idp.deployment import Deployment
from idp.login import flow, sign_ins, throttle
from idp.login.requirement import Requirement
from idp.login.sign_ins import Outcome, Visit
from idp.login.tables import SignIn, SignInFlow, Throttle
from idp.mfa import remembered
from idp.mfa.tables import RememberedDevice
from idp.notices import book
from idp.notices.events import Event
from idp.notices.tables import Notice
from tests.clocks import SettableClock
from tests.people import OPERATOR, make_person, make_school


def count(deployment: Deployment, table: type) -> int:
    with deployment.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_rows_that_are_over_go_in_batches_and_others_stay(
    deployment: Deployment, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "BATCH", 3)
    with deployment.transaction(OPERATOR) as tx:
        for _ in range(7):
            flow.begin(tx, Requirement(), "/me", "browser", None)
        throttle.count_failure(tx, throttle.buckets("password", "a", "10.0.0.1", None))
    clock.forward(minutes=20)
    assert housekeeping.purge(deployment) == 0
    with deployment.transaction(OPERATOR) as tx:
        flow.begin(tx, Requirement(), "/me", "browser", None)
    clock.forward(minutes=15)
    assert housekeeping.purge(deployment) == 7
    assert count(deployment, SignInFlow) == 1
    assert count(deployment, Throttle) == 2
    clock.forward(hours=13)
    housekeeping.purge(deployment)
    assert count(deployment, Throttle) == 0


def test_a_failure_of_the_housekeeping_is_logged_and_the_next_round_comes(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from threading import Event

    again, calls = Event(), []

    def broken(_: Deployment) -> int:
        calls.append(1)
        if len(calls) > 1:
            again.set()
        raise RuntimeError

    monkeypatch.setattr(housekeeping, "purge", broken)
    monkeypatch.setattr(housekeeping, "EVERY_SECONDS", 0.01)
    stop = housekeeping.start(deployment, ())
    assert again.wait(10)
    stop()
    assert "housekeeping failed" in caplog.text


@pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)
def test_sign_ins_go_after_their_days_and_notices_that_were_read_but_no_unread_one(
    deployment: Deployment, clock: SettableClock
) -> None:
    person = make_person(deployment, make_school(deployment), password=None)
    with deployment.transaction(OPERATOR) as tx:
        visit = Visit("Chrome", "mark")
        sign_ins.record(tx, deployment.settings, person.id, Outcome.SIGNED_IN, visit)
        read = book.give(tx, person.id, Event.PASSWORD_CHANGED).id
        book.mark_read(tx, person.id, read)
        book.give(tx, person.id, Event.PASSWORD_CHANGED)
        remembered.remember(tx, deployment.ring.vault, deployment.settings, person.id, "Chrome")
    clock.forward(days=89)
    housekeeping.purge(deployment)
    assert (count(deployment, SignIn), count(deployment, Notice), count(deployment, RememberedDevice)) == (1, 3, 0)
    clock.forward(days=2)
    housekeeping.purge(deployment)
    assert (count(deployment, SignIn), count(deployment, Notice)) == (0, 2)
