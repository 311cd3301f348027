"""A row that is there or not yet: one statement writes the first and changes every later one."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from idp.database.tables import Base


def upsert(session: Session, table: type[Base], values: Mapping[str, Any], *, again: Mapping[str, Any]) -> None:
    """Inserts ``values``; where the primary key is there already sets ``again`` instead, of any number of tries at once each."""
    rows = table.__table__
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(**values)
    session.execute(statement.on_conflict_do_update(index_elements=list(rows.primary_key), set_=dict(again)))


def upsert_newer(session: Session, table: type[Base], values: Mapping[str, Any], *, by: str) -> bool:
    """Inserts ``values``; where the primary key is there already they replace a row whose column ``by`` is lower, and no other.

    Whether they were written: of any number of tries at once the highest stays.
    """
    rows = table.__table__
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    keys = list(rows.primary_key)
    replacing = (
        dialect.insert(table)
        .values(**values)
        .on_conflict_do_update(index_elements=keys, set_=dict(values), where=rows.c[by] < values[by])
    )
    return session.connection().execute(replacing.returning(keys[0])).first() is not None


class PreparedUpsert:
    """As :func:`upsert`, built once: for what is written at every sign-in."""

    def __init__(self, table: type[Base], again: Callable[[Any], Mapping[str, Any]]) -> None:
        """``again`` is given the row that was to be inserted (``excluded``), and says what to set where it is there already."""
        self._statements = {}
        for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite)):
            statement = dialect.insert(table)
            keys, changed = list(table.__table__.primary_key), dict(again(statement.excluded))
            self._statements[name] = statement.on_conflict_do_update(index_elements=keys, set_=changed)

    def __call__(self, session: Session, values: Mapping[str, Any]) -> None:
        """Writes one row. Objects in the session are not brought up to date."""
        session.connection().execute(self._statements[session.get_bind().dialect.name], values)
