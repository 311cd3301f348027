"""The phone's origin as a WSGI layer: requests to its host are answered here whole, all others by the application."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from idp.web.machine import Endpoint, MachineEndpoints

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

STATIC = Path(__file__).parent / "static"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
    "": "text/plain; charset=utf-8",
}
# Nothing but the files of the app; no text becomes a script (trusted types) but the one address of the service worker.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types yima"
)
HEADERS = (
    ("Content-Security-Policy", POLICY),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", "camera=(self), microphone=(), geolocation=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Frame-Options", "DENY"),
)


class PhoneSite:
    """``phone_url`` names the host. The application never sees a request to it, nor the phone's files one to ours."""

    def __init__(
        self,
        app: "WSGIApplication",
        phone_url: str,
        endpoints: Mapping[str, tuple[tuple[str, ...], Endpoint]],
        address: "Callable[[WSGIEnvironment], str | None]",
    ) -> None:
        self._app = app
        self._host = _host_of(urlsplit(phone_url).netloc, phone_url)
        self._scheme = urlsplit(phone_url).scheme
        self._inner = MachineEndpoints(_Files(), endpoints, address)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answers by itself, or passes on."""
        if _host_of(environ.get("HTTP_HOST", ""), f"{self._scheme}:") != self._host:
            return self._app(environ, start_response)
        more = list(HEADERS)
        if self._scheme == "https":
            more.append(("Strict-Transport-Security", "max-age=31536000; includeSubDomains"))

        def start(
            status: str, headers: list[tuple[str, str]], exc_info: "OptExcInfo | None" = None, /
        ) -> "Callable[[bytes], object]":
            return start_response(status, [*headers, *more], exc_info)

        return self._inner(environ, start)


class _Files:
    """The files that the build has made, read once."""

    def __init__(self) -> None:
        self._files = {f"/{path.name}": (path.read_bytes(), TYPES[path.suffix]) for path in sorted(STATIC.iterdir())}
        self._files["/"] = self._files["/index.html"]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        found = self._files.get(environ["PATH_INFO"])
        if found is None or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            status = "404 Not Found" if found is None else "405 Method Not Allowed"
            start_response(status, [("Content-Length", "0"), ("X-Content-Type-Options", "nosniff")])
            return [b""]
        body, content_type = found
        etag = f'"{sha256(body).hexdigest()[:32]}"'
        # Asked for each time: the service worker decides what is kept, and a new version must not meet a half of the old one.
        headers = [("ETag", etag), ("Cache-Control", "no-cache"), ("X-Content-Type-Options", "nosniff")]
        if environ.get("HTTP_IF_NONE_MATCH") == etag:
            start_response("304 Not Modified", headers)
            return [b""]
        start_response("200 OK", [("Content-Type", content_type), ("Content-Length", str(len(body))), *headers])
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]


def _host_of(netloc: str, url: str) -> str:
    """Host and port in one spelling: the scheme's own port is not written (RFC 9110 §4.2.3)."""
    default = ":443" if url.startswith("https") else ":80"
    return netloc.lower().removesuffix(default)
