"""A conversation with one server of a directory: encrypted before anything is said, and over when its time is over."""

import socket
import ssl
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TypeVar
from urllib.parse import urlsplit

from idp.directory import ber, messages
from idp.directory.errors import Unavailable, Unreachable
from idp.directory.filters import Filter
from idp.directory.messages import Answer, Code, Entry, Result
from idp.settings import is_loopback

T = TypeVar("T")

PORTS = {"ldaps": 636, "ldap": 389}


class Connection:
    """Opens at the first use of ``with``. Whatever goes wrong on the way is :class:`Unavailable`, with the reason in ``detail``."""

    def __init__(self, server: str, *, authorities: str | None, seconds: float, plain: bool = False) -> None:
        """``server`` is a URL: ``ldaps://host[:port]``, or ``ldap://host[:port]``, which begins TLS (RFC 4513 §3) before it says
        anything else; ``plain`` spares it on the loopback address alone. ``authorities`` are certificates in PEM, ``None`` for the
        system's. ``seconds`` are for the whole conversation.
        """
        self.server = server
        parts = urlsplit(server)
        self._scheme, self._host = parts.scheme, parts.hostname or ""
        self._port = parts.port or PORTS[parts.scheme]
        self._plain = plain and self._scheme == "ldap" and is_loopback(self._host)
        self._authorities = authorities
        self._ends = time.monotonic() + seconds
        self._number = 0
        self._socket: socket.socket | None = None
        self._unread = b""

    def __enter__(self) -> "Connection":
        try:
            self._told(self._connect)
            if self._scheme == "ldaps":
                self._told(self._encrypt)
            elif not self._plain:
                result = self._told(lambda: self._ask(messages.start_tls))
                if result.code != Code.SUCCESS:
                    raise Unreachable(detail=f"{self.server}: no StartTLS, result {result.code}")
                # What was sent before TLS began is nobody's: it must not be read as if it had come after.
                if self._unread:
                    raise Unreachable(detail=f"{self.server}: bytes after the answer to StartTLS")
                self._told(self._encrypt)
        except Unavailable:
            self._close()
            raise
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._close()

    def bind(self, name: str, password: str) -> Result:
        """A simple bind.

        RFC 4513 §5.1.2: a server may let anybody in who gives a name and no password, or no name. Neither is ever sent.
        """
        if not name or not password:
            raise ValueError("an unauthenticated bind")
        return self._told(lambda: self._ask(lambda number: messages.bind(number, name, password)))

    def search(self, base: str, wanted: Filter, values: Mapping[str, str]) -> list[str]:
        """The distinguished names found, at most two: of more than two, two."""
        return self._told(lambda: self._search(base, wanted, values))

    def _search(self, base: str, wanted: Filter, values: Mapping[str, str]) -> list[str]:
        seconds = max(1, int(self._left()))
        number = self._send(lambda number: messages.search(number, base, wanted, values, seconds))
        found: list[str] = []
        while not isinstance(what := self._receive(number).what, Result):
            if isinstance(what, Entry):
                found.append(what.name)
        if what.code not in (Code.SUCCESS, Code.SIZE_LIMIT_EXCEEDED):
            raise Unavailable(detail=f"the search ended with {what.code}")
        return found

    def _ask(self, build: Callable[[int], bytes]) -> Result:
        number = self._send(build)
        while not isinstance(what := self._receive(number).what, Result):
            pass
        return what

    def _told(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except ssl.SSLCertVerificationError as error:
            raise Unreachable(detail=f"{self.server}: its certificate: {error.verify_message}") from None
        except TimeoutError:
            raise Unreachable(detail=f"{self.server}: no answer in time") from None
        except (OSError, UnicodeError) as error:
            raise Unreachable(detail=f"{self.server}: {type(error).__name__}") from None

    def _connect(self) -> None:
        entries = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        found = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
        error: OSError = OSError("no address")
        for left, address in zip(range(len(found), 0, -1), found, strict=True):
            try:
                # Each address has its share of the time, so that a dead one does not use up that of the others.
                self._socket = socket.create_connection((address, self._port), timeout=self._left() / left)
            except OSError as refused:
                error = refused
            else:
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return
        raise error

    def _encrypt(self) -> None:
        assert self._socket is not None  # noqa: S101 - it is connected
        context = ssl.create_default_context(cadata=self._authorities)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._socket.settimeout(self._left())
        self._socket = context.wrap_socket(self._socket, server_hostname=self._host)

    def _send(self, build: Callable[[int], bytes]) -> int:
        assert self._socket is not None  # noqa: S101 - it is connected
        self._number += 1
        self._socket.settimeout(self._left())
        self._socket.sendall(build(self._number))
        return self._number

    def _receive(self, number: int) -> Answer:
        """The next message that answers ``number``."""
        assert self._socket is not None  # noqa: S101 - it is connected
        while True:
            size = ber.expected(self._unread)
            if size is not None and len(self._unread) >= size:
                message, self._unread = self._unread[:size], self._unread[size:]
                answer = messages.read(message)
                if answer.number == number:
                    return answer
                # §4.4.1: message 0 is a notice of disconnection.
                raise Unavailable(detail=f"an answer to {answer.number} where one to {number} is due")
            self._socket.settimeout(self._left())
            received = self._socket.recv(16384)
            if not received:
                raise Unavailable(detail="the server hung up")
            self._unread += received

    def _left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _close(self) -> None:
        if self._socket is not None:
            try:
                self._socket.settimeout(0.2)
                self._socket.sendall(messages.unbind(self._number + 1))
            except OSError:
                pass
            finally:
                self._socket.close()
                self._socket = None
