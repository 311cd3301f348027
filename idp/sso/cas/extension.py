"""The CAS server behind a request."""

from typing import cast

from flask import current_app

from idp.sso.cas.server import CasServer

EXTENSION = "yima_cas"


def server() -> CasServer:
    """That of this application."""
    return cast(CasServer, current_app.extensions[EXTENSION])
