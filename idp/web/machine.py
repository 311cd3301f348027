"""Endpoints that only programs call, answered before Flask is asked.

They have no page, no cookie and no form of ours; what Flask does for a page would cost them more than their own work. A request
comes in as one value and goes out as another, so that such an endpoint is a function anybody can call.
"""

import json
import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger("yima.web")

MAX_BODY_BYTES = 64 * 1024
FORM = "application/x-www-form-urlencoded"
_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True)
class MachineRequest:
    """``body`` is whole; ``content_type`` is what it is said to be, in lower case and without parameters."""

    method: str
    body: bytes
    content_type: str
    query: bytes
    authorization: str
    accept: str
    dpop: str
    certificate: str
    address: str | None

    @property
    def is_form(self) -> bool:
        """Whether the body is said to be form-encoded."""
        return self.content_type == FORM

    def __repr__(self) -> str:
        return f"MachineRequest({self.method})"


@dataclass(frozen=True)
class MachineAnswer:
    """A JSON answer, or a text such as a JWT with its ``content_type``; ``body`` ``None`` is an empty one."""

    status: int
    body: Mapping[str, object] | str | None
    headers: tuple[tuple[str, str], ...] = field(default=())
    content_type: str = "application/json"

    def encoded(self) -> bytes:
        """The body's bytes."""
        if self.body is None:
            return b""
        text = self.body if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False, separators=(",", ":"))
        return text.encode()


Endpoint = Callable[[MachineRequest], MachineAnswer]


class MachineEndpoints:
    """A WSGI layer: the given paths are answered here, everything else by ``app``.

    ``address`` and ``certificate`` read the client's from the environment, as far as proxies are trusted;
    ``limit`` is the most bytes a body may have.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        endpoints: Mapping[str, tuple[tuple[str, ...], Endpoint]],
        address: "Callable[[WSGIEnvironment], str | None]",
        certificate: "Callable[[WSGIEnvironment], str]" = lambda _environ: "",
        limit: int = MAX_BODY_BYTES,
    ) -> None:
        self._app = app
        self._endpoints = dict(endpoints)
        self._address = address
        self._certificate = certificate
        self._limit = limit

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answers by itself, or passes on."""
        found = self._endpoints.get(environ["PATH_INFO"])
        if found is None:
            return self._app(environ, start_response)
        methods, endpoint = found
        answer = self._answer(environ, methods, endpoint)
        body = answer.encoded()
        headers = [
            ("Content-Type", answer.content_type),
            ("Content-Length", str(len(body))),
            # RFC 6749 §5.1: whatever holds a token is not kept by anyone.
            ("Cache-Control", "no-store"),
            ("Pragma", "no-cache"),
            ("X-Content-Type-Options", "nosniff"),
            *answer.headers,
        ]
        start_response(f"{answer.status} {_REASONS[answer.status]}", headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    def _answer(self, environ: "WSGIEnvironment", methods: tuple[str, ...], endpoint: Endpoint) -> MachineAnswer:
        method = environ["REQUEST_METHOD"]
        if method not in methods:
            return MachineAnswer(405, {"error": "invalid_request"}, (("Allow", ", ".join(methods)),))
        try:
            body = _body(environ, self._limit)
            if body is None:
                return MachineAnswer(413, {"error": "invalid_request", "error_description": "The request is too large."})
            content_type = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
            return endpoint(
                MachineRequest(
                    method=method,
                    body=body,
                    content_type=content_type,
                    query=environ.get("QUERY_STRING", "").encode("latin-1"),
                    authorization=environ.get("HTTP_AUTHORIZATION", ""),
                    accept=environ.get("HTTP_ACCEPT", ""),
                    dpop=environ.get("HTTP_DPOP", ""),
                    certificate=self._certificate(environ),
                    address=self._address(environ),
                )
            )
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("unexpected error %s", reference)
            return MachineAnswer(500, {"error": "server_error", "error_description": f"Reference {reference}."})


def _body(environ: "WSGIEnvironment", limit: int) -> bytes | None:
    """The whole body; ``None`` if it is too large."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdigit() and int(length) > limit:
        return None
    stream = environ["wsgi.input"]
    body: bytes = stream.read(int(length)) if length.isdigit() else stream.read(limit + 1)
    return body if len(body) <= limit else None
