"""``/saml2/slo``: an app asks us to end a session, by browser or by SOAP; or answers that it has ended its own."""

from contextlib import suppress

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from lxml.etree import _Element as Element
from werkzeug.wrappers.response import Response as AnyResponse

from idp.login import browser, sessions
from idp.login.errors import NoSuchSession
from idp.login.extension import Farewell, endings, farewells
from idp.sso.saml import bindings, logout, names, xml
from idp.sso.saml.bindings import Received
from idp.sso.saml.errors import MessageRefused
from idp.sso.saml.extension import server
from idp.sso.saml.logout import Asked
from idp.sso.saml.metadata import Endpoint
from idp.sso.saml.names import q
from idp.sso.saml.server import PREFIX
from idp.web import context
from idp.web.csrf import protection
from idp.web.headers import allow_being_framed, allow_form_target, allow_frames, origin_of

blueprint = Blueprint("saml_logout", __name__)


@blueprint.get(f"{PREFIX}/slo")
def by_redirect() -> AnyResponse:
    """A request, or an app's answer, in the query."""
    if "SAMLResponse" in request.args:
        return _noted()
    return _end(bindings.from_query(request.query_string, "SAMLRequest"))


@blueprint.post(f"{PREFIX}/slo")
def by_post() -> AnyResponse:
    """The same in a form."""
    if "SAMLResponse" in request.form:
        return _noted()
    if len(request.form.getlist("SAMLRequest")) != 1 or len(request.form.getlist("RelayState")) > 1:
        raise MessageRefused(detail="not one SAMLRequest")
    return _end(bindings.from_form(request.form["SAMLRequest"], request.form.get("RelayState")))


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
    answer = logout.answer_to(saml, asked, saml.soap)
    del answer.attrib["Destination"]  # it goes back the way the request came
    saml.sign(answer, saml.deployment.clock.now(), after=q("saml:Issuer"))
    return Response(logout.in_envelope(answer), content_type="text/xml; charset=utf-8")


# A request is signed by the app that sends it.
for _signed in (by_post, by_soap):
    protection.exempt(_signed)


def _noted() -> AnyResponse:
    """An app's answer to the farewell page, mostly in a frame of it: nothing depends on it, so nothing of it is read."""
    allow_being_framed()
    return redirect(url_for("sign_out.done")) if request.headers.get("Sec-Fetch-Dest") == "document" else Response("", 200)


def _end(received: Received) -> AnyResponse:
    saml = server()
    with saml.deployment.reading() as session:
        asked = logout.read(saml, session, received, saml.slo)
    # The asking app has ended its own session.
    pages = _end_sessions(asked)
    if pages:
        allow_frames(origin_of(page.url) for page in pages)
    shown = _answer(asked, pages)
    there = browser.signed_in()
    if asked.sids and (there is None or there.sid in asked.sids):
        browser.forget_session(shown)
    return shown


def _end_sessions(asked: Asked) -> list[Farewell]:
    """Ends the sessions that are meant, everywhere; returns the pages of apps that are told in the browser."""
    saml = server()
    with saml.deployment.transaction(context.anonymous()) as tx:
        logout.forget(tx, asked)
        pages = [page for sid in asked.sids for page in farewells(tx.session, sid)]
        for sid, person_id in asked.sids.items():
            with suppress(NoSuchSession), tx.savepoint():  # it has ended, which is what was wanted
                sessions.end(tx, person_id, sid, endings())
    return pages


def _answer(asked: Asked, pages: list[Farewell]) -> AnyResponse:
    described = asked.provider.described
    by_query, by_form = described.logout(names.REDIRECT), described.logout(names.POST)
    if by_query is not None:
        target = _target(asked, by_query)
    elif by_form is not None and not pages:
        return _form(asked, by_form)
    else:
        target = url_for("sign_out.done")
    if pages:
        return make_response(render_template("login/farewell.html", farewells=pages, target=target))
    return redirect(target, 303)


def _target(asked: Asked, endpoint: Endpoint) -> str:
    saml = server()
    document = logout.answer_to(saml, asked, endpoint.for_answers)
    signer = saml.signer(saml.deployment.clock.now())
    return bindings.with_query(endpoint.for_answers, bindings.to_query(document, "SAMLResponse", asked.relay_state, signer))


def _form(asked: Asked, endpoint: Endpoint) -> AnyResponse:
    saml = server()
    document: Element = logout.answer_to(saml, asked, endpoint.for_answers)
    saml.sign(document, saml.deployment.clock.now(), after=q("saml:Issuer"))
    allow_form_target(origin_of(endpoint.for_answers))
    fields = bindings.to_form(document, "SAMLResponse", asked.relay_state)
    page = render_template("send_answer.html", app_name=asked.provider.name, target=endpoint.for_answers, answer=fields)
    return make_response(page)
