"""Several threads, one transaction: who goes together, who is refused, what a transaction that fails does to the others."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.database.group_commit import CommitInterrupted, GroupCommit
from tests.at_once import TRIES, at_once


class Refused(Exception):
    """Of one."""


class Slow:
    """Writes nothing, and the first time not before it is told to."""

    def __init__(self, fails: BaseException | None = None, most: int = 64) -> None:
        self.groups: list[list[int]] = []
        self.fails = fails
        self.has_begun, self.may_end = threading.Event(), threading.Event()
        self.line = GroupCommit(self.commit, most=most)

    def commit(self, wanted: Sequence[int]) -> list[int | Exception]:
        self.groups.append(list(wanted))
        if len(self.groups) == 1:
            self.has_begun.set()
            self.may_end.wait()
        elif self.fails is not None:
            fails, self.fails = self.fails, None
            raise fails
        return [Refused(one) if one < 0 else 10 * one for one in wanted]

    def with_a_line(self, *numbers: int) -> list[object]:
        """What became of ``numbers``, all of which came while the first transaction was under way."""

        def told(number: int) -> object:
            try:
                return self.line(number)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - what it raised is the result
                return error

        with ThreadPoolExecutor(len(numbers) + 1) as pool:
            first = pool.submit(told, 0)
            self.has_begun.wait()
            others = []
            for place, number in enumerate(numbers, 1):
                others.append(pool.submit(told, number))
                while len(self.line) < place:
                    pass
            self.may_end.set()
            assert first.result() == 0
            return [one.result() for one in others]


def test_who_comes_during_a_transaction_goes_together_in_the_next() -> None:
    slow = Slow()
    assert slow.with_a_line(1, 2, 3) == [10, 20, 30]
    assert slow.groups == [[0], [1, 2, 3]]


def test_no_more_go_together_than_may() -> None:
    slow = Slow(most=2)
    assert slow.with_a_line(1, 2, 3, 4, 5) == [10, 20, 30, 40, 50]
    assert slow.groups == [[0], [1, 2], [3, 4], [5]]


def test_one_that_is_refused_is_refused_alone() -> None:
    slow = Slow()
    one, other, third = slow.with_a_line(1, -2, 3)
    assert (one, third, slow.groups) == (10, 30, [[0], [1, -2, 3]])
    assert isinstance(other, Refused)


def test_what_happens_to_the_transaction_everybody_in_it_is_told() -> None:
    failed = ConnectionError("the database is gone")
    slow = Slow(failed)
    assert slow.with_a_line(1, 2, 3) == [failed] * 3
    assert slow.line(4) == 40


def test_nobody_waits_for_a_thread_that_has_ended() -> None:
    ended = SystemExit()
    slow = Slow(ended)
    found = slow.with_a_line(1, 2, 3)
    assert found.count(ended) == 1
    assert [type(one) for one in found if one is not ended] == [CommitInterrupted] * 2
    assert slow.line(4) == 40


def test_a_result_too_few_is_an_error_and_not_silence() -> None:
    line = GroupCommit[int, int](lambda _: [])
    with pytest.raises(ValueError):
        line(1)


def test_each_of_twenty_at_once_gets_its_own() -> None:
    line = GroupCommit[int, int](lambda wanted: [10 * one for one in wanted])
    assert at_once(line) == [10 * number for number in range(TRIES)]
