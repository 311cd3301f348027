"""``/logout``: asked first, because a link on any page could lead here."""

from contextlib import suppress

from flask import Blueprint, make_response, redirect, render_template, url_for
from werkzeug.wrappers.response import Response

from idp.login import browser, sessions
from idp.login.errors import NoSuchSession
from idp.login.extension import endings, farewells
from idp.web import context
from idp.web.context import deployment
from idp.web.headers import allow_frames, origin_of

blueprint = Blueprint("sign_out", __name__, template_folder="../templates")


@blueprint.get("/logout")
def ask() -> str | Response:
    """The question."""
    return render_template("login/logout.html") if browser.signed_in() else redirect(url_for("sign_out.done"))


@blueprint.post("/logout")
def confirm() -> Response:
    """Ends the session here."""
    return end_here(url_for("sign_out.done"))


@blueprint.get("/signed-out")
def done() -> str:
    """The page after it."""
    return render_template("login/signed_out.html")


def end_here(target: str) -> Response:
    """Ends the session of this browser, if there is one, and sends it to ``target``, by way of the apps' own pages."""
    there = browser.signed_in()
    pages = []
    if there is not None:
        with deployment().reading() as session:
            pages = farewells(session, there.sid)
        # Two tabs at once: for the second it has ended, which is what was wanted.
        with suppress(NoSuchSession), deployment().transaction(context.person(there.person_number)) as tx:
            sessions.end(tx, there.person_id, there.sid, endings())
    if pages:
        allow_frames(origin_of(page.url) for page in pages)
        response: Response = make_response(render_template("login/farewell.html", farewells=pages, target=target))
    else:
        response = redirect(target)
    browser.forget_session(response)
    return response
