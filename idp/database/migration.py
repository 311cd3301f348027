"""Bringing the schema up to date. The server and ``yima init`` do it by themselves; nobody edits tables by hand."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from idp.database.engine import Database

# Alembic is loaded where it is used: once at a start, and by none of the workers. It costs a third of what SQLAlchemy does.
if TYPE_CHECKING:
    from alembic.config import Config

# Any number: the name of the advisory lock that keeps two starting servers apart on PostgreSQL.
START_LOCK = 0x79696D61


def configuration() -> "Config":
    """Alembic's configuration, made here: there is no alembic.ini to get out of step."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def migrate(database: Database) -> None:
    """Runs the migrations that this database has not seen, in one transaction. Two servers may try at once."""
    from alembic import command

    config = configuration()
    with database.engine.begin() as connection:
        wait_for_other_starts(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def wait_for_other_starts(connection: Connection) -> None:
    """Lets this transaction be the only one of a starting server, until it ends. On SQLite every writer is alone anyway."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": START_LOCK})


def is_current(database: Database) -> bool:
    """Whether the schema is the one this version expects."""
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    head = ScriptDirectory.from_config(configuration()).get_current_head()
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head
