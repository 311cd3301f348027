"""``/me/apps/<client id>/open``: a sign-in that begins here and not in the app (OpenID Connect Core 1.0 §4)."""

from urllib.parse import urlencode

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers.response import Response

from idp.apps.tables import App
from idp.login import browser
from idp.oidc.errors import UnknownClient
from idp.oidc.provider import provider
from idp.web.headers import origin_of

blueprint = Blueprint("launch", __name__)


def address_of(app: App) -> str | None:
    """Where an app of this protocol is opened: through us if it can begin with that, else at its own page, as far as we know it."""
    try:
        metadata = provider().clients.get(app.id).metadata
    except UnknownClient:
        return None
    if metadata.initiate_login_uri is not None:
        return url_for("launch.launch", client_id=app.id)
    if metadata.client_uri is not None or metadata.application_type != "web" or not metadata.redirect_uris:
        return metadata.client_uri
    return f"{origin_of(metadata.redirect_uris[0])}/"


def opener(client_id: str) -> str | None:
    """The address below, for an app that can be opened from here."""
    try:
        known = provider().clients.get(client_id).metadata.initiate_login_uri is not None
    except UnknownClient:  # switched off, or an app of another protocol
        return None
    return url_for("launch.launch", client_id=client_id) if known else None


@blueprint.get("/me/apps/<client_id>/open")
def launch(client_id: str) -> Response:
    """Sends the person to the app's ``initiate_login_uri``, which sends them back with an ordinary request.

    Nothing about the person goes along: no ``login_hint``, because an app may not learn who is there before they agree.
    """
    if browser.signed_in() is None:
        return redirect(url_for("account.show"))
    client = provider().clients.get(client_id)
    address = client.metadata.initiate_login_uri
    if address is None:
        return redirect(client.metadata.client_uri or url_for("account.show"))
    joint = "&" if "?" in address else "?"
    return redirect(f"{address}{joint}{urlencode({'iss': provider().issuers[client.issuer].url})}", 303)
