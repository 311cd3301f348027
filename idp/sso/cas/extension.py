"""The CAS server behind a request, and where its apps are opened from here."""

from typing import cast

from flask import current_app

from idp.apps.tables import App
from idp.sso.cas.errors import UnknownService
from idp.sso.cas.server import CasServer

EXTENSION = "yima_cas"


def server() -> CasServer:
    """That of this application."""
    return cast(CasServer, current_app.extensions[EXTENSION])


def opener(app_id: str) -> str | None:
    """The app's first address: it sends whoever comes there on to us by itself."""
    if EXTENSION not in current_app.extensions:
        return None
    try:
        return server().services.now().get(app_id).addresses[0].text
    except UnknownService:  # switched off, or an app of another protocol
        return None


def address_of(app: App) -> str | None:
    """The same, for the portal."""
    return opener(app.id)
