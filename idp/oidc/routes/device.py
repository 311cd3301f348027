"""``/device``: where a person agrees on their phone to what another screen shows (RFC 8628 §3.3)."""

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers.response import Response

from idp.login import browser, throttle
from idp.login.errors import TooManyTries
from idp.login.requirement import Requirement, is_satisfied
from idp.login.routes.pages import REFUSED, SLOW_DOWN, field
from idp.login.routes.sign_in import start
from idp.oidc.decoupled import device
from idp.oidc.decoupled import request as decoupled
from idp.oidc.provider import provider
from idp.registry import institutions
from idp.release import consent
from idp.release.scopes import SCOPES
from idp.web import context
from idp.web.errors import message
from idp.web.locale import gettext as _

blueprint = Blueprint("device", __name__, template_folder="../templates")

Answer = str | Response | tuple[str, int]


@blueprint.get("/device")
def show() -> Answer:
    """The form for the code; with a code that somebody who is signed in has typed, what it asks for."""
    text = request.args.get("user_code", "")[:32]
    return _confirm(text) if text else render_template("oidc/device.html", error=None)


@blueprint.post("/device")
def submit() -> Answer:
    """The code."""
    return _confirm(field("user_code", 32))


@blueprint.post("/device/decision")
def decide() -> Answer:
    """Yes or no."""
    signed_in = browser.signed_in()
    agreed = request.form.get("decision") == "agree"
    if signed_in is None:
        return _confirm(field("user_code", 32))
    here = provider().deployment
    with here.transaction(context.person(signed_in.person_number)) as tx:
        row = device.find(tx, field("user_code", 32))
        if row is None or not decoupled.decide(tx, row, signed_in, agreed=agreed):
            return _unknown()
        client = provider().clients.get(row.client_id)
        if agreed:
            consent.give(tx, here.ring.vault, client, signed_in.person_id, signed_in.person_number, row.scope.split())
        else:
            consent.refuse(tx, client, signed_in.person_number)
    return render_template("oidc/device_done.html", client=client, agreed=agreed)


def _confirm(text: str) -> Answer:
    here = provider().deployment
    # Counted for the network alone, which is wide enough for a classroom before one screen.
    counters = throttle.buckets("device", "", context.client_network(), None)[1:]
    with here.transaction(context.anonymous()) as tx:
        try:
            throttle.check(tx.session, counters, tx.now)
        except TooManyTries as error:
            return render_template("oidc/device.html", error=message(error)), SLOW_DOWN
        row = device.find(tx, text)
        if row is None:
            throttle.count_failure(tx, counters)
            return _unknown()
        client = provider().clients.get(row.client_id)
        owner = institutions.by_code(tx.session, client.owner).name
        code, scopes = row.handle, row.scope.split()
    wanted = Requirement(level=client.policy.required_level, app_name=client.name, client_id=client.id)
    with here.reading() as session:
        enough = is_satisfied(session, provider().site, wanted, browser.signed_in(), here.clock.now())
    if not enough:
        return start(wanted, url_for("device.show", user_code=code))
    shown = f"{code[:4]}-{code[4:]}"
    return render_template("oidc/device_confirm.html", client=client, owner=owner, code=shown, scopes=[SCOPES[n] for n in scopes])


def _unknown() -> Answer:
    return render_template(
        "oidc/device.html", error=_("This code is not right, or is too old. Look at the other screen again.")
    ), REFUSED
