"""Putting the service beside the application."""

import json
from typing import TYPE_CHECKING

from flask import Flask

from idp.certification.office import office_of
from idp.deployment import Deployment
from idp.oidc.provider import EXTENSION
from idp.signing.description import document
from idp.signing.endpoints import machine_endpoints
from idp.signing.requests import MAX_BODY
from idp.signing.service import PREFIX, Service
from idp.signing.trust import read_roots
from idp.web.address import address_reader, certificate_reader
from idp.web.machine import MachineEndpoints
from idp.web.ready import ReadyAnswer, ReadyAnswers

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def install(app: Flask, deployment: Deployment) -> None:
    """Adds ``/signing/v1``. Tokens are those of the provider that is installed already. Raises ``RootsNotReadable``."""
    settings = deployment.settings
    service = Service(
        app.extensions[EXTENSION], office_of(settings, deployment.ring.authority_vault), read_roots(settings.signing_trust)
    )
    inner: WSGIApplication = app.wsgi_app
    read = (address_reader(settings.trusted_proxies), certificate_reader(settings))
    machine = MachineEndpoints(inner, machine_endpoints(service), *read, limit=MAX_BODY)
    described = json.dumps(document(service), ensure_ascii=False).encode()
    ready = {f"{PREFIX}/openapi.json": lambda: ReadyAnswer(described, "application/json", 3600)}
    app.wsgi_app = ReadyAnswers(machine, ready)  # type: ignore[method-assign]
