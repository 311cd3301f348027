"""Headers that every answer carries, so that a mistake in a page costs little."""

from flask import Flask, Response, g, request

# No inline script or style; nothing from elsewhere; not in a frame. Forms may go to us, and from there on a redirect to the
# app: browsers apply form-action to redirects as well, so a page that ends in one names where it leads, see allow_form_target.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'{targets}; frame-ancestors 'none'; base-uri 'none'"
)


def install(app: Flask, *, secure: bool) -> None:
    """Adds the headers to every answer that does not set them itself."""

    @app.after_request
    def add(response: Response) -> Response:
        defaults = {
            "Content-Security-Policy": _POLICY.format(targets="".join(f" {t}" for t in g.get("form_targets", ()))),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer",
            "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
            "Cross-Origin-Opener-Policy": "same-origin",
        }
        if not request.path.startswith("/static/"):
            defaults["Cache-Control"] = "no-store"
        if secure:
            defaults["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        for name, value in defaults.items():
            response.headers.setdefault(name, value)
        return response


def allow_form_target(origin: str) -> None:
    """Lets forms of this page end in a redirect to ``origin`` (scheme, host and port)."""
    g.form_targets = (*g.get("form_targets", ()), origin)
