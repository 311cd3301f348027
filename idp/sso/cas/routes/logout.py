"""``/logout`` (§2.3): ends the session of this browser, tells every app, and goes back to a registered one."""

from contextlib import suppress

from flask import Blueprint, request
from werkzeug.wrappers.response import Response

from idp.login.routes.sign_out import end_here
from idp.login.sign_outs import Onward
from idp.sso.cas.errors import CasError
from idp.sso.cas.extension import server
from idp.sso.cas.parameters import parse
from idp.sso.cas.service_url import parse as parse_address
from idp.sso.cas.service_url import to_ascii


def make_blueprint(prefix: str, name: str) -> Blueprint:
    """The page under one prefix, as the blueprint ``name``."""
    blueprint = Blueprint(name, __name__)

    def logout() -> Response:
        # Not asked first: apps send people here to be signed out (§2.3). The cookie is SameSite=Lax, so an image or frame on
        # somebody's page signs nobody out.
        return end_here(*_target(request.query_string))

    blueprint.add_url_rule(f"{prefix}/logout", "logout", logout, methods=["GET"])
    return blueprint


def _target(text: bytes) -> tuple[Onward | None, str | None]:
    """§2.3.2: a registered service, and its app; nowhere else. ``url``, of protocol 2.0, is ignored."""
    with suppress(CasError):
        service = parse(text).get("service", "")
        found = server().services.now().at(parse_address(service))
        return Onward(to_ascii(service)), found.id
    return None, None
