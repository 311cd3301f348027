"""Putting the room on the application."""

from flask import Flask

from idp.login import extension
from idp.release.routes import BLUEPRINTS
from idp.release.routes.consents import panel


def install(app: Flask) -> None:
    """Adds the pages, and the panel at ``/me``."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    extension.add_panel(app, panel)
