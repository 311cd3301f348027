"""Putting the CAS server on the application."""

from typing import TYPE_CHECKING

from flask import Flask

from idp.deployment import Deployment
from idp.release.extension import add_opener, on_take_back
from idp.sso.cas import logout
from idp.sso.cas.endpoints import machine_endpoints
from idp.sso.cas.extension import EXTENSION, opener
from idp.sso.cas.routes import make_login, make_logout
from idp.sso.cas.server import make_server
from idp.web.address import address_reader
from idp.web.machine import MachineEndpoints

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def install(app: Flask, deployment: Deployment) -> None:
    """Adds pages and endpoints under every prefix, and ends what belongs to a consent with it."""
    settings = deployment.settings
    if not settings.cas_prefix_list:
        return
    cas = make_server(deployment)
    app.extensions[EXTENSION] = cas
    for number, prefix in enumerate(settings.cas_prefix_list):
        app.register_blueprint(make_login(prefix, f"cas_{number}"))
        app.register_blueprint(make_logout(prefix, f"cas_logout_{number}"))
    on_take_back(app, logout.on_take_back)
    add_opener(app, opener)
    inner: WSGIApplication = app.wsgi_app
    endpoints = machine_endpoints(cas, settings.cas_prefix_list)
    app.wsgi_app = MachineEndpoints(inner, endpoints, address_reader(settings.trusted_proxies))  # type: ignore[method-assign]
