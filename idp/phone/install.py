"""Putting the phone's origin beside the application."""

from typing import TYPE_CHECKING

from flask import Flask

from idp.deployment import Deployment
from idp.login import extension
from idp.phone.ceremony import Elsewhere
from idp.phone.endpoints import page_endpoints, phone_endpoints
from idp.phone.routes import signatures
from idp.phone.site import PhoneSite
from idp.web.address import address_reader
from idp.web.machine import MachineEndpoints

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def install(app: Flask, deployment: Deployment, elsewhere: Elsewhere) -> None:
    """Adds the phone's origin where one is set, and the page of a person's signatures.

    The app on the phone also tells what waits ``elsewhere``, where nothing is signed.
    """
    app.register_blueprint(signatures.blueprint)
    extension.add_panel(app, signatures.panel)
    inner: WSGIApplication = app.wsgi_app
    settings, read = deployment.settings, address_reader(deployment.settings.trusted_proxies)
    app.wsgi_app = MachineEndpoints(inner, page_endpoints(deployment), read)  # type: ignore[method-assign]
    if settings.phone_url:
        app.wsgi_app = PhoneSite(app.wsgi_app, settings.phone_url, phone_endpoints(deployment, elsewhere), read)  # type: ignore[method-assign]
