"""Doing one thing many times at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

T = TypeVar("T")

TRIES = 20


def at_once(work: Callable[[int], T], tries: int = TRIES) -> list[T | Exception]:
    """What ``work`` returned or raised in each of ``tries`` threads that start together."""
    start = Barrier(tries)

    def one(number: int) -> T | Exception:
        start.wait()
        try:
            return work(number)
        except Exception as error:  # noqa: BLE001 - what it raised is the result
            return error

    with ThreadPoolExecutor(tries) as pool:
        return list(pool.map(one, range(tries)))


def succeeded(results: list[T | Exception]) -> list[T]:
    """Those that did not raise."""
    return [result for result in results if not isinstance(result, Exception)]


def refused(results: list[T | Exception]) -> set[type[Exception]]:
    """The kinds of error that the others raised."""
    return {type(result) for result in results if isinstance(result, Exception)}
