"""Alembic's entry: runs the migrations on the connection it is handed."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.types import TypeDecorator

from idp.database.tables import Base


def plainly(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Writes our column types as the plain ones beneath: a migration must run years after the class was renamed."""
    return f"sa.{item.impl!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes.get("metadata", Base.metadata),
    render_as_batch=True,  # SQLite cannot alter most things in place
    compare_type=True,
    render_item=plainly,
)
context.run_migrations()
