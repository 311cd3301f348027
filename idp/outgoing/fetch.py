"""Fetching from an address that somebody else chose."""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpcore

from idp.errors import YimaError
from idp.i18n import N_
from idp.settings import Settings

SECONDS = 5.0
MAX_BYTES = 256 * 1024
# A byte now and then is no silence, and would hold us for as long as it pleases: for an answer of the permitted size the setting
# ``outgoing_seconds`` is stretched by this, and then nothing more is waited for, neither of the head nor of the body.
LEAST_BYTES_PER_SECOND = 32 * 1024


class FetchFailed(YimaError):
    """There is no answer, or none that may be asked for. ``detail`` says why; nothing of the answer is in it."""

    code = "outgoing"
    default_message = N_("The address could not be fetched.")


@dataclass(frozen=True)
class Fetched:
    """An answer, whatever its status. A redirect is an answer like any other: it is not followed."""

    status: int
    body: bytes


class Outgoing:
    """The way out of one installation."""

    def __init__(self, settings: Settings) -> None:
        self._private_allowed = settings.allow_private_fetches
        self._authorities = settings.outgoing_ca
        self._seconds = settings.outgoing_seconds
        if self._authorities:
            _ = self._pool  # a file that is not there stops the start

    @cached_property
    def _pool(self) -> httpcore.ConnectionPool:
        """Made at the first fetch: reading every certificate authority of the system takes longer than starting does."""
        context = ssl.create_default_context(cafile=str(self._authorities) if self._authorities else None)
        backend = _Guarded(private_allowed=self._private_allowed)
        return httpcore.ConnectionPool(ssl_context=context, max_connections=20, network_backend=backend)

    def get(self, url: str, *, limit: int = MAX_BYTES, headers: Mapping[str, str] | None = None) -> Fetched:
        """Fetches a document of at most ``limit`` bytes. Raises :class:`FetchFailed`."""
        return self._request("GET", url, {"Accept": "*/*"} | dict(headers or {}), limit=limit)

    def post(
        self,
        url: str,
        body: bytes,
        *,
        content_type: str | None,
        authorization: str | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float = SECONDS,
    ) -> Fetched:
        """Sends ``body``; ``seconds`` is how long the other side may be silent. Raises :class:`FetchFailed`."""
        named = {"Content-Type": content_type, "Authorization": authorization}
        sent = {k: v for k, v in named.items() if v is not None} | dict(headers or {})
        return self._request("POST", url, sent, body, seconds=seconds)

    def _request(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None = None,
        *,
        seconds: float = SECONDS,
        limit: int = MAX_BYTES,
    ) -> Fetched:
        scheme = urlsplit(url).scheme
        if scheme != "https" and not (scheme == "http" and self._private_allowed):
            raise FetchFailed(detail="only https is fetched")
        timeout = {"connect": seconds, "read": seconds, "write": seconds, "pool": seconds}
        over = _over_at.set(time.monotonic() + self._seconds + limit / LEAST_BYTES_PER_SECOND)
        try:
            with self._pool.stream(
                method,
                url,
                headers=[("User-Agent", "yima"), *headers.items()],
                content=body,
                extensions={"timeout": timeout},
            ) as response:
                return Fetched(response.status, _limited(response.iter_stream(), limit))
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError, ValueError) as error:
            raise FetchFailed(detail=type(error).__name__) from None
        finally:
            _over_at.reset(over)

    def close(self) -> None:
        """Gives back the connections."""
        if "_pool" in self.__dict__:
            self._pool.close()


def _limited(parts: Iterable[bytes], limit: int) -> bytes:
    body = bytearray()
    for part in parts:
        body += part
        if len(body) > limit:
            raise FetchFailed(detail="the answer is too large")
    return bytes(body)


# When what this thread is waiting for has taken too long, by the monotonic clock. A connection outlives the request that opened it.
_over_at: ContextVar[float] = ContextVar("over_at")


def _left(timeout: float | None) -> float:
    left = _over_at.get() - time.monotonic()
    if left <= 0:
        raise FetchFailed(detail="the answer takes too long")
    return left if timeout is None else min(timeout, left)


class _Limited(httpcore.NetworkStream):
    """A connection on which nothing is waited for beyond the time that the request has."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Limited(self._inner.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Guarded(httpcore.SyncBackend):
    """Connects to the very address that was checked, so that a name which answers twice differently gains nothing."""

    def __init__(self, *, private_allowed: bool) -> None:
        self._private_allowed = private_allowed

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, *rest: Any, **more: Any) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise httpcore.ConnectError("no such host") from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not self._private_allowed and not all(_is_public(address) for address in addresses):
            raise FetchFailed(detail="a private address")
        error: Exception = httpcore.ConnectError("no address")
        for address in addresses:
            try:
                return _Limited(super().connect_tcp(address, port, _left(timeout), *rest, **more))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as refused:
                error = refused
        raise error


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    return all(one.is_global and not one.is_multicast for one in (address, inner) if one is not None)
