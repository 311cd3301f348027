"""Where a browser comes back from the name that asks for certificates, with the ticket it got there: a sign-in, or ``/me``."""

from flask import Blueprint, request

from idp.login import browser, flow
from idp.login.next_step import Step
from idp.login.routes import factors, second_step
from idp.login.routes.factor_pages import site
from idp.login.routes.guards import recently_signed_in
from idp.login.routes.pages import Answer
from idp.login.sessions import SignedIn
from idp.mfa.factors.certificate import FIELD, KIND
from idp.web import context
from idp.web.context import deployment

blueprint = Blueprint("certificates", __name__)
MAX_TICKET = 64


@blueprint.get("/login/certificate/back")
def back() -> Answer:
    """The answer of a sign-in that this browser began; in any other browser there is no such sign-in."""
    flow_id = request.args.get("flow", "")[:64]
    with deployment().transaction(context.anonymous()) as tx:
        enrolling = flow.step(tx, site(), flow.find(tx, flow_id, browser.secret())) is Step.ENROL
    taking = second_step.take_first if enrolling else second_step.take
    return taking(flow_id, KIND, *_given())


@blueprint.get("/me/factors/certificate/back")
@recently_signed_in
def add(there: SignedIn) -> Answer:
    """The first answer of a certificate that somebody adds."""
    return factors.take(there, KIND, *_given())


def _given() -> tuple[str, dict[str, str]]:
    return request.args.get("challenge", "")[:22], {FIELD: request.args.get("ticket", "")[:MAX_TICKET]}
