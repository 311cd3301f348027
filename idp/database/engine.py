"""The engine and the two ways to use it: one transaction that writes, or a look that does not."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

# How long a writer of SQLite waits for the one before it. Longer than any of our transactions by orders of magnitude.
SQLITE_BUSY_SECONDS = 30


class Database:
    """One database, named by an SQLAlchemy URL: ``sqlite:///path`` or ``postgresql+psycopg://…``.

    A plain ``postgresql://`` URL is taken to mean psycopg, the driver that is installed.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.url = parsed
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        # On SQLite a connection is an open file, and whoever writes may have to look at the keys through another one: a limit
        # would let it wait for those that wait for it.
        options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 10, "pool_pre_ping": True}
        if self.is_sqlite:
            options = {"max_overflow": -1}
        if self.is_sqlite:
            options["connect_args"] = {"timeout": SQLITE_BUSY_SECONDS, "check_same_thread": False}
        self.engine: Engine = create_engine(parsed, **options)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _configure_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._reader = self.engine.execution_options(yima_read_only=True)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A session whose writes are kept together when the block ends, or not at all when it raises."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading: nothing done in it is kept, and on SQLite it waits for no writer."""
        with Session(self._reader, expire_on_commit=False) as session:
            yield session

    def close(self) -> None:
        """Gives back every connection."""
        self.engine.dispose()


def _configure_sqlite(connection: Any, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, below
    cursor = connection.cursor()
    # WAL: readers and the one writer do not wait for each other. NORMAL: no fsync per commit; a power cut may lose the last
    # commits but never tears the file; a killed process loses nothing.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-16000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that starts by reading and then writes fails at once, without waiting, when another wrote in between.
    # IMMEDIATE takes the writer's place in the queue before it reads anything.
    read_only = connection.get_execution_options().get("yima_read_only", False)
    # Said to the driver itself: there is nothing in it to prepare, and every request begins with it.
    cursor = connection.connection.cursor()
    cursor.execute("BEGIN" if read_only else "BEGIN IMMEDIATE")
    cursor.close()
