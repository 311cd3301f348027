"""Rendering the page of a step, and reading a field of its form."""

from flask import render_template, request
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers.response import Response

from idp.audit import Transaction
from idp.errors import YimaError
from idp.login.flow import Flow
from idp.login.next_step import Step
from idp.mfa import engine
from idp.mfa.qr import as_svg
from idp.registry import institutions, lookup, persons
from idp.registry.errors import RegistryError
from idp.web.context import deployment
from idp.web.errors import message
from idp.web.headers import allow_form_target
from idp.web.locale import gettext as _

Answer = str | Response | tuple[str, int]
REFUSED, SLOW_DOWN = 422, 429
MAX_ACCOUNT, MAX_PASSWORD = 254, 1024


def field(name: str, longest: int) -> str:
    """One field of the form, without white space around it. Raises ``BadRequest`` when it comes twice or is too long."""
    values = request.form.getlist(name)
    if len(values) > 1 or (values and (len(values[0]) > longest or "\x00" in values[0])):
        raise BadRequest
    return values[0].strip() if values else ""


def step_page(tx: Transaction, flow: Flow, step: Step, error: YimaError | None = None, status: int = 200) -> Answer:
    """The page that asks for ``step``, with what was wrong with the last answer."""
    if flow.requirement.app_origin:
        allow_form_target(flow.requirement.app_origin)
    shown = {"flow": flow, "app_name": flow.requirement.app_name, "error": message(error) if error else None}
    if step is Step.SECOND_FACTOR:
        return render_template("login/code.html", **shown, **_code_choice(tx, flow)), status
    if step is Step.ENROL:
        return render_template("login/enrol.html", **shown, **_enrolment(tx, flow)), status
    return render_template("login/password.html", **shown, **_school_choice(tx), account=_account(flow)), status


def _account(flow: Flow) -> str:
    return request.form.get("account", flow.requirement.login_hint or "")[:MAX_ACCOUNT]


def _school_choice(tx: Transaction) -> dict[str, object]:
    """The school whose student or staff number is meant: searched by name, then chosen from a list, all by plain links."""
    chosen, query = request.values.get("school", "")[:10], request.args.get("query", "")[:100]
    try:
        school = institutions.by_code(tx.session, chosen) if chosen else None
    except RegistryError:
        school = None
    found = lookup.schools(tx.session, query) if query else []
    return {"by_school": "query" in request.args or school is not None, "school": school, "query": query, "schools": found}


def _code_choice(tx: Transaction, flow: Flow) -> dict[str, object]:
    kinds = [row.kind for row in engine.factors_of(tx.session, flow.person_id or 0)]
    asked = request.values.get("kind", "")
    first = next((kind for kind in kinds if kind != "recovery"), "recovery")
    return {"kinds": kinds, "kind": asked if asked in kinds else first}


def _enrolment(tx: Transaction, flow: Flow) -> dict[str, object]:
    here = deployment()
    person = persons.by_id(tx.session, flow.person_id or 0)
    issuer = here.settings.organisation
    enrolment = engine.pending_totp(tx.session, here.ring.vault, person, issuer=issuer) or engine.begin_totp(
        tx, here.ring.vault, person, issuer=issuer, label=_("Authenticator app")
    )
    return {"enrolment": enrolment, "qr": as_svg(enrolment.uri)}
