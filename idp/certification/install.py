"""Putting the authority beside the application."""

from typing import TYPE_CHECKING

from flask import Flask

from idp.certification.enrolment.site import EnrolmentSite
from idp.certification.routes import own, pages, sign_in
from idp.certification.site import AuthoritySite
from idp.certification.status.revocation import hold_of_person
from idp.deployment import Deployment
from idp.login import extension

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def install(app: Flask, deployment: Deployment) -> None:
    """Adds the page of the authorities, and what programs ask them."""
    for blueprint in (pages.blueprint, sign_in.blueprint, own.blueprint):
        app.register_blueprint(blueprint)
    extension.add_panel(app, own.panel)
    extension.on_alarm(app, hold_of_person)
    inner: WSGIApplication = app.wsgi_app
    app.wsgi_app = EnrolmentSite(AuthoritySite(inner, deployment), deployment)  # type: ignore[method-assign]
