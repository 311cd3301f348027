"""Where rows live: engine, transactions, column types, and the schema's history.

Owns the connection and ``migrations/`` (Alembic); owns no table: each room declares its own in ``tables.py``. Knows nothing
of Flask. SQLite in write-ahead mode is the embedded default, PostgreSQL the real one; both behave alike above this room.
"""

from idp.database.columns import JSONText, SealedText, UTCDateTime
from idp.database.engine import Database
from idp.database.single import SingleInsert
from idp.database.tables import Base

__all__ = ["Base", "Database", "JSONText", "SealedText", "SingleInsert", "UTCDateTime"]
