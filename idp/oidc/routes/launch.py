"""``/me/apps/<client id>/open``: a sign-in that begins here and not in the app (OpenID Connect Core 1.0 §4)."""

from urllib.parse import urlencode

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers.response import Response

from idp.login import browser
from idp.oidc.provider import provider

blueprint = Blueprint("launch", __name__)


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
