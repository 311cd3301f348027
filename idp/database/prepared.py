"""A statement within a session's transaction, handed to the driver: for the few that are sent for every certificate and every act.

The statement and the conversion of values are SQLAlchemy's own, made once for a database; what is left out are its contexts,
events and result objects, which cost several times what the database does. See ``docs/decisions/0029``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Delete, Dialect, Insert, Select, Update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import CompoundSelect

Converter = Callable[[Any], Any]
Statement = Select[Any] | CompoundSelect[Any] | Insert | Update | Delete


@dataclass(frozen=True)
class _Compiled:
    sql: str
    positions: Sequence[str] | None
    given: dict[str, Any]
    into: dict[str, Converter]
    out: tuple[Converter | None, ...]

    def parameters(self, values: dict[str, Any]) -> Any:
        """As the driver wants them."""
        given = self.given | values
        for name, convert in self.into.items():
            given[name] = convert(given[name])
        return tuple(given[name] for name in self.positions) if self.positions is not None else given


class Prepared:
    """One statement with its parameters as ``bindparam``; rows come back as tuples of what was selected or returned."""

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, session: Session, **values: Any) -> list[tuple[Any, ...]]:
        """Sends it with ``values``; every row."""
        cursor, compiled = self._send(session, values)
        try:
            found = cursor.fetchall()
        finally:
            cursor.close()
        if not any(compiled.out):
            return [tuple(row) for row in found]
        return [tuple(v if c is None else c(v) for c, v in zip(compiled.out, row, strict=True)) for row in found]

    def first(self, session: Session, **values: Any) -> tuple[Any, ...] | None:
        """Sends it with ``values``; the first row, or nothing."""
        found = self.rows(session, **values)
        return found[0] if found else None

    def count(self, session: Session, **values: Any) -> int:
        """Sends it with ``values``; how many rows it changed."""
        cursor, _ = self._send(session, values)
        changed: int = cursor.rowcount
        cursor.close()
        return changed

    def many(self, session: Session, rows: Sequence[dict[str, Any]]) -> int:
        """Sends it once for each of ``rows``, together; how many rows were changed in all."""
        cursor, _ = self._send(session, *rows)
        changed: int = cursor.rowcount
        cursor.close()
        return changed

    def _send(self, session: Session, *rows: dict[str, Any]) -> tuple[Any, _Compiled]:
        session.flush()  # what is pending comes first, as it would before any statement
        connection = session.connection()
        compiled = self._compiled.get(connection.dialect.name) or self._compile(connection.dialect)
        parameters = [compiled.parameters(values) for values in rows]
        cursor = connection.connection.cursor()
        for listener in connection.dispatch.before_cursor_execute:  # whoever counts statements counts these too
            listener(connection, cursor, compiled.sql, parameters, None, len(rows) > 1)
        try:
            if len(rows) == 1:
                cursor.execute(compiled.sql, parameters[0])
            else:
                cursor.executemany(compiled.sql, parameters)
        except connection.dialect.loaded_dbapi.IntegrityError as error:
            cursor.close()
            raise IntegrityError(compiled.sql, None, error) from None  # without the values
        return cursor, compiled

    def _compile(self, dialect: Dialect) -> _Compiled:
        made = self._statement.compile(dialect=dialect)
        into: dict[str, Converter] = {}
        for bind, name in made.bind_names.items():
            convert = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if convert is not None:
                into[name] = convert
        columns = getattr(self._statement, "exported_columns", ())
        out = tuple(column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns)
        compiled = _Compiled(str(made), made.positiontup, dict(made.params), into, out)
        return self._compiled.setdefault(dialect.name, compiled)
