"""Putting the SAML identity provider on the application."""

from flask import Flask

from idp.deployment import Deployment
from idp.release.extension import add_opener, on_take_back
from idp.sso.saml import logout
from idp.sso.saml.extension import EXTENSION, opener
from idp.sso.saml.routes import BLUEPRINTS
from idp.sso.saml.server import make_server


def install(app: Flask, deployment: Deployment) -> None:
    """Adds the addresses, and tells the apps what ends with a consent."""
    saml = make_server(deployment)
    app.extensions[EXTENSION] = saml
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    on_take_back(app, logout.on_take_back)
    add_opener(app, opener)
