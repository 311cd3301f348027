"""Putting the portal on the application."""

from collections.abc import Sequence
from typing import cast

from flask import Flask, current_app

from idp.portal.entries import Launcher

EXTENSION = "yima_portal_launchers"


def install(app: Flask, launchers: Sequence[Launcher]) -> None:
    """Adds the start page; ``launchers`` are asked in their order how an app is opened."""
    from idp.portal.routes.start_page import blueprint

    app.extensions[EXTENSION] = tuple(launchers)
    app.register_blueprint(blueprint)


def launchers() -> Sequence[Launcher]:
    """Those of this application."""
    return cast(Sequence[Launcher], current_app.extensions[EXTENSION])
