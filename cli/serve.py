"""``yima serve``: the provider under granian."""

import gettext
import logging
import multiprocessing
import os
import pkgutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from cli.companion import STOP_SECONDS, Companion, end_with_parent
from idp import background
from idp.crypto.devices.errors import DeviceAway
from idp.deployment import initialise, open_deployment
from idp.settings import Settings, load

_ = gettext.gettext

# The database binds before the interpreter does: on SQLite there is one writer at a time, PostgreSQL's round trips overlap.
# Eight: while some wait for a group commit, the others prepare the next.
THREADS = {True: 1, False: 8}
WAIT_SECONDS = 2.0

_T = TypeVar("_T")
log = logging.getLogger("yima.serve")


@click.command(name="serve", help=_("Run the provider. It brings the database up to date and makes missing keys by itself."))
def command() -> None:
    """Serves until it is stopped."""
    settings = load()
    deployment = initialise(settings, spare_keys=False)
    deployment.close()
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    companion = Companion(lambda stopped: _work(settings, stopped))
    companion.start()
    try:
        run(settings, on_sqlite=deployment.database.is_sqlite)
    finally:
        companion.stop()


def _work(settings: Settings, stopped: threading.Event) -> None:
    deployment = once_devices_answer(lambda: open_deployment(settings))
    stop = background.start(deployment)
    stopped.wait()
    stop()
    deployment.close()


class Server(MPServer):
    """Granian's, except that a signal is never lost: asked to stop once it stops, asked twice it ends at once."""

    def signal_handler_interrupt(self, number: int, *_: object) -> None:
        """What SIGTERM and SIGINT call, in the server and in a worker that has not set its own handler yet."""
        if os.getpid() != self.pid:
            # A worker that is still opening the installation has inherited this handler, and has nothing under way.
            os._exit(0)
        if self.interrupt_signal:
            for worker in multiprocessing.active_children():
                worker.kill()
            os._exit(128 + number)
        self.interrupt_signal = True
        # In a thread, as the signal may have come while this very thread holds the event's lock.
        threading.Thread(target=self.main_loop_interrupt.set, daemon=True).start()


def _open(target: str) -> Callable[..., Any]:
    """What a worker does first: it opens the application, and sees to it that it does not outlive the server that was killed."""
    end_with_parent()
    application: Callable[..., Any] = once_devices_answer(pkgutil.resolve_name(target))
    return application


def once_devices_answer(opening: Callable[[], _T]) -> _T:
    """Opens the installation. A device that has to open the master key and is away is waited for: the server has begun, and other
    workers may be serving; workers that end again and again would end it.
    """
    while True:
        try:
            return opening()
        except DeviceAway as error:
            log.warning("waiting: %s", error)
            time.sleep(WAIT_SECONDS)


def run(settings: Settings, *, on_sqlite: bool) -> None:
    """Serves in this process and its workers until a signal."""
    # Each worker opens the installation anew, from the same environment; the folder is made absolute in it.
    os.environ["YIMA_HOME"] = str(Path(settings.home).absolute())
    host = "127.0.0.1" if settings.bind_host == "localhost" else settings.bind_host
    Server(
        "idp.app:create_app_from_environment",
        address=host,
        port=settings.bind_port,
        interface=Interfaces.WSGI,
        workers=settings.workers or os.cpu_count() or 1,
        blocking_threads=THREADS[on_sqlite],
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        log_level=LogLevels(settings.log_level if settings.log_level != "info" else "warning"),
        websockets=False,
        process_name=None,
    ).serve(target_loader=_open)
