"""The identity provider behind a request, and where its apps are opened from here."""

from typing import cast

from flask import current_app, url_for

from idp.apps.tables import App
from idp.sso.saml import providers
from idp.sso.saml.errors import UnknownProvider
from idp.sso.saml.server import SamlServer

EXTENSION = "yima_saml"


def server() -> SamlServer:
    """That of this application."""
    return cast(SamlServer, current_app.extensions[EXTENSION])


def opener(app_id: str) -> str | None:
    """The address here that sends the app an answer it did not ask for."""
    saml = server()
    try:
        with saml.deployment.reading() as session:
            providers.by_app(session, app_id, saml.deployment.clock.now())
    except UnknownProvider:  # switched off, or an app of another protocol
        return None
    return url_for("saml.unsolicited", app=app_id)


def address_of(app: App) -> str | None:
    """The same, for the portal."""
    return opener(app.id)
