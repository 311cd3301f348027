"""A row that is there or not yet: one statement writes the first and changes every later one."""

from collections.abc import Mapping
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
