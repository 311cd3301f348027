"""Bringing the schema up to date. The server and ``yima init`` do it by themselves; nobody edits tables by hand."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from idp.database.engine import Database

# Any number: the name of the advisory lock that keeps two starting servers from migrating at once on PostgreSQL.
MIGRATION_LOCK = 0x79696D61


def configuration() -> Config:
    """Alembic's configuration, made here: there is no alembic.ini to get out of step."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def migrate(database: Database) -> None:
    """Runs the migrations that this database has not seen, in one transaction. Two servers may try at once."""
    config = configuration()
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(database: Database) -> bool:
    """Whether the schema is the one this version expects."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head
