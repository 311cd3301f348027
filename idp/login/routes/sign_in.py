"""``/login``: every form ends in a redirect to it, and it asks ``next_step`` what to show."""

import logging

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers.response import Response

from idp.audit import Action, Transaction
from idp.directory.errors import AccountState, Unavailable
from idp.errors import YimaError
from idp.login import browser, flow, keepers, passwords, remembering, sessions, sign_ins, throttle
from idp.login.errors import SignInRefused, TooManyTries
from idp.login.extension import directories, endings
from idp.login.flow import Flow
from idp.login.next_step import Step
from idp.login.requirement import Requirement
from idp.login.routes import factor_pages
from idp.login.routes.pages import (
    FORBIDDEN,
    MAX_ACCOUNT,
    MAX_PASSWORD,
    REFUSED,
    SLOW_DOWN,
    UNAVAILABLE,
    Answer,
    field,
    step_page,
    visit,
)
from idp.login.sign_ins import Outcome
from idp.login.throttle import Bucket
from idp.mfa.errors import DeviceStolen, NotRemembered
from idp.mfa.remembered import METHOD
from idp.notices import book
from idp.registry import lookup, persons
from idp.web import context
from idp.web.context import deployment
from idp.web.locale import current

log = logging.getLogger("yima.login")

blueprint = Blueprint("login", __name__, template_folder="../templates")


def start(requirement: Requirement, return_to: str) -> Response:
    """Begins a sign-in for ``requirement`` that ends at ``return_to``, and sends the browser there. For every protocol."""
    with deployment().transaction(context.anonymous()) as tx:
        return start_in(tx, requirement, return_to)


def start_in(tx: Transaction, requirement: Requirement, return_to: str) -> Response:
    """As :func:`start`, in a transaction that keeps something else too."""
    flow_id = flow.begin(tx, requirement, return_to, browser.secret(), browser.signed_in())
    response = redirect(url_for("login.show", flow=flow_id))
    browser.keep_secret(response)
    return response


@blueprint.get("/login")
def show() -> Answer:
    """The page of the next step; without a flow, the sign-in to the self-service page."""
    flow_id = request.args.get("flow", "")
    if not flow_id:
        return redirect(url_for("account.show")) if browser.signed_in() else start(Requirement(), url_for("account.show"))
    here = deployment()
    with here.transaction(context.anonymous()) as tx:
        found = flow.find(tx, flow_id, browser.secret())
        step = flow.step(tx, factor_pages.site(), found)
        if step is Step.DONE:
            return _finish(tx, found)
        if step is Step.UNMET:
            flow.finish(tx, found)
            if found.requirement.client_id is None:  # nobody to tell but the person
                return render_template("login/unmet.html"), FORBIDDEN
            joint = "&" if "?" in found.return_to else "?"
            return redirect(f"{found.return_to}{joint}login_error=unmet")
        return step_page(tx, found, step)


@blueprint.post("/login/password")
def password() -> Answer:
    """Account and password."""
    here = deployment()
    account, school = field("account", MAX_ACCOUNT), field("school", 10)
    label = f"{school}/{account}" if school else account
    mark = browser.known_for(label)
    counters, known = throttle.buckets("password", label, context.client_network(), mark), mark is not None
    now = here.clock.now()
    try:
        with here.reading() as session:
            found = flow.look(session, field("flow", 64), browser.secret(), now)
            failed = throttle.check(session, counters, now)
            person = lookup.person_for_account(session, here.ring.vault, account, school or None, now.date())
            person_id, person_number = (person.id, person.number) if person is not None else (None, "")
            keeper = keepers.keeper_of(session, here.ring, person_id, school or None, directories(), now)
    except TooManyTries as error:
        with here.transaction(context.anonymous()) as tx:
            return step_page(tx, found, Step.PASSWORD, error, SLOW_DOWN)
    secret = request.form.get("password", "")[: MAX_PASSWORD + 1]
    try:
        # Outside of any transaction: this takes its time, and others must be able to write meanwhile.
        fresh = keeper.check(secret)
        if person_id is None:
            raise SignInRefused
    except (SignInRefused, AccountState) as error:
        return _refused(found, person_id, counters, error, keeper.page)
    except Unavailable as error:
        log.warning("a directory is not available: %s", error.detail)
        with here.transaction(context.anonymous()) as tx:
            return step_page(tx, found, Step.PASSWORD, error, UNAVAILABLE)
    with here.transaction(context.anonymous()) as tx:
        if failed:
            throttle.clear(tx, counters)
        found = flow.prove_password(tx, factor_pages.site(), found, person_id, device_known=known)
        if fresh is not None:
            passwords.renew_verifier(tx, person_id, fresh)
        cookie = _spare_second_step(tx, found, person_id, person_number)
    response = redirect(url_for("login.show", flow=found.id))
    if cookie is not None:
        browser.keep_remembered(response, person_number, cookie)
    browser.keep_known(response, label)
    return response


def _refused(found: Flow, person_id: int | None, counters: list[Bucket], error: YimaError, page: str) -> Answer:
    """Says that it was not right. What only a right password is told is no wrong guess, and is not counted as one."""
    here = deployment()
    right = isinstance(error, AccountState) and not error.guessable
    with here.transaction(context.anonymous()) as tx:
        if not right:
            throttle.count_failure(tx, counters)
        if person_id is not None:
            number = persons.by_id(tx.session, person_id).number
            detail = {"state": error.code} if isinstance(error, AccountState) else None
            tx.record(Action.SIGN_IN_REFUSED, subject=f"person:{number}", outcome="failure", detail=detail)
            if not right:
                sign_ins.record(tx, here.settings, person_id, Outcome.WRONG_PASSWORD, visit(found))
        password_page = page if isinstance(error, AccountState) else ""
        return step_page(tx, found, Step.PASSWORD, error, REFUSED, password_page=password_page)


@blueprint.post("/login/cancel")
def cancel() -> Answer:
    """Gives up: the app is told that the person did not want to."""
    here = deployment()
    with here.transaction(context.anonymous()) as tx:
        found = flow.find(tx, field("flow", 64), browser.secret())
        flow.finish(tx, found)
    joint = "&" if "?" in found.return_to else "?"
    return redirect(f"{found.return_to}{joint}login_error=access_denied")


def _spare_second_step(tx: Transaction, found: Flow, person_id: int, number: str) -> str | None:
    """Lets a remembered device stand for the second step, where it may; returns what the browser is to keep of the device from now
    on: ``None`` for what it has, nothing for a device that was stolen.
    """
    here, cookie = deployment(), browser.remembered(number)
    try:
        kept = remembering.spare_second_step(tx, here.ring.vault, here.settings, found, person_id, cookie, endings())
    except DeviceStolen:
        return ""
    except NotRemembered:  # what the browser keeps may do for another app
        return None
    return kept.cookie


def _finish(tx: Transaction, found: Flow) -> Response:
    """The flow becomes a session: the one that is there, lifted, or a new one."""
    flow.finish(tx, found)
    assert found.person_id is not None  # noqa: S101 - no flow is done without a person
    there, settings = browser.signed_in(), deployment().settings
    methods, level = set(found.methods), found.level
    response = redirect(found.return_to)
    if there is not None and there.person_id == found.person_id:
        unchanged = there.level >= level and methods <= set(there.methods) and not found.requirement.force
        if unchanged and found.requirement.max_age is None:
            return response
        if METHOD in methods or METHOD not in there.methods:  # else what was remembered has been proven now
            methods, level = {*methods, *there.methods}, max(level, there.level)
        token, outcome = sessions.raise_level(tx, browser.session_token(), level=level, methods=[*methods]), Outcome.RAISED
    else:
        if there is not None:
            sessions.end(tx, there.person_id, there.sid, endings())
        person = persons.by_id(tx.session, found.person_id)
        token = sessions.start(tx, person, level=level, methods=[*methods], user_agent=request.user_agent.string)
        outcome = Outcome.SIGNED_IN
    sign_ins.record(tx, settings, found.person_id, outcome, visit(found), level=level, methods=[*methods])
    book.speaks(tx, found.person_id, current())
    browser.keep_session(response, token)
    browser.keep_device_mark(response)
    return response
