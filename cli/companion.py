"""The process beside the workers of a server, for what it does in the background.

A process of its own, because the server forks its workers, and may do so at any time. Whatever is open or locked at that moment
stays so in a worker for good: SQLite keeps the locks of all its connections in the memory of the process
(https://www.sqlite.org/howtocorrupt.html §2.6). So the server itself has no database, no thread at work, nothing to inherit.
"""

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)

Work = Callable[[threading.Event], None]
"""Works until the event is set."""

RESTART_SECONDS = 1
# How long what is under way may still take once the server is told to stop. Half a request is under way for as long as it likes.
STOP_SECONDS = 5


class Companion:
    """Keeps one process at work until it is stopped: one that dies is replaced."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._watcher = threading.Thread(target=self._watch, name="companion", daemon=True)

    def start(self) -> None:
        """Starts it, and sees to it from now on."""
        self._fork()
        self._watcher.start()

    def stop(self) -> None:
        """Lets it finish what is under way, within :data:`STOP_SECONDS`. What it had not finished the next server does again."""
        with self._starting:
            self._stopping.set()
            self._process.terminate()
        self._watcher.join(STOP_SECONDS)
        if self._watcher.is_alive():
            self._process.kill()

    def _fork(self) -> None:
        self._process = multiprocessing.get_context("fork").Process(
            target=_main, args=(self._work,), name="background", daemon=True
        )
        self._process.start()

    def _watch(self) -> None:
        while True:
            self._process.join()
            if self._stopping.wait(RESTART_SECONDS):
                return
            with self._starting:
                if self._stopping.is_set():
                    return
                _log.error("the background process has ended by itself (%s); another one is started", self._process.exitcode)
                self._fork()


def _main(work: Work) -> None:
    stopped = threading.Event()
    # Ctrl-C reaches every process of a terminal; the server then ends this one in its turn.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=stopped.set, daemon=True).start())
    end_with_parent()
    work(stopped)
    # A thread may still wait for an app or a gateway that is silent, and Python would wait for it.
    logging.shutdown()
    os._exit(0)


def end_with_parent() -> None:
    """Ends this process soon after the one that has started it, in whatever way that ends."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(STOP_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
