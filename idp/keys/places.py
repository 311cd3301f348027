"""Where sealed secrets are: one place for each column that holds them, as the tables themselves say.

A room declares a column by its type, :class:`idp.database.SealedText`; what is sealed inside of something else, such as the
payload of an outbox, is a :class:`Place` of its own making. ``idp.sealed`` puts them together.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Column, ColumnElement, MetaData, and_, func, select, tuple_, update
from sqlalchemy.orm import Session

from idp.crypto.envelope import prefix
from idp.database import SealedText
from idp.database.compare_and_set import compare_and_set

_FIELD = re.compile(r"{(\w+)(?:\.(\w+))?}")


@dataclass(frozen=True, slots=True)
class Found:
    """One sealed value: the key of its row, its text, and the context it opens with."""

    row: tuple[Any, ...]
    sealed: str
    context: str


class Place(Protocol):
    """Sealed values of one kind, in the order of their rows."""

    @property
    def name(self) -> str:
        """``table.column``, for people."""

    @property
    def pattern(self) -> str:
        """The context, what differs from row to row in braces."""

    @property
    def purpose(self) -> str:
        """The purpose of the key that seals here."""

    def count(self, session: Session, kid: str) -> tuple[int, int]:
        """How many values are sealed under ``kid``, and how many under other keys."""

    def stale(self, session: Session, kid: str, after: tuple[Any, ...] | None, limit: int) -> Sequence[Found]:
        """The next values that are not sealed under ``kid``, behind the row ``after``."""

    def replace(self, session: Session, found: Found, sealed: str) -> bool:
        """Puts ``sealed`` in the value's place, unless that has changed; tells whether it did."""


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of the type :class:`idp.database.SealedText`."""

    column: Column[Any]
    type: SealedText

    @property
    def name(self) -> str:
        """``table.column``."""
        return str(self.column)

    @property
    def pattern(self) -> str:
        """The context's pattern."""
        return self.type.place

    @property
    def purpose(self) -> str:
        """The purpose of the key that seals here."""
        return self.type.purpose

    def count(self, session: Session, kid: str) -> tuple[int, int]:
        """How many values are sealed under ``kid``, and how many under other keys."""
        under = self.column.startswith(prefix(kid), autoescape=True)
        counted = select(func.count().filter(under), func.count().filter(~under)).where(self.column.is_not(None))
        mine, others = session.execute(counted.select_from(self.column.table)).one()
        return mine, others

    def stale(self, session: Session, kid: str, after: tuple[Any, ...] | None, limit: int) -> Sequence[Found]:
        """The next values that are not sealed under ``kid``. One pass goes over the table once, in the order of its key."""
        keys = list(self.column.table.primary_key.columns)
        fields = list(self._fields())
        rows = select(*keys, self.column, *fields).where(~self.column.startswith(prefix(kid), autoescape=True))
        if after is not None:
            rows = rows.where(tuple_(*keys) > tuple_(*after))
        size = len(keys)
        return [
            Found(tuple(row[:size]), row[size], self._context(row[size + 1 :]))
            for row in session.execute(rows.order_by(*keys).limit(limit))
        ]

    def replace(self, session: Session, found: Found, sealed: str) -> bool:
        """Compare-and-set on the old text: what somebody has written meanwhile stays."""
        table = self.column.table
        here = and_(*(key == value for key, value in zip(table.primary_key.columns, found.row, strict=True)))
        statement = update(table).where(here, self.column == found.sealed).values({self.column.name: sealed})
        return compare_and_set(session, statement)

    def _fields(self) -> Iterator[ColumnElement[Any]]:
        for name, other in _FIELD.findall(self.pattern):
            column = self.column.table.columns[name]
            if not other:
                yield column
                continue
            (key,) = column.foreign_keys
            yield select(key.column.table.columns[other]).where(key.column == column).scalar_subquery()

    def _context(self, values: Sequence[Any]) -> str:
        there = iter(values)
        return _FIELD.sub(lambda _: str(next(there)), self.pattern)


def sealed_columns(metadata: MetaData) -> tuple[SealedColumn, ...]:
    """Every column of ``metadata`` that holds sealed secrets."""
    columns = (column for table in metadata.sorted_tables for column in table.columns)
    return tuple(SealedColumn(column, column.type) for column in columns if isinstance(column.type, SealedText))
