"""The second step of a sign-in, whatever the kind: asked for, answered, or set up first. Ends in a redirect to ``/login``."""

from contextlib import suppress

from flask import Blueprint, jsonify, redirect, request, url_for
from werkzeug.wrappers.response import Response

from idp.audit import Transaction
from idp.login import browser, flow, remembering, sign_ins
from idp.login.device import describe
from idp.login.flow import Flow
from idp.login.next_step import Reminder, Step
from idp.login.routes.factor_pages import choose, number, site
from idp.login.routes.pages import REFUSED, SLOW_DOWN, Answer, field, fields, step_page, visit
from idp.login.sign_ins import Outcome
from idp.mfa import challenges, engine, enrolment
from idp.mfa.challenges import ChallengeState
from idp.mfa.engine import Proof
from idp.mfa.errors import FactorError, NotRemembered, StillWaiting, TooManyWrongCodes
from idp.mfa.factor import Purpose
from idp.mfa.factors import FACTORS, kind_of
from idp.registry import persons
from idp.web import context
from idp.web.context import deployment
from idp.web.locale import gettext as _

blueprint = Blueprint("second_step", __name__, template_folder="../templates")

PAGE_FIELDS = ("kind", "credential", "challenge", "remember")


@blueprint.post("/login/challenge")
def ask() -> Answer:
    """Has the question put: a message sent, a phone woken."""
    kind, credential = field("kind", 16), number(field("credential", 12))
    with deployment().transaction(context.anonymous()) as tx:
        found = flow.find(tx, field("flow", 64), browser.secret())
        if flow.step(tx, site(), found) is not Step.SECOND_FACTOR or found.person_id is None:
            return redirect(url_for("login.show", flow=found.id))
        chosen = choose(flow.choices(tx, site(), found), kind, credential)
        try:
            with tx.savepoint():
                occasion, given = flow.occasion(found), fields(*PAGE_FIELDS)
                engine.ask(tx, site(), chosen.kind, occasion, found.person_id, chosen.credential_id, given)
        except FactorError as error:
            return step_page(tx, found, Step.SECOND_FACTOR, error, REFUSED)
    return redirect(url_for("login.show", flow=found.id, kind=chosen.kind, credential=chosen.credential_id))


@blueprint.post("/login/factor")
def answer() -> Answer:
    """The answer."""
    given = fields(*PAGE_FIELDS)
    return take(field("flow", 64), field("kind", 16), field("challenge", 22), given, remember=bool(field("remember", 3)))


def take(flow_id: str, kind: str, challenge_id: str, given: dict[str, str], *, remember: bool = False) -> Answer:
    """Has the answer judged; the next page, or the same one with what was wrong."""
    with deployment().transaction(context.anonymous()) as tx:
        found = flow.find(tx, flow_id, browser.secret())
        step = flow.step(tx, site(), found)
        if not _may_answer(tx, found, step, kind):
            return redirect(url_for("login.show", flow=found.id))
        occasion = flow.occasion(found)
        person_id = found.person_id if step is Step.SECOND_FACTOR else None
        try:
            proof = engine.answer(tx, site(), kind, person_id, given, occasion=occasion, challenge_id=challenge_id)
        except FactorError as error:
            if person_id is not None and not isinstance(error, StillWaiting):
                sign_ins.record(tx, deployment().settings, person_id, Outcome.WRONG_FACTOR, visit(found))
            status = SLOW_DOWN if isinstance(error, TooManyWrongCodes) else REFUSED
            return step_page(tx, found, step, error, status)
        flow.prove_factor(tx, site(), found, proof)
        response = redirect(url_for("login.show", flow=found.id))
        if step is Step.SECOND_FACTOR and remember:
            _remember(tx, proof, response)
    return response


@blueprint.post("/login/enrol/begin")
def begin() -> Answer:
    """Begins the set-up of a kind that has something filled in first, or begins it anew."""
    kind = field("kind", 16)
    with deployment().transaction(context.anonymous()) as tx:
        found = flow.find(tx, field("flow", 64), browser.secret())
        if flow.step(tx, site(), found) is not Step.ENROL or found.person_id is None:
            return redirect(url_for("login.show", flow=found.id))
        person = persons.by_id(tx.session, found.person_id)
        occasion = flow.occasion(found, Purpose.ENROL)
        try:
            with tx.savepoint():
                enrolment.begin(tx, site(), person, kind, occasion=occasion, label=_label(kind), details=fields(*PAGE_FIELDS))
        except FactorError as error:
            return step_page(tx, found, Step.ENROL, error, REFUSED)
    return redirect(url_for("login.show", flow=found.id, kind=kind))


@blueprint.post("/login/enrol")
def enrol() -> Answer:
    """A working answer of the factor that the page has just offered."""
    return take_first(field("flow", 64), field("kind", 16), field("challenge", 22), fields(*PAGE_FIELDS))


def take_first(flow_id: str, kind: str, challenge_id: str, given: dict[str, str]) -> Answer:
    """Has the first answer of a new factor judged, as :func:`take` does."""
    with deployment().transaction(context.anonymous()) as tx:
        found = flow.find(tx, flow_id, browser.secret())
        if flow.step(tx, site(), found) is not Step.ENROL or found.person_id is None:
            return redirect(url_for("login.show", flow=found.id))
        person = persons.by_id(tx.session, found.person_id)
        occasion = flow.occasion(found, Purpose.ENROL)
        try:
            proof = enrolment.confirm(tx, site(), person, kind, given, occasion=occasion, challenge_id=challenge_id)
        except FactorError as error:
            return step_page(tx, found, Step.ENROL, error, REFUSED)
        flow.prove_factor(tx, site(), found, proof)
    return redirect(url_for("login.show", flow=found.id))


@blueprint.post("/login/reminder")
def reminder() -> Answer:
    """Now, or later: what the person says to what will be demanded from a day on."""
    with deployment().transaction(context.anonymous()) as tx:
        found = flow.find(tx, field("flow", 64), browser.secret())
        if flow.step(tx, site(), found) is Step.REMIND or found.reminder is Reminder.NOW:
            flow.remind(tx, found, Reminder.NOW if field("when", 8) == "now" else Reminder.LATER)
    return redirect(url_for("login.show", flow=found.id))


@blueprint.get("/login/factor/state")
def state() -> Answer:
    """Whether the phone has answered, as JSON for the script of a page that waits: ``{"state": "pending"}``."""
    kind, challenge_id = request.args.get("kind", ""), request.args.get("challenge", "")
    with deployment().transaction(context.anonymous()) as tx:
        found = flow.find(tx, request.args.get("flow", ""), browser.secret())
        challenge = challenges.find(tx.session, challenge_id, kind, flow.occasion(found).binding_hash)
        over = challenge.expires_at <= tx.now
        answer = jsonify(state=ChallengeState.EXPIRED if over else challenge.state)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _remember(tx: Transaction, proof: Proof, response: Response) -> None:
    here, number = deployment(), persons.by_id(tx.session, proof.person_id).number
    device, cookie = describe(request.user_agent.string), browser.remembered(number)
    with suppress(NotRemembered):  # the page offered it a moment ago; the sign-in goes on without
        kept = remembering.remember_here(tx, here.ring.vault, here.settings, proof, device, cookie)
        browser.keep_remembered(response, number, kept.cookie)


def _may_answer(tx: Transaction, found: Flow, step: Step, kind: str) -> bool:
    """Whether a factor of this kind is asked for: beside what was proven, or before anything was."""
    if step is Step.PASSWORD:
        return kind in FACTORS and FACTORS[kind].may_stand_alone(site())
    return step is Step.SECOND_FACTOR and any(way.kind == kind for way in flow.choices(tx, site(), found))


def _label(kind: str) -> str:
    return _(kind_of(kind).title)
