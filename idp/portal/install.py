"""Putting the portal on the application."""

from collections.abc import Sequence

from flask import Flask

from idp.portal.entries import Launcher
from idp.portal.extension import keep_launchers
from idp.portal.routes.start_page import blueprint


def install(app: Flask, launchers: Sequence[Launcher]) -> None:
    """Adds the start page; ``launchers`` are asked in their order how an app is opened."""
    keep_launchers(app, launchers)
    app.register_blueprint(blueprint)
