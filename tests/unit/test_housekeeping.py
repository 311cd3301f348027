"""What is over goes; what may still be replayed, or is good, stays."""

import pytest
from sqlalchemy import func, select

from idp import housekeeping
from idp.deployment import Deployment
from idp.login import flow, throttle
from idp.login.requirement import Requirement
from idp.login.tables import SignInFlow, Throttle
from tests.clocks import SettableClock
from tests.people import OPERATOR


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
