"""The time of day, as a value that is passed in."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

BEIJING = timezone(timedelta(hours=8))
"""One time for the whole mainland, without summer time."""


class Clock(Protocol):
    """Tells the time. Rules get the moment from their transaction, which got it here."""

    def now(self) -> datetime:
        """This moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """This moment, aware, in UTC."""
        return datetime.now(UTC)
