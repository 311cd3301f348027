"""Headers that every answer carries, so that a mistake in a page costs little."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

# No inline script or style; nothing from elsewhere; not in a frame. Forms may go to us, and from there on a redirect to the
# app: browsers apply form-action to redirects as well, so a page that ends in one names where it leads, see allow_form_target.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'{targets}; frame-src {frames}; frame-ancestors {ancestors}; base-uri 'none'"
)


def install(app: Flask, *, secure: bool) -> None:
    """Adds the headers to every answer that does not set them itself."""

    @app.after_request
    def add(response: Response) -> Response:
        defaults = {
            "Content-Security-Policy": _POLICY.format(
                targets="".join(f" {target}" for target in g.get("form_targets", ())),
                frames=" ".join(g.get("frames", ())) or "'none'",
                ancestors="*" if g.get("may_be_framed") else "'none'",
            ),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
            "Cross-Origin-Opener-Policy": "same-origin",
        }
        if not request.path.startswith("/static/"):
            defaults["Cache-Control"] = "no-store"
        if not g.get("may_be_framed"):
            defaults["X-Frame-Options"] = "DENY"
        if secure:
            defaults["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        for name, value in defaults.items():
            response.headers.setdefault(name, value)
        return response


def origin_of(url: str) -> str:
    """Scheme, host and port, as a content security policy names a source; of a native app's own scheme the scheme alone."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"


def allow_form_target(origin: str) -> None:
    """Lets forms of this page end in a redirect to ``origin`` (scheme, host and port)."""
    g.form_targets = (*g.get("form_targets", ()), origin)


def allow_frames(origins: Iterable[str]) -> None:
    """Lets this page hold frames of ``origins``."""
    g.frames = (*g.get("frames", ()), *origins)


def allow_being_framed() -> None:
    """Lets any page hold this one in a frame: only for one with nothing to see and nothing to click."""
    g.may_be_framed = True
