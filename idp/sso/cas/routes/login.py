"""``/login`` (§2.1, §2.2), and the two places a request comes back to: after the sign-in, and from the page that asks."""

from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers.response import Response

from idp.login import browser
from idp.login.requirement import Requirement
from idp.login.routes.sign_in import start
from idp.release import consent
from idp.release.routes.page import consent_page
from idp.sso.cas import sign_in
from idp.sso.cas.errors import BadRequest, InvalidRequest, LevelNotMet, NotForThisPerson, NotSignedIn, RequestLost
from idp.sso.cas.extension import server
from idp.sso.cas.parameters import parse
from idp.sso.cas.service_url import to_ascii, with_parameters
from idp.sso.cas.services import Service
from idp.sso.cas.sign_in import Asked, Need, Waiting
from idp.web import context
from idp.web.csrf import protection
from idp.web.headers import allow_form_target

Answer = str | Response


def make_blueprint(prefix: str, name: str) -> Blueprint:
    """The pages under one prefix, as the blueprint ``name``."""
    blueprint = Blueprint(name, __name__)

    def login() -> Answer:
        # An app may send the browser by a form, which cannot carry our token; nothing is changed by it that a GET would not change.
        text = request.query_string if request.method == "GET" else request.get_data(cache=False)
        try:
            asked = sign_in.read(parse(text))
        except InvalidRequest as error:
            raise BadRequest(detail=error.detail) from None
        if asked is None:
            # §2.1.1: the page that says who is signed in, or the sign-in to it.
            return redirect(url_for("account.show")) if browser.signed_in() else start(Requirement(), url_for("account.show"))
        return _proceed(name, asked, None)

    def resume() -> Answer:
        waiting = _find(request.args.get("request", ""))
        failure = {"access_denied": NotSignedIn, "unmet": LevelNotMet}.get(request.args.get("login_error", ""))
        if failure is not None:
            _spend(waiting)
            raise failure(app=sign_in.service_of(server(), waiting.asked).name)
        return _proceed(name, waiting.asked, waiting)

    def decide() -> Answer:
        return _decide(name, _find(request.form.get("request", "")), agreed=request.form.get("decision") == "agree")

    protection.exempt(login)
    blueprint.add_url_rule(f"{prefix}/login", "login", login, methods=["GET", "POST"])
    blueprint.add_url_rule(f"{prefix}/resume", "resume", resume, methods=["GET"])
    blueprint.add_url_rule(f"{prefix}/consent", "consent", decide, methods=["POST"])
    return blueprint


def _proceed(name: str, asked: Asked, waiting: Waiting | None) -> Answer:
    """Asks for what the request needs, or answers it. Nothing redirects before the service is known (§2.2.1)."""
    cas = server()
    service = sign_in.service_of(cas, asked)
    signed_in = browser.signed_in()
    wanted = sign_in.requirement(service, asked, signed_in, waiting.since if waiting else None)
    missing = sign_in.need(cas, service, wanted, signed_in)
    if missing is Need.NOTHING:
        return _answer(service, asked, waiting)
    if asked.gateway:
        # §2.1.1: nobody is asked anything, and the app gets no ticket.
        return _send(service, asked, None)
    if missing is Need.EXPLANATION:
        raise NotForThisPerson
    if waiting is None:
        with cas.deployment.transaction(context.anonymous()) as tx:
            waiting = sign_in.keep(tx, asked, browser.secret(), signed_in_before=signed_in is not None)
    if missing is Need.SIGN_IN:
        return start(wanted, url_for(f"{name}.resume", request=waiting.id))
    return _consent_page(name, service, waiting)


def _answer(service: Service, asked: Asked, waiting: Waiting | None) -> Answer:
    cas, signed_in = server(), browser.signed_in()
    assert signed_in is not None  # noqa: S101 - nothing is needed, so somebody is signed in
    with cas.deployment.transaction(context.person(signed_in.person_number)) as tx:
        if waiting is not None:
            sign_in.spend(tx, waiting)
        new_login = sign_in.is_new_login(signed_in, waiting)
        ticket = sign_in.give_ticket(cas, tx, service, asked, signed_in, new_login=new_login)
    return _send(service, asked, ticket)


def _send(service: Service, asked: Asked, ticket: str | None) -> Answer:
    """Takes the ticket to the app, the way it asked for; without one, only the person."""
    given = {asked.ticket_name: ticket} if ticket is not None else {}
    if not asked.post:
        # §2.2.4, Appendix B: the app is reached by GET, whatever was sent to us.
        return redirect(with_parameters(asked.service, urlencode(given)), 303)
    allow_form_target(asked.origin)
    page = render_template("send_answer.html", app_name=service.name, target=to_ascii(asked.service), answer=given)
    return Response(page, mimetype="text/html")


def _consent_page(name: str, service: Service, waiting: Waiting) -> Answer:
    allow_form_target(waiting.asked.origin)
    target = url_for(f"{name}.consent")
    with server().deployment.reading() as session:
        page = consent_page(session, service, service.needed_scopes, target=target, request_id=waiting.id)
    shown = Response(page, mimetype="text/html")
    browser.keep_secret(shown)
    return shown


def _decide(name: str, waiting: Waiting, *, agreed: bool) -> Answer:
    cas, there = server(), browser.signed_in()
    if there is None:
        raise RequestLost
    service = sign_in.service_of(cas, waiting.asked)
    with cas.deployment.transaction(context.person(there.person_number)) as tx:
        if agreed:
            vault = cas.deployment.ring.vault
            consent.give(tx, vault, service, there.person_id, there.person_number, service.needed_scopes)
        else:
            sign_in.spend(tx, waiting)
            consent.refuse(tx, service, there.person_number)
    if not agreed:
        raise NotSignedIn(app=service.name)
    return _proceed(name, waiting.asked, waiting)


def _find(request_id: str) -> Waiting:
    with server().deployment.transaction(context.anonymous()) as tx:
        return sign_in.find(tx, request_id, browser.secret())


def _spend(waiting: Waiting) -> None:
    with server().deployment.transaction(context.anonymous()) as tx:
        sign_in.spend(tx, waiting)
