"""Column types that mean the same on SQLite and PostgreSQL."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator


class UTCDateTime(TypeDecorator[datetime]):
    """A moment: an aware datetime in UTC. A naive one is refused, because nobody can know what it means."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """What goes into the row. Raises ``ValueError`` for a naive datetime."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        value = value.astimezone(UTC)
        # SQLite has no time zones: rows hold UTC without saying so.
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, _: Dialect) -> datetime | None:
        """What comes out of the row."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JSONText(TypeDecorator[Any]):
    """A JSON value kept as text: the same bytes on both databases. Not for values that a query looks into."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, _: Dialect) -> str | None:
        """What goes into the row."""
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)

    def process_result_value(self, value: str | None, _: Dialect) -> Any:
        """What comes out of the row."""
        return None if value is None else json.loads(value)


class SealedText(TypeDecorator[str]):
    """A secret as the vault has sealed it for one place. The column says what re-sealing has to know, so that none is forgotten.

    ``place`` is the vault's context, with columns of the row in braces: ``person:{id}:phone``; ``{column.other}`` is ``other``
    in the row that ``column`` refers to. ``purpose`` is that of the key it is sealed under, see :mod:`idp.keys.states`.
    """

    impl = Text
    cache_ok = True

    def __init__(self, place: str, purpose: str = "seal") -> None:
        super().__init__()
        self.place = place
        self.purpose = purpose
