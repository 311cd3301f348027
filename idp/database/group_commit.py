"""Group commit: what several threads want written at the same time is written by one of them, in one transaction.

A transaction costs a write to the disk and holds its locks until then, so one for each request lets them wait in a line. Nobody
waits for company: whoever comes first commits at once, and whoever comes meanwhile goes together next.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

MOST = 64

W = TypeVar("W")
R = TypeVar("R")


class CommitInterrupted(RuntimeError):
    """The thread that committed for this one ended in the middle of it: whether it was written is not known."""


class _Waiting(Generic[W, R]):
    """What one thread wants written, and what became of it."""

    __slots__ = ("done", "error", "result", "wanted")

    def __init__(self, wanted: W) -> None:
        self.wanted = wanted
        self.done = False
        self.result: R | None = None
        self.error: BaseException | None = CommitInterrupted()


class GroupCommit(Generic[W, R]):
    """The line of one process."""

    def __init__(self, commit: Callable[[Sequence[W]], Sequence[R | Exception]], *, most: int = MOST) -> None:
        """``commit`` writes up to ``most`` of what is wanted, in one transaction that is over when it returns, and gives the result
        of each in their order: an exception for one that was refused, which must have written nothing. What it raises itself,
        everybody in the transaction is told.
        """
        self._commit = commit
        self._most = most
        self._line: deque[_Waiting[W, R]] = deque()
        self._is_led = False
        self._changed = threading.Condition()

    def __len__(self) -> int:
        """How many wait for the transaction under way to end."""
        return len(self._line)

    def __call__(self, wanted: W) -> R:
        """The result, after the commit. Raises what it was refused with, or what happened to the transaction."""
        mine: _Waiting[W, R] = _Waiting(wanted)
        with self._changed:
            self._line.append(mine)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: mine.done or not self._is_led)
                if mine.done:
                    break
                self._is_led = True
                group = [self._line.popleft() for _ in range(min(self._most, len(self._line)))]
            try:
                self._write(group)
            finally:
                with self._changed:
                    self._is_led = False
                    for one in group:
                        one.done = True
                    self._changed.notify_all()
        if mine.error is not None:
            raise mine.error
        return mine.result  # type: ignore[return-value]

    def _write(self, group: Sequence[_Waiting[W, R]]) -> None:
        try:
            results = list(zip(group, self._commit([one.wanted for one in group]), strict=True))
        except Exception as error:  # noqa: BLE001 - each thread raises it for itself
            for one in group:
                one.error = error
            return
        for one, result in results:
            one.result, one.error = (None, result) if isinstance(result, Exception) else (result, None)
