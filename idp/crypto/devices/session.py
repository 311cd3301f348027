"""One session with a device, in a thread of its own.

Makers' libraries wait for the network as long as they like, and a call into C cannot be ended from outside. So the call is made
in a thread that nobody joins, and whoever asked waits only as long as they can spare. A session serves one caller at a time.
"""

import ctypes
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

from idp.crypto.devices.library import SdfLibrary

_T = TypeVar("_T")


class Line:
    """A daemon thread that does one thing after another."""

    def __init__(self, name: str) -> None:
        self._inbox: SimpleQueue[tuple[Callable[[], object], Future[object]] | None] = SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def submit(self, work: Callable[[], _T]) -> "Future[_T]":
        """Begins it; the future has what comes of it."""
        future: Future[_T] = Future()
        self._inbox.put((work, future))  # type: ignore[arg-type]  # the two belong together
        return future

    def end(self) -> None:
        """Lets the thread go once it has done what it was given."""
        self._inbox.put(None)

    def _run(self) -> None:
        while (given := self._inbox.get()) is not None:
            work, future = given
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - it is the asker's, who gets it
                future.set_exception(error)
            del given, work, future  # they hold what the next caller must not wait for


class CallFailed(Exception):
    """A function gave another result than SDR_OK."""

    def __init__(self, function: str, result: int) -> None:
        super().__init__(function, result)
        self.function, self.result = function, result


class Session(Line):
    """A session. What it is asked to do runs in its own thread: nothing but :meth:`submit` is called from another."""

    def __init__(self, library: SdfLibrary, name: str) -> None:
        super().__init__(name)
        self._library = library
        self._handle = ctypes.c_void_p()
        self.granted: set[int] = set()

    @property
    def is_open(self) -> bool:
        """Whether the device has given the session."""
        return bool(self._handle)

    def open(self, device: ctypes.c_void_p) -> None:
        """SDF_OpenSession. Raises :class:`CallFailed`."""
        self._check("SDF_OpenSession", device, ctypes.byref(self._handle))

    def call(self, function: str, *arguments: object) -> None:
        """Calls a function whose first argument is the session. Raises :class:`CallFailed`."""
        self._check(function, self._handle, *arguments)

    def grant(self, index: int, password: bytes) -> None:
        """Asks for the right to use the private key at ``index``. Raises :class:`CallFailed`."""
        copy = ctypes.create_string_buffer(password, len(password))
        try:
            self.call("SDF_GetPrivateKeyAccessRight", index, ctypes.cast(copy, ctypes.c_char_p), len(password))
        finally:
            ctypes.memset(copy, 0, len(password))
        self.granted.add(index)

    def close(self) -> None:
        """Gives back the rights and the session; what a lost device says to that is of no interest."""
        if self._handle:
            for index in self.granted:
                self._library.call("SDF_ReleasePrivateKeyAccessRight", self._handle, index)
            self._library.call("SDF_CloseSession", self._handle)
            self._handle = ctypes.c_void_p()

    def _check(self, function: str, *arguments: object) -> None:
        result = self._library.call(function, *arguments)
        if result != 0:
            raise CallFailed(function, result)
