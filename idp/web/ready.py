"""Answers that are the same for everyone, given as ready bytes before Flask is asked.

Discovery documents and key sets are read by every app, change with a rotation at most, and must be quick.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

KEPT_SECONDS = 2.0


@dataclass(frozen=True)
class ReadyAnswer:
    """A body, what it is, and for how many seconds a client may keep it."""

    body: bytes
    content_type: str
    max_age: int


class ReadyAnswers:
    """A WSGI layer: GET and HEAD of the given paths are answered here, everything else by ``app``."""

    def __init__(self, app: "WSGIApplication", producers: Mapping[str, Callable[[], ReadyAnswer]]) -> None:
        self._app = app
        self._producers = dict(producers)
        self._kept: dict[str, tuple[float, bytes, str, list[tuple[str, str]]]] = {}
        self._lock = threading.Lock()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answers by itself, or passes on."""
        path = environ["PATH_INFO"]
        if path not in self._producers:
            return self._app(environ, start_response)
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            start_response("405 Method Not Allowed", [("Allow", "GET, HEAD"), ("Content-Length", "0")])
            return [b""]
        body, etag, headers = self._current(path)
        # RFC 9110 §13.1.2: the client has this very answer already.
        if environ.get("HTTP_IF_NONE_MATCH") == etag:
            start_response("304 Not Modified", headers[1:])
            return [b""]
        start_response("200 OK", headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    def _current(self, path: str) -> tuple[bytes, str, list[tuple[str, str]]]:
        kept = self._kept.get(path)
        now = time.monotonic()
        if kept is None or now - kept[0] > KEPT_SECONDS:
            with self._lock:
                kept = self._make(path, now)
                self._kept[path] = kept
        return kept[1:]

    def _make(self, path: str, now: float) -> tuple[float, bytes, str, list[tuple[str, str]]]:
        answer = self._producers[path]()
        etag = f'"{sha256(answer.body).hexdigest()[:32]}"'
        headers = [
            ("Content-Length", str(len(answer.body))),
            ("Content-Type", answer.content_type),
            ("Cache-Control", f"public, max-age={answer.max_age}"),
            ("ETag", etag),
            # Public by nature: a script of any app may read it.
            ("Access-Control-Allow-Origin", "*"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        return now, answer.body, etag, headers
