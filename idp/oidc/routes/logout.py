"""``/oauth/logout``: OpenID Connect RP-Initiated Logout 1.0."""

from urllib.parse import quote

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers.response import Response

from idp.login import browser
from idp.login.routes.sign_out import end_here
from idp.login.sign_outs import Onward
from idp.oidc import id_token
from idp.oidc.errors import OAuthError, UnregisteredRedirectUri
from idp.oidc.issuer import Issuer
from idp.oidc.parameters import parse
from idp.oidc.provider import provider
from idp.web.csrf import protection


def make_blueprint(issuer: Issuer) -> Blueprint:
    """The endpoint of one issuer."""
    blueprint = Blueprint(f"logout_{issuer.name}", __name__)

    def logout() -> Response:
        # §2: GET or POST. Only a token of ours for the session of this very browser ends it without a question.
        text = request.query_string if request.method == "GET" else request.get_data(cache=False)
        return _logout(issuer, parse(text))

    protection.exempt(logout)
    blueprint.add_url_rule(issuer.path("logout"), "logout", logout, methods=["GET", "POST"])
    return blueprint


def _logout(issuer: Issuer, parameters: dict[str, str]) -> Response:
    hint = parameters.get("id_token_hint")
    if hint is None:
        # §3: without a hint there is nobody to trust with a redirect, and the person is asked.
        return redirect(url_for("sign_out.ask"))
    here = provider()
    claims = id_token.read_hint(here.deployment.ring, issuer, hint, here.deployment.clock.now())
    given = parameters.get("post_logout_redirect_uri")
    onward = Onward(_checked_target(claims, parameters, given)) if given is not None else None
    signed_in = browser.signed_in()
    if signed_in is not None and claims.get("sid") != signed_in.sid:
        return redirect(url_for("sign_out.ask"))
    # The client has ended its own session (§2).
    return end_here(onward, asked_by=str(claims.get("aud")))


def _checked_target(claims: dict[str, object], parameters: dict[str, str], given: str) -> str:
    # §2 and §3: the client of the hint (and of client_id, which must be the same) has registered this very URI.
    client_id = str(claims.get("aud"))
    if parameters.get("client_id", client_id) != client_id:
        raise OAuthError(detail="client_id is not the hint's audience")
    client = provider().clients.get(client_id)
    if given not in client.metadata.post_logout_redirect_uris:
        raise UnregisteredRedirectUri(detail=f"{client_id}: {given[:200]!r}")
    state = parameters.get("state")
    return given if state is None else f"{given}{'&' if '?' in given else '?'}state={quote(state, safe='')}"
