"""``/logout``: asked first, because a link on any page could lead here. ``/signed-out``: what became of it, app by app."""

from collections.abc import Sequence
from contextlib import suppress

from flask import Blueprint, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers.response import Response

from idp.i18n import N_
from idp.login import browser, sessions, sign_outs
from idp.login.errors import NoSuchSession
from idp.login.extension import endings, farewells
from idp.login.participants import Farewell
from idp.login.routes.pages import Answer, field
from idp.login.sign_outs import Onward, Shown, State
from idp.web import context
from idp.web.context import deployment
from idp.web.headers import allow_form_target, allow_frames, origin_of
from idp.web.locale import gettext as _

TEXTS = {
    State.DONE: N_("signed out"),
    State.WAITING: N_("being told …"),
    State.AGAIN: N_("no answer, it is told again: please close this app's window"),
    State.NO_ANSWER: N_("no answer: please close this app's window"),
    State.BY_HAND: N_("it cannot be told: please close this app's window"),
}
ELSEWHERE = N_("it cannot be told from here: please close this app's window there")

blueprint = Blueprint("sign_out", __name__, template_folder="../templates")


@blueprint.get("/logout")
def ask() -> Answer:
    """The question."""
    return render_template("login/logout.html") if browser.signed_in() else redirect(url_for("sign_out.done"))


@blueprint.post("/logout")
def confirm() -> Response:
    """Ends the session here."""
    return end_here()


@blueprint.get("/signed-out")
def done() -> str:
    """The page after it, where there is no app to speak of."""
    return render_template("login/signed_out.html")


@blueprint.get("/signed-out/<page_id>")
def show(page_id: str) -> Answer:
    """The page that shows which app has done it. Only the browser that signed out can open it."""
    found = _find(page_id)
    if found is None:
        return redirect(url_for("sign_out.done"))
    # Without scripts the page reloads itself, and must not begin the apps' pages anew.
    frames = _frames(found) if "again" not in request.args else {}
    shown_here = [one for pages in frames.values() for one in pages]
    # An app that answers sends its frame back to us; the policy is asked about redirects too.
    addresses = [url for one in shown_here for url in (one.url, one.leads_to) if url]
    allow_frames(sorted({origin_of(url) for url in addresses} | {"'self'" for one in shown_here if one.answers}))
    if found.onward is not None and found.onward.fields is not None:
        allow_form_target(origin_of(found.onward.url))
    return render_template("login/sign_out.html", page=found, frames=frames, text=_text, summary=_summary(found))


@blueprint.get("/signed-out/<page_id>/state")
def state(page_id: str) -> Answer:
    """The same for the page's script."""
    found = _find(page_id)
    if found is None:
        return make_response(jsonify({"over": True}), 404)
    apps = [{"app": line.number, "state": line.state, "text": _text(found, line.state)} for line in found.lines]
    return jsonify({"over": found.over, "told_here": found.told_here, "summary": _summary(found), "apps": apps})


@blueprint.post("/signed-out/<page_id>/loaded")
def loaded(page_id: str) -> Answer:
    """The page's script saw an app's page load in its frame: of apps that say nothing by themselves, the most there is to know."""
    found, number = _find(page_id), field("app", 12)
    line = next((line for line in found.lines if str(line.number) == number), None) if found is not None else None
    if line is None:
        return "", 404
    with deployment().reading() as session:
        mine = [page for page in farewells(session, line.sid) if page.app_id == line.app_id]
    if not any(page.answers for page in mine):
        with deployment().transaction(context.anonymous()) as tx:
            sign_outs.answered(tx, line.sid, line.app_id, well=True)
    return "", 204


def end_here(onward: Onward | None = None, asked_by: str | None = None) -> Response:
    """Ends the session of this browser, if there is one, and sends it ``onward``, by way of the apps' own pages.

    ``asked_by`` is the app that asked for it, if one did.
    """
    there, page_id = browser.signed_in(), None
    mark = sign_outs.mark_of(browser.session_token())
    if there is not None:
        try:
            with deployment().transaction(context.person(there.person_number)) as tx:
                sessions.end(tx, there.person_id, there.sid, endings())
                page_id = sign_outs.open_page(tx, (there.sid,), mark, here=True, onward=onward, asked_by=asked_by)
        except NoSuchSession:
            # Two tabs at once: for the second it has ended, which is what was wanted.
            with deployment().reading() as session:
                page_id = sign_outs.page_of(session, mark)
    response = to_page(page_id, mark) if page_id is not None else _onward(onward)
    browser.forget_session(response)
    return response


def end_elsewhere(person_id: int, number: str, sids: Sequence[str], back: str) -> Response:
    """Ends other sessions of a person, and shows what becomes of their apps; from there it goes ``back``."""
    mark = sign_outs.mark_of("")
    with deployment().transaction(context.person(number)) as tx:
        for sid in sids:
            with suppress(NoSuchSession), tx.savepoint():  # it has ended by itself meanwhile
                sessions.end(tx, person_id, sid, endings())
        page_id = sign_outs.open_page(tx, sids, mark, here=False, onward=Onward(back))
    return to_page(page_id, mark) if page_id is not None else redirect(back)


def to_page(page_id: str, mark: str) -> Response:
    """Sends the browser to its page."""
    response = redirect(url_for("sign_out.show", page_id=page_id), 303)
    browser.keep_signed_out(response, mark)
    return response


def _onward(onward: Onward | None) -> Response:
    return redirect(onward.url if onward is not None else url_for("sign_out.done"))


def _find(page_id: str) -> Shown | None:
    here = deployment()
    with here.reading() as session:
        return sign_outs.find(session, page_id, browser.signed_out_mark(), here.clock.now())


def _frames(found: Shown) -> dict[int, list[Farewell]]:
    """The pages that have yet to be shown, by the number of the app's line."""
    wanted = [line for line in found.lines if line.frame]
    with deployment().reading() as session:
        pages = {sid: farewells(session, sid) for sid in {line.sid for line in wanted}}
    return {line.number: [page for page in pages[line.sid] if page.app_id == line.app_id] for line in wanted}


def _text(found: Shown, at: State) -> str:
    return _(ELSEWHERE if at == State.BY_HAND and not found.here else TEXTS[at])


def _summary(found: Shown) -> str:
    states = {line.state for line in found.lines}
    if states <= {State.DONE}:
        return _("Every app has signed you out.")
    if State.WAITING in states:
        return _("These apps are being told:")
    return _("Not every app has signed you out. Close what is named here.")
