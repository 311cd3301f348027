"""The cookie of our pages, signed by the ring's keys as they are now: a new key signs, those before it still verify."""

from contextlib import suppress

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.exc import SQLAlchemyError

from idp.errors import YimaError
from idp.keys import KeyRing


class PageSessions(SecureCookieSessionInterface):
    """Flask's own, which reads its keys from the configuration: they are put there for each request."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """As Flask makes it, of the keys of this moment; with those from before where the database does not answer."""
        with suppress(SQLAlchemyError, YimaError):
            follow(app, self._ring)
        return super().get_signing_serializer(app)


def follow(app: Flask, ring: KeyRing) -> None:
    """Has the application sign and verify its cookies and forms by the ring's keys."""
    signing, *others = ring.current().web_secrets
    app.config["SECRET_KEY"] = signing
    app.config["SECRET_KEY_FALLBACKS"] = others
    # itsdangerous signs with the last and verifies with any. A form that was open during a rotation is taken.
    app.config["WTF_CSRF_SECRET_KEY"] = [*others, signing]
