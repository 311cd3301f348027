"""Forms that only our own pages can send.

Flask-WTF checks every request that changes something. Endpoints that authenticate each request by itself, and so have nothing a
browser would send along unasked, are exempted by name where they are defined.
"""

from flask import Flask
from flask_wtf.csrf import CSRFProtect

protection = CSRFProtect()


def install(app: Flask) -> None:
    """Protects every form of the application."""
    app.config["WTF_CSRF_TIME_LIMIT"] = 4 * 3600
    # Our pages tell browsers to send no Referer, so it cannot be asked for. It is there against a cookie planted by somebody on
    # the way, and behind https ours has the prefix __Host-, which nobody else can plant.
    app.config["WTF_CSRF_SSL_STRICT"] = False
    protection.init_app(app)
