"""``/saml2/slo``: an app asks us to end a session, by browser or by SOAP; or answers that it has ended its own."""

from contextlib import suppress

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from lxml.etree import _Element as Element
from werkzeug.wrappers.response import Response as AnyResponse

from idp.login import browser, sessions, sign_outs
from idp.login.errors import NoSuchSession
from idp.login.extension import endings
from idp.login.routes.sign_out import to_page
from idp.login.sign_outs import Onward
from idp.sso.saml import bindings, logout, names, xml
from idp.sso.saml.bindings import Received
from idp.sso.saml.errors import MessageRefused
from idp.sso.saml.extension import server
from idp.sso.saml.logout import Asked
from idp.sso.saml.names import q
from idp.sso.saml.parameters import only
from idp.sso.saml.server import PREFIX
from idp.web import context
from idp.web.csrf import protection
from idp.web.headers import allow_being_framed, allow_form_target, origin_of

blueprint = Blueprint("saml_logout", __name__)


@blueprint.get(f"{PREFIX}/slo")
def by_redirect() -> AnyResponse:
    """A request, or an app's answer, in the query."""
    if "SAMLResponse" in request.args:
        return _noted(bindings.from_query(request.query_string, "SAMLResponse"))
    return _end(bindings.from_query(request.query_string, "SAMLRequest"))


@blueprint.post(f"{PREFIX}/slo")
def by_post() -> AnyResponse:
    """The same in a form."""
    relay_state = only(request.form, "RelayState")
    if "SAMLResponse" in request.form:
        return _noted(bindings.from_form(only(request.form, "SAMLResponse"), relay_state))
    return _end(bindings.from_form(only(request.form, "SAMLRequest"), relay_state))


@blueprint.post(f"{PREFIX}/slo/soap")
def by_soap() -> AnyResponse:
    """The same from program to program (SAML Bindings §3.2). Apps that can only be told in a browser cannot be told by this."""
    saml = server()
    if (request.content_length or 0) > xml.MAX_BYTES:
        raise MessageRefused(detail="too large")
    received = Received(logout.from_envelope(request.get_data(cache=False)), None)
    with saml.deployment.reading() as session:
        asked = logout.read(saml, session, received, saml.soap)
    _end_sessions(asked)
    with saml.deployment.reading() as session:
        partial = sign_outs.left_out(session, tuple(asked.sids), asked.provider.id)
    answer = logout.answer_to(saml, asked, saml.soap, partial=partial)
    del answer.attrib["Destination"]  # it goes back the way the request came
    saml.sign(answer, saml.deployment.clock.now(), after=q("saml:Issuer"))
    return Response(logout.in_envelope(answer), content_type="text/xml; charset=utf-8")


@blueprint.get(f"{PREFIX}/farewell")
def farewell() -> AnyResponse:
    """In a frame of the page of the sign-out: a form that sends itself to an app that takes its sign-outs by POST alone."""
    saml = server()
    with saml.deployment.reading() as session:
        provider, target, fields = logout.farewell_form(saml, session, only(request.args, "session"), browser.signed_out_mark())
    allow_being_framed()
    allow_form_target(origin_of(target))
    return make_response(render_template("send_answer.html", app_name=provider.name, target=target, answer=fields))


# A request is signed by the app that sends it.
for _signed in (by_post, by_soap):
    protection.exempt(_signed)


def _noted(received: Received) -> AnyResponse:
    """An app's answer, mostly in a frame of the page that shows what becomes of the sign-out."""
    allow_being_framed()
    saml = server()
    with saml.deployment.transaction(context.anonymous()) as tx:
        logout.note_answer(saml, tx, received)
    return redirect(url_for("sign_out.done")) if request.headers.get("Sec-Fetch-Dest") == "document" else Response("", 200)


def _end(received: Received) -> AnyResponse:
    saml = server()
    with saml.deployment.reading() as session:
        asked = logout.read(saml, session, received, saml.slo)
    onward, mark = _answer(asked), sign_outs.mark_of(browser.session_token())
    page_id = _end_sessions(asked, mark, onward)
    if page_id is not None:
        shown = to_page(page_id, mark)
    elif onward is None:
        shown = redirect(url_for("sign_out.done"), 303)
    elif onward.fields is None:
        shown = redirect(onward.url, 303)
    else:
        allow_form_target(origin_of(onward.url))
        page = render_template("send_answer.html", app_name=asked.provider.name, target=onward.url, answer=onward.fields)
        shown = make_response(page)
    there = browser.signed_in()
    if asked.sids and (there is None or there.sid in asked.sids):
        browser.forget_session(shown)
    return shown


def _end_sessions(asked: Asked, mark: str = "", onward: Onward | None = None) -> str | None:
    """Ends the sessions that are meant, everywhere. With a browser's ``mark`` returns the page for it, if it has to see one."""
    saml = server()
    with saml.deployment.transaction(context.anonymous()) as tx:
        # The asking app has ended its own session.
        logout.forget(tx, asked)
        for sid, person_id in asked.sids.items():
            with suppress(NoSuchSession), tx.savepoint():  # it has ended, which is what was wanted
                sessions.end(tx, person_id, sid, endings())
        if not mark:
            return None
        return sign_outs.open_page(tx, tuple(asked.sids), mark, here=True, onward=onward, asked_by=asked.provider.id)


def _answer(asked: Asked) -> Onward | None:
    """Where the answer goes (Profiles §4.4.4.2), if the app says in its metadata where it wants one."""
    saml, described = server(), asked.provider.described
    now = saml.deployment.clock.now()
    by_query, by_form = described.logout(names.REDIRECT), described.logout(names.POST)
    endpoint = by_query or by_form
    if endpoint is None:
        return None
    document: Element = logout.answer_to(saml, asked, endpoint.for_answers)
    if by_query is not None:
        query = bindings.to_query(document, "SAMLResponse", asked.relay_state, saml.signer(now))
        return Onward(bindings.with_query(endpoint.for_answers, query))
    saml.sign(document, now, after=q("saml:Issuer"))
    return Onward(endpoint.for_answers, bindings.to_form(document, "SAMLResponse", asked.relay_state))
