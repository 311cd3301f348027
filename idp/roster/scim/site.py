"""The service provider as a WSGI layer: everything under ``/scim/v2`` is answered here, all else by the application."""

import logging
import secrets
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from idp.roster.scim.discovery import MAX_PAYLOAD
from idp.roster.scim.endpoints import SCIM, ScimRequest, handle
from idp.roster.scim.errors import URN
from idp.roster.scim.service import PREFIX, Service
from idp.web.machine import MachineAnswer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger("yima.scim")


class ScimSite:
    """``address`` reads the client's address as far as proxies are trusted."""

    def __init__(self, app: "WSGIApplication", service: Service, address: "Callable[[WSGIEnvironment], str | None]") -> None:
        self._app = app
        self._service = service
        self._address = address

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answers by itself, or passes on."""
        path = environ["PATH_INFO"]
        if path != PREFIX and not path.startswith(f"{PREFIX}/"):
            return self._app(environ, start_response)
        answer = self._answer(environ, path[len(PREFIX) :])
        body = answer.encoded()
        headers = [
            ("Content-Type", answer.content_type),
            ("Cache-Control", "no-store"),  # personal data
            ("X-Content-Type-Options", "nosniff"),
            *answer.headers,
        ]
        if answer.status not in (204, 304):
            headers.append(("Content-Length", str(len(body))))
        status = HTTPStatus(answer.status)
        start_response(f"{status.value} {status.phrase}", headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    def _answer(self, environ: "WSGIEnvironment", path: str) -> MachineAnswer:
        method = environ["REQUEST_METHOD"]
        try:
            request = ScimRequest(
                method="GET" if method == "HEAD" else method,
                path=path,
                query=environ.get("QUERY_STRING", ""),
                body=_body(environ),
                content_type=environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower(),
                authorization=environ.get("HTTP_AUTHORIZATION", ""),
                if_match=environ.get("HTTP_IF_MATCH", ""),
                if_none_match=environ.get("HTTP_IF_NONE_MATCH", ""),
                address=self._address(environ),
            )
            return handle(self._service, request)
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("unexpected error %s", reference)
            body = {"schemas": [URN], "status": "500", "detail": f"Reference {reference}."}
            return MachineAnswer(500, body, content_type=SCIM)


def _body(environ: "WSGIEnvironment") -> bytes | None:
    """The whole body; ``None`` if it is too large."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdigit() and int(length) > MAX_PAYLOAD:
        return None
    stream = environ["wsgi.input"]
    body: bytes = stream.read(int(length)) if length.isdigit() else stream.read(MAX_PAYLOAD + 1)
    return body if len(body) <= MAX_PAYLOAD else None
