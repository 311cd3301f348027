"""``yima serve``: the provider under granian."""

import gettext
import logging
import os
from pathlib import Path

import click
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from idp import background
from idp.deployment import initialise
from idp.settings import Settings, load

_ = gettext.gettext

# The database binds before the interpreter does: on SQLite there is one writer at a time, PostgreSQL's round trips overlap.
THREADS = {True: 1, False: 4}


@click.command(name="serve", help=_("Run the provider. It brings the database up to date and makes missing keys by itself."))
def command() -> None:
    """Serves until it is stopped."""
    settings = load()
    deployment = initialise(settings, spare_keys=False)
    stop_background = background.start(deployment)
    try:
        run(settings, on_sqlite=deployment.database.is_sqlite)
    finally:
        stop_background()
        deployment.close()


def run(settings: Settings, *, on_sqlite: bool) -> None:
    """Serves in this process and its workers until a signal."""
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # Each worker opens the installation anew, from the same environment; the folder is made absolute in it.
    os.environ["YIMA_HOME"] = str(Path(settings.home).absolute())
    host = "127.0.0.1" if settings.bind_host == "localhost" else settings.bind_host
    Granian(
        "idp.app:create_app_from_environment",
        factory=True,
        address=host,
        port=settings.bind_port,
        interface=Interfaces.WSGI,
        workers=settings.workers or os.cpu_count() or 1,
        blocking_threads=THREADS[on_sqlite],
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_level=LogLevels(settings.log_level if settings.log_level != "info" else "warning"),
        websockets=False,
        process_name=None,
    ).serve()
