"""``/oauth/session``: the page that an app puts into a frame and asks (OpenID Connect Session Management 1.0 §3.3)."""

from flask import Blueprint, render_template

from idp.login.browser import STATE
from idp.oidc.issuer import Issuer
from idp.oidc.logout.session_state import FRAME
from idp.web.context import cookie_name, deployment
from idp.web.headers import allow_being_framed


def make_blueprint(issuer: Issuer) -> Blueprint:
    """The page of one issuer."""
    blueprint = Blueprint(f"session_{issuer.name}", __name__, template_folder="../templates")

    def show() -> str:
        allow_being_framed()  # it shows nothing and has nothing to click
        return render_template("oidc/session_frame.html", cookie=cookie_name(deployment().settings, STATE))

    blueprint.add_url_rule(issuer.path(FRAME), "show", show, methods=["GET"])
    return blueprint
