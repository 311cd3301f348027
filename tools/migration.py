"""Writes the migration that leads from the last one to the tables as they are declared."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from idp.database import Database
from idp.database.migration import configuration, migrate
from idp.schema import metadata


def main(message: str) -> None:
    """Compares a freshly migrated database with the declared tables and writes the difference down."""
    if not message:
        sys.exit('Say what changes: make migration NAME="apps: remember the last sign-in"')
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'empty.db'}")
        migrate(database)
        config = configuration()
        number = len(list((Path(config.get_main_option("script_location") or "") / "versions").glob("*.py"))) + 1
        with database.engine.begin() as connection:
            config.attributes["connection"] = connection
            config.attributes["metadata"] = metadata
            command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")
        database.close()


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
