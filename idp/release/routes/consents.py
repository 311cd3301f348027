"""The panel on the self-service page that shows what apps receive, and taking it back."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers.response import Response

from idp.login import browser
from idp.login.sessions import SignedIn
from idp.release import consent
from idp.release.extension import opens, take_backs
from idp.release.scopes import SCOPES
from idp.web import context
from idp.web.context import deployment

blueprint = Blueprint("consents", __name__, template_folder="../templates")


def panel(there: SignedIn) -> str:
    """The panel's HTML."""
    with deployment().reading() as session:
        rows = consent.given(session, there.person_id)
    shown = [(row, app, [SCOPES[name] for name in row.scope.split() if name in SCOPES], opens(app.id)) for row, app in rows]
    return render_template("release/consents.html", rows=shown)


@blueprint.post("/me/consents/revoke")
def revoke() -> Response:
    """Takes one consent back."""
    there = browser.signed_in()
    if there is not None:
        with deployment().transaction(context.person(there.person_number)) as tx:
            app_id = request.form.get("app", "")[:32]
            consent.take_back(tx, app_id, there.person_id, there.person_number, take_backs())
    return redirect(url_for("account.show"))
