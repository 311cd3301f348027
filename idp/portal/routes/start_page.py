"""``/``: the start page."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers.response import Response

from idp.login import browser
from idp.login.requirement import Requirement
from idp.login.routes.pages import Answer, field
from idp.login.routes.sign_in import start
from idp.portal import entries, notices
from idp.portal.extension import launchers
from idp.registry import profile
from idp.web import context
from idp.web.context import deployment

blueprint = Blueprint("portal", __name__, template_folder="../templates")

FEW = 6
"""So many apps are seen at a glance: nobody needs to search."""


@blueprint.get("/")
def show() -> Answer:
    """The apps of whoever is signed in, and what they are told."""
    there = browser.signed_in()
    if there is None:
        return start(Requirement(), url_for("portal.show"))
    here = deployment()
    now = here.clock.now()
    words = request.args.get("q", "")[:100]
    with here.reading() as session:
        who = profile.read(session, here.ring.vault, there.person_id, now.date())
        mine = entries.visible(session, there.person_id, now.date(), launchers())
        return render_template(
            "portal/apps.html",
            name=who.name,
            groups=entries.grouped(entries.matching(mine, words)),
            notices=notices.shown(session, {one.institution_code for one in who.affiliations}, now),
            searchable=len(mine) > FEW or bool(words),
            words=words,
        )


@blueprint.post("/favourite")
def favour() -> Response:
    """Makes an app a favourite, or no longer."""
    there = browser.signed_in()
    if there is not None:
        with deployment().transaction(context.person(there.person_number)) as tx:
            entries.favour(tx, there.person_id, field("app", 32), wanted=field("wanted", 3) == "yes")
    return redirect(url_for("portal.show"))
