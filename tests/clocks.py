"""A clock for tests."""

from datetime import UTC, datetime, timedelta


class SettableClock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def forward(self, **time: float) -> None:
        """Moves on by a timedelta's arguments."""
        self.moment += timedelta(**time)
