"""A database that each test finds as the template was. Putting rows back takes a hundredth of the time of copying a database."""

from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from idp.schema import metadata
from tests.services.postgres import PostgresServer

# Rows that are gone still take room, which only matters to the next test where there were many.
MANY = 1000

_SHAPE = """
    SELECT md5(string_agg(format('%s %s %s %s %s', relname, relkind, attname, atttypid, attnotnull), ',' ORDER BY relname, attnum)),
           (SELECT string_agg(version_num, ',') FROM alembic_version)
    FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid
    WHERE relnamespace = 'public'::regnamespace AND attnum > 0
"""
_SEQUENCES = "SELECT schemaname || '.' || sequencename, coalesce(last_value, start_value), last_value IS NOT NULL FROM pg_sequences"
_DISCONNECT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@dataclass
class RestoredDatabase:
    """One database of the server, used by one test after the other."""

    server: PostgresServer
    template: str
    name: str = ""
    _shape: Any = None
    _rows: dict[str, bytes] = field(default_factory=dict)
    _sequences: list[tuple[Any, ...]] = field(default_factory=list)

    def restored(self) -> str:
        """The name of the database, which is as the template is."""
        if self.name:
            with self.server.connect(self.name) as connection:
                connection.execute(_DISCONNECT)
                if connection.execute(_SHAPE).fetchone() == self._shape:
                    self._refill(connection)
                    return self.name
            self.server.drop(self.name)  # a test has changed the schema
        self.name = self.server.create(self.template)
        with self.server.connect(self.name) as connection:
            self._remember(connection)
        return self.name

    def _remember(self, connection: psycopg.Connection[Any]) -> None:
        self._shape = connection.execute(_SHAPE).fetchone()
        self._sequences = connection.execute(_SEQUENCES).fetchall()
        for table in metadata.sorted_tables:
            with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table.name))) as rows:
                if content := b"".join(rows):
                    self._rows[table.name] = content

    def _refill(self, connection: psycopg.Connection[Any]) -> None:
        with connection.transaction():
            names = [sql.Identifier(table.name) for table in reversed(metadata.sorted_tables)]
            with connection.pipeline():  # one wait for all the answers
                emptied = [connection.execute(sql.SQL("DELETE FROM {}").format(name)) for name in names]
            crowded = [name for name, deleted in zip(names, emptied, strict=True) if deleted.rowcount > MANY]
            for table_name, content in self._rows.items():
                with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table_name))) as target:
                    target.write(content)
            for sequence in self._sequences:
                connection.execute("SELECT setval(%s, %s, %s)", sequence)
        for name in crowded:
            connection.execute(sql.SQL("VACUUM {}").format(name))
