"""Putting the SAML identity provider on the application."""

from flask import Flask

from idp.deployment import Deployment
from idp.login import extension
from idp.release.extension import add_opener, on_take_back
from idp.sso.saml import logout, providers
from idp.sso.saml.errors import UnknownProvider
from idp.sso.saml.routes import BLUEPRINTS, opening
from idp.sso.saml.server import EXTENSION, make_server


def install(app: Flask, deployment: Deployment) -> None:
    """Adds the addresses, and tells the apps what ends with a session or a consent."""
    saml = make_server(deployment)
    app.extensions[EXTENSION] = saml
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    extension.on_end(app, logout.on_session_end)
    extension.on_farewell(app, logout.farewells(saml))
    on_take_back(app, logout.on_take_back)

    def opener(app_id: str) -> str | None:
        """The address here that sends an answer nobody asked for."""
        try:
            with deployment.reading() as session:
                providers.by_app(session, app_id, deployment.clock.now())
        except UnknownProvider:
            return None
        return opening(app_id)

    add_opener(app, opener)
