"""Migrations lead to the tables as they are declared."""

from pathlib import Path
from threading import Thread

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from idp.database import Database
from idp.database.migration import is_current, migrate
from idp.deployment import Deployment
from idp.schema import metadata


def test_the_migrations_make_exactly_the_declared_tables(deployment: Deployment) -> None:
    with deployment.database.engine.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
    assert difference == []


def test_a_fresh_database_is_not_current_until_it_is_migrated(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    assert not is_current(database)
    migrate(database)
    assert is_current(database)
    migrate(database)
    database.close()


def test_two_servers_that_start_at_once_migrate_once(deployment: Deployment) -> None:
    threads = [Thread(target=migrate, args=(deployment.database,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert is_current(deployment.database)
