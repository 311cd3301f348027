"""One row into one table as a transaction of its own, with as little as possible between the caller and the driver.

For the hottest path only, see ``docs/decisions/0011``: there the engine's machinery costs twice what the database does. The
statement and the conversion of values are SQLAlchemy's own, made once.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Table, insert

from idp.database.engine import Database


class SingleInsert:
    """``INSERT`` into one table, on one database."""

    def __init__(self, database: Database, table: Table, columns: tuple[str, ...]) -> None:
        """``columns`` are the keys of every row that will come."""
        dialect = database.engine.dialect
        compiled = insert(table).compile(dialect=dialect, column_keys=list(columns))
        self._engine = database.engine
        self._autocommits = database.is_sqlite  # our connections do, outside of a transaction of ours
        self._sql = str(compiled)
        self._positions = compiled.positiontup
        self._converters: dict[str, Callable[[Any], Any]] = {}
        for name in columns:
            converter = table.columns[name].type.dialect_impl(dialect).bind_processor(dialect)
            if converter is not None:
                self._converters[name] = converter

    def __call__(self, row: Mapping[str, Any]) -> None:
        """Writes the row; it is there when this returns. Raises the driver's own error."""
        values = {name: self._converters[name](value) if name in self._converters else value for name, value in row.items()}
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(self._sql, tuple(values[name] for name in self._positions) if self._positions else values)
            cursor.close()
            if not self._autocommits:
                connection.commit()
        finally:
            connection.close()
