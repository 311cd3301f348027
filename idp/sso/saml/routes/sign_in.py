"""``/saml2/sso`` by redirect and POST, an answer nobody asked for, and the two places a request comes back to."""

from flask import Blueprint, redirect, render_template, request, url_for
from lxml.etree import _Element as Element
from werkzeug.wrappers.response import Response

from idp.login import browser
from idp.login.routes.sign_in import start
from idp.release import consent
from idp.release.routes.page import consent_page
from idp.sso.saml import answer, bindings, providers, response, sign_in
from idp.sso.saml.authn_request import Asked
from idp.sso.saml.bindings import Received
from idp.sso.saml.errors import MessageRefused, NoPassive, NotAgreed, NotForThisPerson, NotSignedIn, Refusal, RequestLost
from idp.sso.saml.extension import server
from idp.sso.saml.parameters import only
from idp.sso.saml.providers import Provider
from idp.sso.saml.server import PREFIX
from idp.sso.saml.sign_in import Need, Waiting
from idp.web import context
from idp.web.csrf import protection
from idp.web.headers import allow_form_target, origin_of

Answer = str | Response

blueprint = Blueprint("saml", __name__)


@blueprint.get(f"{PREFIX}/sso")
def by_redirect() -> Answer:
    """A request in the query (SAML Bindings §3.4)."""
    return _proceed(_read(bindings.from_query(request.query_string, "SAMLRequest")), None)


@blueprint.post(f"{PREFIX}/sso")
def by_post() -> Answer:
    """A request in a form (§3.5). A form from elsewhere brings no cookies: the browser comes again, by a redirect that does."""
    asked = _read(bindings.from_form(only(request.form, "SAMLRequest"), only(request.form, "RelayState")))
    with server().deployment.transaction(context.anonymous()) as tx:
        waiting = sign_in.keep(tx, asked, None)
    return redirect(url_for("saml.resume", request=waiting.id), 303)


protection.exempt(by_post)  # it changes nothing that a GET would not change


@blueprint.get(f"{PREFIX}/start")
def unsolicited() -> Answer:
    """An answer that the app did not ask for: ``app`` is its client id, or ``providerId`` its entity id, ``target`` RelayState."""
    saml = server()
    target = only(request.args, "target") or None
    entity, app = only(request.args, "providerId"), only(request.args, "app")
    if target is not None and (len(target) > bindings.MAX_RELAY_STATE or not target.isprintable()):
        raise MessageRefused(detail="target")
    with saml.deployment.reading() as session:
        now = saml.deployment.clock.now()
        provider = providers.by_entity(session, entity, now) if entity else providers.by_app(session, app[:64], now)
    return _proceed(sign_in.unsolicited(provider, target), None)


@blueprint.get(f"{PREFIX}/resume")
def resume() -> Answer:
    """After the sign-in, or the form."""
    waiting = _find(only(request.args, "request"))
    failure = {"access_denied": NotSignedIn(), "unmet": sign_in.unmet()}.get(only(request.args, "login_error"))
    if failure is not None:
        return _refuse(sign_in.provider_of(server(), waiting.asked), waiting.asked, failure, waiting)
    return _proceed(waiting.asked, waiting)


@blueprint.post(f"{PREFIX}/consent")
def decide() -> Answer:
    """What the person decided."""
    saml, there, waiting = server(), browser.signed_in(), _find(only(request.form, "request"))
    if there is None:
        raise RequestLost
    provider = sign_in.provider_of(saml, waiting.asked)
    agreed = only(request.form, "decision") == "agree"
    with saml.deployment.transaction(context.person(there.person_number)) as tx:
        if agreed:
            vault = saml.deployment.ring.vault
            consent.give(tx, vault, provider, there.person_id, there.person_number, provider.needed_scopes)
        else:
            consent.refuse(tx, provider, there.person_number)
    return _proceed(waiting.asked, waiting) if agreed else _refuse(provider, waiting.asked, NotAgreed(), waiting)


def _read(received: Received) -> Asked:
    saml = server()
    with saml.deployment.reading() as session:
        return sign_in.read(saml, session, received)


def _proceed(asked: Asked, waiting: Waiting | None) -> Answer:
    """Asks for what the request needs, or answers it."""
    saml = server()
    provider = sign_in.provider_of(saml, asked)
    signed_in = browser.signed_in()
    try:
        wanted = sign_in.requirement(saml, provider, asked, signed_in, waiting.since if waiting else None)
        missing = sign_in.need(saml, provider, wanted, signed_in)
        if missing is Need.NOTHING:
            return _answer(provider, asked, waiting)
        if asked.passive:
            raise NoPassive  # SAML Core §3.4.1: nobody's screen is taken over
        if missing is Need.EXPLANATION:
            raise NotForThisPerson
    except Refusal as refusal:
        return _refuse(provider, asked, refusal, waiting)
    if waiting is None:
        with saml.deployment.transaction(context.anonymous()) as tx:
            waiting = sign_in.keep(tx, asked, browser.secret())
    if missing is Need.SIGN_IN:
        return start(wanted, url_for("saml.resume", request=waiting.id))
    return _consent_page(provider, waiting)


def _answer(provider: Provider, asked: Asked, waiting: Waiting | None) -> Answer:
    saml, signed_in = server(), browser.signed_in()
    assert signed_in is not None  # noqa: S101 - nothing is needed, so somebody is signed in
    with saml.deployment.transaction(context.person(signed_in.person_number)) as tx:
        if waiting is not None:
            sign_in.spend(tx, waiting)
        document = answer.give(saml, tx, provider, asked, signed_in)
    return _send(provider, asked, document)


def _refuse(provider: Provider, asked: Asked, refusal: Refusal, waiting: Waiting | None) -> Answer:
    saml = server()
    with saml.deployment.transaction(context.anonymous()) as tx:
        if waiting is not None:
            sign_in.spend(tx, waiting)
        document = response.failure(saml, asked, refusal, tx.now)
    return _send(provider, asked, document)


def _send(provider: Provider, asked: Asked, document: Element) -> Answer:
    """SAML Bindings §3.5.4: a form that sends itself."""
    allow_form_target(origin_of(asked.consumer))
    fields = bindings.to_form(document, "SAMLResponse", asked.relay_state)
    page = render_template("send_answer.html", app_name=provider.name, target=asked.consumer, answer=fields)
    return Response(page, mimetype="text/html")


def _consent_page(provider: Provider, waiting: Waiting) -> Answer:
    allow_form_target(origin_of(waiting.asked.consumer))
    target = url_for("saml.decide")
    with server().deployment.reading() as session:
        page = consent_page(session, provider, provider.needed_scopes, target=target, request_id=waiting.id)
    shown = Response(page, mimetype="text/html")
    browser.keep_secret(shown)
    return shown


def _find(request_id: str) -> Waiting:
    with server().deployment.transaction(context.anonymous()) as tx:
        return sign_in.find(tx, request_id, browser.secret())
