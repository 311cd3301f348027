"""Rendering the page of a step, and reading a field of its form."""

from typing import Any

from flask import render_template, request
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers.response import Response

from idp.audit import Transaction
from idp.errors import YimaError
from idp.login import browser
from idp.login import flow as flows
from idp.login.extension import ways_in
from idp.login.flow import Flow
from idp.login.next_step import Step
from idp.login.routes import factor_pages
from idp.login.sign_ins import Visit
from idp.registry import institutions, lookup
from idp.registry.errors import RegistryError
from idp.web.errors import message
from idp.web.headers import allow_form_target

Answer = str | Response | tuple[str, int]
FORBIDDEN, REFUSED, SLOW_DOWN, UNAVAILABLE = 403, 422, 429, 503
MAX_ACCOUNT, MAX_PASSWORD = 254, 1024
MAX_FIELDS, MAX_FIELD = 10, 16384


def field(name: str, longest: int) -> str:
    """One field of the form, without white space around it. Raises ``BadRequest`` when it comes twice or is too long."""
    values = request.form.getlist(name)
    if len(values) > 1 or (values and (len(values[0]) > longest or "\x00" in values[0])):
        raise BadRequest
    return values[0].strip() if values else ""


def fields(*but: str) -> dict[str, str]:
    """Every field of the form except those that the page itself needs; for the kind of factor that made the form.

    Raises ``BadRequest`` when one comes twice, is too long, or there are too many.
    """
    names = [name for name in request.form if name not in ("csrf_token", "flow", *but)]
    if len(names) > MAX_FIELDS:
        raise BadRequest
    return {name: field(name, MAX_FIELD) for name in names}


def visit(flow: Flow) -> Visit:
    """Who is at the door, for the record of sign-ins."""
    return Visit(request.user_agent.string, browser.device_mark(), flow.requirement.client_id)


def step_page(
    tx: Transaction, flow: Flow, step: Step, error: YimaError | None = None, status: int = 200, *, password_page: str = ""
) -> Answer:
    """The page that asks for ``step``, with what was wrong with the last answer.

    ``password_page`` is where the password has to be changed first, at the school.
    """
    if flow.requirement.app_origin:
        allow_form_target(flow.requirement.app_origin)
    shown: dict[str, Any] = {"flow": flow, "app_name": flow.requirement.app_name, "error": message(error) if error else None}
    if step is Step.SECOND_FACTOR:
        return render_template("login/second_factor.html", **shown, **factor_pages.asked(tx, flow)), status
    if step is Step.REMIND:
        return render_template("login/reminder.html", **shown, coming=flows.coming(tx, factor_pages.site(), flow)), status
    if step is Step.ENROL:
        return render_template("login/enrol.html", **shown, **factor_pages.enrolment_in_flow(tx, flow)), status
    if step is Step.NEW_PASSWORD:
        return render_template("login/new_password.html", **shown), status
    shown |= {"alone": factor_pages.alone(tx, flow), "account": _account(flow), "password_page": password_page}
    shown |= _school_choice(tx)
    code = shown["school"].code if shown["school"] is not None else ""
    return render_template("login/password.html", **shown, ways=[way(tx.session, flow, code) for way in ways_in()]), status


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
