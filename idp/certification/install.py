"""Putting the authority beside the application."""

from typing import TYPE_CHECKING

from flask import Flask

from idp.certification.routes import pages
from idp.certification.site import AuthoritySite
from idp.deployment import Deployment

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def install(app: Flask, deployment: Deployment) -> None:
    """Adds the page of the authorities, and what programs ask them."""
    app.register_blueprint(pages.blueprint)
    inner: WSGIApplication = app.wsgi_app
    app.wsgi_app = AuthoritySite(inner, deployment)  # type: ignore[method-assign]
