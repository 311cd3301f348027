"""Before another message so soon: work or wait, for the number as for the person, and each piece of work for one message."""

import shutil
from pathlib import Path

import pytest

from idp.crypto import sm3
from idp.deployment import Deployment
from idp.settings import Settings
from idp.sms import limits, work
from idp.sms.errors import WorkNeeded
from idp.sms.limits import Limits
from idp.sms.work import FIRST_BITS, LAST_BITS, Work
from tests.clocks import SettableClock
from tests.people import OPERATOR
from tests.services.puzzle import solved

RULES = Limits(False, 20, 100, 20)


@pytest.fixture
def deployment_settings(sqlite_template: Path, tmp_path: Path) -> Settings:
    """One database is enough: nothing here is written."""
    shutil.copytree(sqlite_template, tmp_path / "yima")
    return Settings(home=tmp_path / "yima")


def send(deployment: Deployment, number: str = "a", person: int = 1) -> None:
    with deployment.transaction(OPERATOR) as tx:
        limits.count(tx, RULES, phone_index=number, person_id=person, address=None)


def ask(deployment: Deployment, number: str = "a", person: int = 1, answer: str = "") -> None:
    """Raises what the check raises."""
    with deployment.reading() as session:
        now = deployment.clock.now()
        work.check(session, deployment.ring.vault, now, person_id=person, phone_index=number, answer=answer)


def given(deployment: Deployment, person: int = 1) -> Work:
    with deployment.reading() as session:
        return work.asked(session, deployment.ring.vault, person)


def test_the_first_message_of_an_hour_is_free(deployment: Deployment, clock: SettableClock) -> None:
    ask(deployment)
    send(deployment)
    clock.forward(hours=1)
    ask(deployment)


@pytest.mark.parametrize(("number", "person"), [("a", 1), ("a", 2), ("b", 1)])
def test_a_second_one_to_the_number_or_for_the_person_has_its_price(deployment: Deployment, number: str, person: int) -> None:
    send(deployment)
    with pytest.raises(WorkNeeded) as caught:
        ask(deployment, number, person)
    assert caught.value.params["minutes"] == 20
    ask(deployment, number, person, solved(given(deployment, person)))
    ask(deployment, "c", 3)


def test_work_is_good_for_one_message(deployment: Deployment) -> None:
    send(deployment)
    answer = solved(given(deployment))
    ask(deployment, answer=answer)
    send(deployment, "b")
    with pytest.raises(WorkNeeded):
        ask(deployment, answer=answer)


def test_work_is_good_for_the_person_it_was_given_to(deployment: Deployment) -> None:
    send(deployment, "a", 1)
    send(deployment, "b", 2)
    with pytest.raises(WorkNeeded):
        ask(deployment, "a", 1, solved(given(deployment, 2)))


def test_an_answered_code_does_not_make_the_next_one_free(deployment: Deployment) -> None:
    send(deployment)
    with deployment.transaction(OPERATOR) as tx:
        limits.answered(tx, 1)
    with pytest.raises(WorkNeeded):
        ask(deployment)


def test_whoever_waits_needs_no_work_and_gets_three_an_hour(deployment: Deployment, clock: SettableClock) -> None:
    for sent, minutes in ((1, 20), (2, 20), (3, 20)):
        send(deployment)
        with pytest.raises(WorkNeeded):
            ask(deployment)
        clock.forward(minutes=minutes - 1)
        with pytest.raises(WorkNeeded) as caught:
            ask(deployment)
        assert caught.value.params["minutes"] == 1, sent
        clock.forward(minutes=1)
        ask(deployment)


@pytest.mark.parametrize("answer", ["", "x", "-1", "1.5", "１２", "1" * 13, " 1", "0x10", "1\n"])
def test_what_is_no_number_is_no_work(answer: str) -> None:
    assert not work.done(Work("0" * 32, 0), answer)


def test_a_number_that_does_not_fit_is_no_work() -> None:
    one = Work("0" * 32, FIRST_BITS)
    answer = solved(one)
    assert work.done(one, answer)
    assert not work.done(one, str(int(answer) - 1))
    assert not work.done(Work("1" * 32, FIRST_BITS), answer)
    assert sm3.digest(f"{one.seed}:{answer}".encode())[:2] == b"\0\0"


def test_each_message_makes_the_next_one_dearer_up_to_a_bound(deployment: Deployment) -> None:
    bits = [given(deployment).bits]
    for number in "abcdefgh":
        deployment.clock.forward(seconds=61)  # type: ignore[attr-defined]
        try:
            send(deployment, number)
        except limits.TooManyMessages:
            break
        bits.append(given(deployment).bits)
    assert bits == [FIRST_BITS, FIRST_BITS + 1, LAST_BITS, LAST_BITS, LAST_BITS, LAST_BITS]
