"""An answer over HTTP, for what is answered before Flask is asked, and the body that was sent to us."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from idp.crypto import sm3

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MAX_AGE = 3600


@dataclass(frozen=True)
class Answer:
    """Status, type, body. ``fresh_until`` is there where caches on the way may keep it."""

    status: int
    content_type: str = "text/plain"
    body: bytes = b""
    fresh_until: datetime | None = None
    headers: tuple[tuple[str, str], ...] = field(default=())

    def send(self, environ: "WSGIEnvironment", start_response: "StartResponse", now: datetime) -> Iterable[bytes]:
        """Hands it to the server."""
        headers = [
            ("Content-Type", self.content_type),
            ("Content-Length", str(len(self.body))),
            ("X-Content-Type-Options", "nosniff"),
            *_caching(self, now),
            *self.headers,
        ]
        start_response(f"{self.status} {HTTPStatus(self.status).phrase}", headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else self.body]


def _caching(answer: Answer, now: datetime) -> list[tuple[str, str]]:
    if answer.fresh_until is None:
        return [] if any(name == "Cache-Control" for name, _ in answer.headers) else [("Cache-Control", "no-store")]
    # RFC 5019 §6.2: until newer news is due at the latest. Our policy: an hour at most, so that a revocation gets through.
    age = max(0, min(int((answer.fresh_until - now).total_seconds()), MAX_AGE))
    return [
        ("Cache-Control", f"max-age={age}, public, no-transform, must-revalidate"),
        ("Expires", format_datetime(now + timedelta(seconds=age), usegmt=True)),
        ("ETag", f'"{sm3.digest(answer.body).hex()}"'),
    ]


def posted(environ: "WSGIEnvironment", content_type: str, limit: int) -> bytes | Answer:
    """The whole body, or the answer to one of another type, or of more than ``limit`` bytes."""
    if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != content_type:
        return Answer(415, headers=(("Accept-Post", content_type),))
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdigit() and int(length) > limit:
        return Answer(413)
    stream = environ["wsgi.input"]
    body: bytes = stream.read(int(length)) if length.isdigit() else stream.read(limit + 1)
    return body if len(body) <= limit else Answer(413)
