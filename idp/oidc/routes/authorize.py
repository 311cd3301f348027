"""``/oauth/authorize``, and the two places a request comes back to: after the sign-in, and from the consent page."""

import logging

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers.response import Response

from idp.apps.register import by_id
from idp.crypto.devices.errors import DeviceError
from idp.login import browser
from idp.login.routes.sign_in import start_in
from idp.oidc import authorization_details, client_jwt
from idp.oidc.authorize import checks, front_door, hint, jarm, pending
from idp.oidc.authorize.decision import Need, need, requirement
from idp.oidc.authorize.issue import error_answer, make_answer
from idp.oidc.authorize.pending import Pending
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.authorize.response import address
from idp.oidc.errors import AccessDenied, OAuthError, RequestLost, TemporarilyUnavailable, UnmetAuthenticationRequirements
from idp.oidc.issuer import Issuer
from idp.oidc.logout.session_state import session_state
from idp.oidc.parameters import parse
from idp.oidc.provider import provider
from idp.release import consent
from idp.release.routes.page import consent_page
from idp.web import context
from idp.web.csrf import protection
from idp.web.headers import allow_form_target, origin_of
from idp.web.locale import ask_for

log = logging.getLogger("yima.oidc")

Answer = str | Response


def make_blueprint(issuer: Issuer) -> Blueprint:
    """The endpoint of one issuer."""
    blueprint = Blueprint(f"authorize_{issuer.name}", __name__, template_folder="../templates")

    def authorize() -> Answer:
        # OpenID Connect Core 1.0 §3.1.2.1: GET with a query, or POST with a form. A POST comes from the app's page, so it cannot
        # carry our token; nothing is changed by it that a GET would not change.
        text = request.query_string if request.method == "GET" else request.get_data(cache=False)
        given = parse(text)
        parameters = front_door.parameters_of(provider(), context.anonymous(), issuer, given)
        return _proceed(issuer, parameters, None)

    def resume() -> Answer:
        waiting = _find(issuer, request.args.get("request", ""))
        failure = {"access_denied": AccessDenied, "unmet": UnmetAuthenticationRequirements}.get(request.args.get("login_error", ""))
        if failure is not None:
            return _give_up(issuer, waiting, failure())
        return _proceed(issuer, waiting.parameters, waiting)

    def decide() -> Answer:
        return _decide(issuer, _find(issuer, request.form.get("request", "")), agreed=request.form.get("decision") == "agree")

    protection.exempt(authorize)
    blueprint.add_url_rule(issuer.path("authorize"), "authorize", authorize, methods=["GET", "POST"])
    blueprint.add_url_rule(issuer.path("resume"), "resume", resume, methods=["GET"])
    blueprint.add_url_rule(issuer.path("consent"), "consent", decide, methods=["POST"])
    return blueprint


def _proceed(issuer: Issuer, parameters: dict[str, str], waiting: Pending | None, *, agreed: bool = False) -> Answer:
    """Checks the request, then asks for what it needs, or answers it. ``agreed``: the person has just seen the consent page."""
    here = provider().deployment
    asked = AuthorizeRequest(provider(), issuer, parameters)
    for check in checks.BEFORE_THE_CLIENT_IS_PROVEN:
        check(asked)
    ask_for(parameters.get("ui_locales", ""))
    try:
        for check in checks.ONCE_IT_IS:
            check(asked)
        hint.follow(asked, here.ring, here.clock.now())
        with here.reading() as session:
            signed_in = browser.signed_in(session)
            wanted = requirement(asked, signed_in, waiting.since if waiting else None, here.ring.vault)
            missing = need(asked, wanted, signed_in, session, here.ring.vault, here.clock.now(), agreed=agreed)
    except OAuthError as error:
        return _refuse(asked, error)
    if missing is Need.NOTHING:
        return _answer(asked, waiting)
    with here.transaction(context.anonymous()) as tx:
        waiting = waiting or pending.keep(tx, issuer.name, parameters, browser.secret())
        if missing is Need.SIGN_IN:
            return start_in(tx, wanted, url_for(f"authorize_{issuer.name}.resume", request=waiting.id))
    if missing is Need.EXPLANATION:
        return _not_for_this_person_page(asked, waiting)
    return _consent_page(asked, waiting)


def _answer(asked: AuthorizeRequest, waiting: Pending | None) -> Response:
    here = provider().deployment
    signed_in = browser.signed_in()
    assert signed_in is not None  # noqa: S101 - nothing is needed, so somebody is signed in
    try:
        with here.transaction(context.person(signed_in.person_number)) as tx:
            if waiting is not None:
                pending.spend(tx, waiting)
            answer = make_answer(provider(), tx, asked, signed_in)
    except DeviceError as error:
        log.error("authorize: a device failed: %s", error)
        return _refuse(asked, TemporarilyUnavailable())
    answer["session_state"] = session_state(browser.state(signed_in.sid), asked.client.id, asked.redirect_uri)
    response = _send(asked, answer)
    browser.keep_state(response, signed_in.sid)
    return response


def _send(asked: AuthorizeRequest, answer: dict[str, str]) -> Response:
    """Takes an answer to the app, the way it asked for."""
    if "id_token" in answer:
        answer["id_token"] = client_jwt.encrypted(provider(), asked.client, answer["id_token"], "id_token")
    mode, _, as_jwt = asked.response_mode.partition(".")
    if as_jwt:
        answer = jarm.secured(provider(), asked, answer)
    if mode != "form_post":
        return redirect(address(asked.redirect_uri, mode, answer), 303)
    # Form Post §2: a page whose form sends itself; with a button, for browsers without scripts.
    allow_form_target(origin_of(asked.redirect_uri))
    page = render_template("send_answer.html", app_name=asked.client.name, target=asked.redirect_uri, answer=answer)
    return Response(page, mimetype="text/html")


def _consent_page(asked: AuthorizeRequest, waiting: Pending) -> Answer:
    allow_form_target(origin_of(asked.redirect_uri))
    with provider().deployment.reading() as session:
        page = consent_page(
            session,
            asked.client,
            asked.consent_scopes,
            target=url_for(f"authorize_{asked.issuer.name}.consent"),
            request_id=waiting.id,
            details=authorization_details.in_words(provider(), asked.authorization_details),
            policy_uri=asked.client.metadata.policy_uri,
            tos_uri=asked.client.metadata.tos_uri,
        )
    shown = Response(page, mimetype="text/html")
    browser.keep_secret(shown)
    return shown


def _not_for_this_person_page(asked: AuthorizeRequest, waiting: Pending) -> Answer:
    """Says so here, where the words are clear: apps often show no more than a code. From there back to the app."""
    allow_form_target(origin_of(asked.redirect_uri))
    with provider().deployment.reading() as session:
        contact = by_id(session, asked.client.id).contact
    page = render_template(
        "oidc/not_for_this_person.html",
        client=asked.client,
        contact=contact,
        request_id=waiting.id,
        target=url_for(f"authorize_{asked.issuer.name}.consent"),
    )
    shown = Response(page, mimetype="text/html")
    browser.keep_secret(shown)
    return shown


def _decide(issuer: Issuer, waiting: Pending, *, agreed: bool) -> Answer:
    signed_in = browser.signed_in()
    if signed_in is None:
        raise RequestLost
    asked = _checked(issuer, waiting)
    here = provider().deployment
    with here.transaction(context.person(signed_in.person_number)) as tx:
        if agreed:
            consent.give(tx, here.ring.vault, asked.client, signed_in.person_id, signed_in.person_number, asked.consent_scopes)
        else:
            consent.refuse(tx, asked.client, signed_in.person_number)
    if not agreed:
        return _give_up(issuer, waiting, AccessDenied())
    # prompt=consent has been obeyed; the rest of the request is looked at once more.
    parameters = {name: value for name, value in waiting.parameters.items() if name != "prompt"}
    if "login" in asked.prompt or "select_account" in asked.prompt:
        parameters["prompt"] = "login"
    return _proceed(issuer, parameters, waiting, agreed=True)


def _give_up(issuer: Issuer, waiting: Pending, error: OAuthError) -> Response:
    asked = _checked(issuer, waiting)
    with provider().deployment.transaction(context.anonymous()) as tx:
        pending.spend(tx, waiting)
    return _refuse(asked, error)


def _checked(issuer: Issuer, waiting: Pending) -> AuthorizeRequest:
    asked = AuthorizeRequest(provider(), issuer, waiting.parameters)
    for check in (*checks.BEFORE_THE_CLIENT_IS_PROVEN, *checks.ONCE_IT_IS):
        check(asked)
    return asked


def _refuse(asked: AuthorizeRequest, error: OAuthError) -> Response:
    log.info("authorize: %s: %s %s", asked.client.id, error.error, error.detail or "")
    return _send(asked, error_answer(asked, error))


def _find(issuer: Issuer, request_id: str) -> Pending:
    here = provider().deployment
    with here.reading() as session:
        return pending.find(session, issuer.name, request_id, browser.secret(), here.clock.now())
