"""What the portal keeps on the Flask application."""

from collections.abc import Sequence
from typing import cast

from flask import Flask, current_app

from idp.portal.entries import Launcher

_NAME = "yima_portal_launchers"


def keep_launchers(app: Flask, launchers: Sequence[Launcher]) -> None:
    """Puts them on the application, in the order in which they are asked."""
    app.extensions[_NAME] = tuple(launchers)


def launchers() -> Sequence[Launcher]:
    """Those of this application."""
    return cast(Sequence[Launcher], current_app.extensions[_NAME])
