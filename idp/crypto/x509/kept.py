"""What was found out about bytes that come again and again: an authority's names and addresses stand in every certificate of its.

Reading, and verifying under a key, have one outcome for the same bytes, so what is kept cannot be out of date. What a stranger
sends is kept too, so there is room for a number of small ones, and the oldest goes first.
"""

from collections.abc import Hashable
from contextlib import suppress
from typing import Generic, TypeVar

Value = TypeVar("Value")
LONGEST = 512


class Kept(Generic[Value]):
    """At most ``most`` values that cannot be changed, by bytes of which each has at most ``longest``."""

    def __init__(self, most: int, longest: int = LONGEST) -> None:
        self._most, self._longest = most, longest
        self._found: dict[Hashable, Value] = {}
        self.get = self._found.get

    def keep(self, key: Hashable, value: Value, size: int) -> None:
        """Keeps a value that rests on ``size`` bytes, where they are not too many. Threads may do so at once."""
        if size > self._longest:
            return
        if len(self._found) >= self._most:
            with suppress(StopIteration, KeyError, RuntimeError):  # another thread was faster
                del self._found[next(iter(self._found))]
        self._found[key] = value

    def clear(self) -> None:
        """Forgets everything."""
        self._found.clear()
