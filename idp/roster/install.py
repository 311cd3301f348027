"""Putting rosters on the application."""

from typing import TYPE_CHECKING

from flask import Flask

from idp.deployment import Deployment
from idp.login import extension
from idp.roster.departure import Departures
from idp.roster.scim.service import Allowance, Service
from idp.roster.scim.site import ScimSite
from idp.web.address import address_reader

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def install(app: Flask, deployment: Deployment) -> None:
    """Adds ``/scim/v2``. Who leaves is signed out by whatever the other rooms do at the end of a session."""
    departures = Departures(extension.endings_of(app), extension.revokings_of(app))
    service = Service(deployment, departures, Allowance(deployment))
    inner: WSGIApplication = app.wsgi_app
    app.wsgi_app = ScimSite(inner, service, address_reader(deployment.settings.trusted_proxies))  # type: ignore[method-assign]
