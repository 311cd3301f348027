"""Putting the provider on the application."""

from typing import TYPE_CHECKING

from flask import Flask

from idp.deployment import Deployment
from idp.login import extension
from idp.oidc import families
from idp.oidc.endpoints import machine_endpoints, ready_answers
from idp.oidc.possession.certificate import Certified
from idp.oidc.provider import EXTENSION, make_provider
from idp.oidc.routes import approvals, device, launch, make_authorize, make_logout, make_session_frame
from idp.oidc.routes.approvals import panel as approvals_panel
from idp.oidc.routes.launch import opener
from idp.release.extension import add_opener, on_take_back
from idp.web.address import address_reader, certificate_reader
from idp.web.machine import MachineEndpoints
from idp.web.ready import ReadyAnswers

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def install(app: Flask, deployment: Deployment, certified: Certified | None = None) -> None:
    """Adds pages and endpoints, ends what belongs to a consent with it. ``certified`` judges certificates of our authorities."""
    provider = make_provider(deployment, certified)
    app.extensions[EXTENSION] = provider
    for issuer in provider.issuers.values():
        app.register_blueprint(make_authorize(issuer))
        app.register_blueprint(make_logout(issuer))
        app.register_blueprint(make_session_frame(issuer))
    for blueprint in (approvals, device, launch):
        app.register_blueprint(blueprint)
    extension.on_alarm(app, families.revoke_of_person)
    extension.add_panel(app, approvals_panel)
    on_take_back(app, families.revoke_of_app)
    add_opener(app, opener)
    inner: WSGIApplication = app.wsgi_app
    settings = deployment.settings
    read = (address_reader(settings.trusted_proxies), certificate_reader(settings))
    machine = MachineEndpoints(inner, machine_endpoints(provider), *read)
    app.wsgi_app = ReadyAnswers(machine, ready_answers(provider))  # type: ignore[method-assign]
