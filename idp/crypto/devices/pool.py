"""The sessions with one device in one process: how many, who has which, and what happens when the device is lost."""

import ctypes
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TypeVar

from idp.crypto.devices.library import SdfLibrary
from idp.crypto.devices.results import says_lost, shown
from idp.crypto.devices.session import CallFailed, Line, Session

log = logging.getLogger("yima.devices")

_T = TypeVar("_T")
_FAREWELL_SECONDS = 1.0


class NoAnswer(Exception):
    """A call took longer than anybody can wait, or every session is busy with such calls."""


@dataclass(frozen=True)
class DeviceConfiguration:
    """How a device is reached.

    ``password`` gives the password for the key at an index, nothing where the device asks for none. ``sessions`` is how many are
    open at most, ``patience`` how long a call may take, ``rest`` how long one that could not be opened is left alone (seconds).
    """

    label: str
    library: Path
    password: Callable[[int], bytes | None]
    sessions: int = 8
    patience: float = 5.0
    rest: float = 1.0


@dataclass
class Connection:
    """An opened device. It is closed when the last of its sessions is, and not before: closing pulls it from under their feet."""

    library: SdfLibrary
    handle: ctypes.c_void_p
    number: int
    name: str
    lost: bool = False
    sessions: int = 0
    idle: list[Session] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> Session | None:
        """A session that nobody else has, opened at its first work; none where the device is lost, and perhaps closed already."""
        with self.lock:
            if self.lost:
                return None
            if self.idle:
                return self.idle.pop()
            self.sessions += 1
        return Session(self.library, self.name)

    def give_back(self, session: Session) -> None:
        """For the next one."""
        with self.lock:
            if not self.lost:
                self.idle.append(session)
                return
        self.part_with(session)

    def part_with(self, session: Session) -> "Future[None]":
        """Closes a session, in its own thread and after whatever it is at."""

        def farewell() -> None:
            session.close()
            with self.lock:
                self.sessions -= 1
                last = self.lost and self.sessions == 0
            if last:
                self._close()

        done = session.submit(farewell)
        session.end()
        return done

    def lose(self) -> list["Future[None]"]:
        """Nobody gets a session any more; those that nobody has are closed."""
        with self.lock:
            if self.lost:
                return []
            self.lost = True
            idle, self.idle = self.idle, []
            unused = self.sessions == 0
        if unused:  # opened, and nobody came
            line = Line(self.name)
            done = [line.submit(self._close)]
            line.end()
            return done
        return [self.part_with(session) for session in idle]

    def _close(self) -> None:
        self.library.call("SDF_CloseDevice", self.handle)


class Pool:
    """The device in one process. Safe to share between threads."""

    def __init__(self, configuration: DeviceConfiguration) -> None:
        self._configuration = configuration
        self._permits = threading.BoundedSemaphore(configuration.sessions)
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._library: SdfLibrary | None = None
        self._connection: Connection | None = None
        self._opening: Future[Connection] | None = None
        self._opening_since = 0.0
        self._left_alone_until = 0.0
        self._failure: CallFailed | None = None

    def run(self, work: Callable[[Session], _T]) -> tuple[_T, int]:
        """What ``work`` gives, run in a session's thread, and the number of the connection it ran on.

        Raises :class:`NoAnswer`, :class:`CallFailed`, and whatever ``work`` raises.
        """
        if not self._permits.acquire(timeout=self._configuration.patience):
            raise NoAnswer
        try:
            connection, session = self._session()
        except BaseException:
            self._permits.release()
            raise
        future = session.submit(lambda: self._opened(connection, session, work))
        try:
            value = future.result(self._configuration.patience)
        except TimeoutError:
            self._lose(connection, "no answer in time")
            # Its place is taken until it comes back, so that a device which hangs never has more threads than sessions.
            future.add_done_callback(lambda _: self._part(connection, session))
            raise NoAnswer from None
        except BaseException as error:
            if isinstance(error, CallFailed) and (says_lost(error.result) or error.function == "SDF_OpenSession"):
                self._lose(connection, f"{error.function}: {shown(error.result)}")
            self._part(connection, session)
            raise
        connection.give_back(session)
        self._permits.release()
        return value, connection.number

    def close(self) -> None:
        """Closes what is open, as far as the device answers."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            wait(connection.lose(), _FAREWELL_SECONDS)

    def _session(self) -> tuple[Connection, Session]:
        while True:
            connection = self._connected()
            session = connection.take()
            if session is not None:
                return connection, session

    def _opened(self, connection: Connection, session: Session, work: Callable[[Session], _T]) -> _T:
        if not session.is_open:
            session.open(connection.handle)
        return work(session)

    def _part(self, connection: Connection, session: Session) -> None:
        connection.part_with(session)
        self._permits.release()

    def _lose(self, connection: Connection, why: str) -> None:
        with self._lock:
            if self._connection is connection:
                self._connection = None
                log.warning("device %s: connection lost: %s", self._configuration.label, why)
        connection.lose()

    def _connected(self) -> Connection:
        patience = self._configuration.patience
        with self._lock:
            if self._connection is not None:
                return self._connection
            if self._opening is None:
                if self._failure is not None and time.monotonic() < self._left_alone_until:
                    raise CallFailed(self._failure.function, self._failure.result)
                line = Line(f"sdf:{self._configuration.label}")
                self._opening_since = time.monotonic()
                self._opening = line.submit(self._open)
                line.end()
            opening, since = self._opening, self._opening_since
        try:
            return opening.result(max(0.0, since + patience - time.monotonic()))
        except TimeoutError:  # it goes on, and whoever asks in the meantime is told at once
            raise NoAnswer from None

    def _open(self) -> Connection:
        handle = ctypes.c_void_p()
        name = f"sdf:{self._configuration.label}"
        try:
            library = self._library or SdfLibrary(self._configuration.label, self._configuration.library)
            result = library.call("SDF_OpenDevice", ctypes.byref(handle))
            if result != 0:
                raise CallFailed("SDF_OpenDevice", result)
        except BaseException as error:
            with self._lock:
                self._opening = None
                self._failure = error if isinstance(error, CallFailed) else None
                self._left_alone_until = time.monotonic() + self._configuration.rest
            raise
        connection = Connection(library, handle, next(self._numbers), name)
        with self._lock:
            self._library, self._connection, self._opening = library, connection, None
        log.info("device %s: opened", self._configuration.label)
        return connection
