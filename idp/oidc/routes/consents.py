"""The panel on the self-service page that shows what apps receive, and taking it back."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers.response import Response

from idp.login import browser
from idp.login.sessions import SignedIn
from idp.oidc import consent
from idp.oidc.errors import UnknownClient
from idp.oidc.provider import provider
from idp.oidc.scopes import SCOPES
from idp.web import context

blueprint = Blueprint("consents", __name__, template_folder="../templates")


def panel(there: SignedIn) -> str:
    """The panel's HTML."""
    with provider().deployment.reading() as session:
        rows = consent.given(session, there.person_id)
    shown = [(row, app, [SCOPES[name] for name in row.scope.split() if name in SCOPES]) for row, app in rows]
    return render_template("oidc/consents.html", rows=shown, opens={app.id for _row, app, _scopes in shown if _opens(app.id)})


def _opens(client_id: str) -> bool:
    try:
        return provider().clients.get(client_id).metadata.initiate_login_uri is not None
    except UnknownClient:  # switched off
        return False


@blueprint.post("/me/consents/revoke")
def revoke() -> Response:
    """Takes one consent back."""
    there = browser.signed_in()
    if there is not None:
        with provider().deployment.transaction(context.person(there.person_number)) as tx:
            consent.take_back(tx, request.form.get("app", "")[:32], there.person_id, there.person_number)
    return redirect(url_for("account.show"))
