"""Putting the ways in by other providers on the application."""

from flask import Flask

from idp.deployment import Deployment
from idp.login import extension
from idp.upstream import links
from idp.upstream.extension import EXTENSION
from idp.upstream.routes import BLUEPRINTS
from idp.upstream.routes.linking import panel
from idp.upstream.routes.sign_in import way_in
from idp.upstream.server import make_server


def install(app: Flask, deployment: Deployment) -> None:
    """Adds the addresses, the buttons on the sign-in page and the panel at ``/me``.

    “That was not me” takes every link away: one of them may be the stranger's.
    """
    app.extensions[EXTENSION] = make_server(deployment)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    extension.add_way_in(app, way_in)
    extension.add_panel(app, panel)
    extension.on_alarm(app, links.unlink_all)
