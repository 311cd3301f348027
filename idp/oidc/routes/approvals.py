"""``/approvals``: where a person answers on their phone what an app asks from elsewhere (CIBA Core 1.0 §8)."""

from contextlib import suppress

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers.response import Response

from idp.audit import Transaction
from idp.login import browser
from idp.login.requirement import Requirement, is_satisfied
from idp.login.routes.pages import REFUSED, field
from idp.login.routes.sign_in import start
from idp.login.sessions import SignedIn
from idp.oidc.clients.client import Client
from idp.oidc.decoupled import ciba
from idp.oidc.decoupled import request as decoupled
from idp.oidc.errors import UnknownClient
from idp.oidc.provider import provider
from idp.oidc.tables import DecoupledRequest
from idp.registry import institutions
from idp.release import consent
from idp.release.scopes import SCOPES
from idp.web import context
from idp.web.locale import gettext as _

blueprint = Blueprint("approvals", __name__, template_folder="../templates")

Answer = str | Response | tuple[str, int]

FRESH_SECONDS = 600
"""Our policy: whoever answers has proven who they are in the last ten minutes, which is as long as a request waits."""


@blueprint.get("/approvals")
def show() -> Answer:
    """What waits for my answer."""
    signed_in = browser.signed_in()
    if signed_in is None:
        return start(Requirement(level=ciba.LEAST_LEVEL), url_for("approvals.show"))
    return _page(signed_in)


@blueprint.post("/approvals/decision")
def decide() -> Answer:
    """Yes or no; a yes comes with the factors that the app asks for."""
    signed_in = browser.signed_in()
    if signed_in is None:
        return redirect(url_for("approvals.show"))
    agreed = request.form.get("decision") == "agree"
    here = provider().deployment
    handle = field("request", 43)
    with here.transaction(context.person(signed_in.person_number)) as tx:
        row = ciba.find(tx, handle, signed_in.person_id)
        client = provider().clients.get(row.client_id) if row is not None else None
        if row is None or client is None:
            return _page(signed_in, _("This request is over, or was answered already.")), REFUSED
        # The person is named by somebody else: a remembered device does not stand for the factor that answers it.
        wanted = Requirement(row.level, FRESH_SECONDS, app_name=client.name, client_id=client.id, remembered=False)
        enough = not agreed or is_satisfied(tx.session, provider().site, wanted, signed_in, tx.now)
        if enough and not _answer(tx, row, client, signed_in, agreed=agreed):
            return _page(signed_in, _("This request is over, or was answered already.")), REFUSED
    if not enough:
        return start(wanted, url_for("approvals.show"))
    return render_template("oidc/approval_done.html", client=client, agreed=agreed)


def _answer(tx: Transaction, row: DecoupledRequest, client: Client, signed_in: SignedIn, *, agreed: bool) -> bool:
    if not decoupled.decide(tx, row, signed_in, agreed=agreed):
        return False
    if agreed:
        vault = provider().deployment.ring.vault
        consent.give(tx, vault, client, signed_in.person_id, signed_in.person_number, row.scope.split())
    else:
        consent.refuse(tx, client, signed_in.person_number)
    ciba.answered(tx, row)
    return True


def panel(there: SignedIn) -> str:
    """The panel on the self-service page: nothing, unless something waits."""
    here = provider().deployment
    with here.reading() as session:
        waits = bool(ciba.waiting_for(session, there.person_id, here.clock.now()))
    return render_template("oidc/approvals_panel.html") if waits else ""


def _page(signed_in: SignedIn, error: str | None = None) -> str:
    here = provider().deployment
    with here.reading() as session:
        rows = ciba.waiting_for(session, signed_in.person_id, here.clock.now())
    shown = []
    for row in rows:
        with suppress(UnknownClient):  # switched off meanwhile
            shown.append((row, provider().clients.get(row.client_id)))
    with here.reading() as session:
        owners = {client.owner: institutions.by_code(session, client.owner).name for _row, client in shown}
    return render_template("oidc/approvals.html", rows=shown, owners=owners, scopes=SCOPES, error=error)
