"""What the pages of second factors show, whichever kind it is: the choice, the question, the set-up."""

from typing import Any

from flask import request

from idp.audit import Transaction
from idp.login import flow as flows
from idp.login.flow import Flow
from idp.login.next_step import Reminder
from idp.mfa import challenges, credentials, engine, enrolment, remembered
from idp.mfa.credentials import Choice
from idp.mfa.errors import NoSuchFactor
from idp.mfa.factor import Factor, Occasion, Purpose, Site
from idp.mfa.factors import FACTORS, kind_of
from idp.mfa.qr import as_svg
from idp.registry import persons
from idp.registry.tables import Person
from idp.web.context import deployment
from idp.web.locale import current
from idp.web.locale import gettext as _


def site() -> Site:
    """The installation as kinds know it."""
    here = deployment()
    return Site(here.ring.vault, here.settings, current())


def number(text: str) -> int | None:
    """The number of a credential in a form or an address."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def asked(tx: Transaction, flow: Flow) -> dict[str, Any]:
    """For ``second_factor.html``: the ways there are, the chosen one, and what its partial shows."""
    ways = flows.choices(tx, site(), flow)
    chosen = choose(ways, request.values.get("kind", ""), number(request.values.get("credential", "")))
    factor = kind_of(chosen.kind)
    occasion = flows.occasion(flow)
    challenge = None
    if factor.challenged:
        challenge = challenges.current(tx, chosen.kind, occasion, chosen.credential_id, flow.person_id)
    if challenge is None and factor.challenged and factor.asks_at_once:
        challenge = engine.ask(tx, site(), chosen.kind, occasion, flow.person_id, chosen.credential_id)
    held = [
        row
        for row in credentials.held_by(tx.session, flow.person_id or 0)
        if row.kind == chosen.kind and chosen.credential_id in (None, row.id)
    ]
    return {
        "ways": ways,
        "chosen": chosen,
        "factor": factor,
        "challenge": challenge,
        "asked": factor.asked(tx.session, site(), challenge, held),
        "remember_days": _remember_days(tx, flow, factor),
    }


def alone(tx: Transaction, flow: Flow) -> list[dict[str, Any]]:
    """For ``password.html``: the kinds that may answer before any password, each with its open challenge."""
    occasion, shown = flows.occasion(flow), []
    for factor in FACTORS.values():
        if factor.may_stand_alone(site()):
            challenge = challenges.current(tx, factor.kind, occasion, None)
            if challenge is None:
                challenge = engine.ask(tx, site(), factor.kind, occasion, None, None)
            shown.append({"factor": factor, "challenge": challenge, "asked": factor.asked(tx.session, site(), challenge, [])})
    return shown


def choose(ways: list[Choice], kind: str, credential_id: int | None) -> Choice:
    """The way that was asked for, or else the first. Raises :class:`NoSuchFactor` where there is none at all."""
    if not ways:
        raise NoSuchFactor
    fitting = [way for way in ways if way.kind == kind]
    return next((way for way in fitting if way.credential_id == credential_id), (fitting or ways)[0])


def enrolment_in_flow(tx: Transaction, flow: Flow) -> dict[str, Any]:
    """For ``enrol.html``: the kinds that would do, the chosen one, and its set-up."""
    person = persons.by_id(tx.session, flow.person_id or 0)
    kinds = flows.kinds(tx, site(), flow)
    if not kinds:
        raise NoSuchFactor
    chosen = next((kind for kind in kinds if kind.kind == request.values.get("kind", "")), kinds[0])
    later = flow.reminder is Reminder.NOW
    replacing = flows.is_replacing(tx, site(), flow)
    return {
        "kinds": kinds,
        "later": later,
        "replacing": replacing,
        **set_up(tx, person, chosen, flows.occasion(flow, Purpose.ENROL)),
    }


def _remember_days(tx: Transaction, flow: Flow, factor: Factor) -> int:
    """For how many days this browser may be remembered after this step; 0 where that is not offered."""
    here = deployment()
    offered = not factor.last_resort and remembered.is_offered(tx.session, here.settings, flow.person_id or 0, tx.now)
    return here.settings.remembered_device_days if offered else 0


def set_up(tx: Transaction, person: Person, factor: Factor, occasion: Occasion) -> dict[str, Any]:
    """A set-up under way, begun if nothing has to be filled in before: ``factor``, ``enrolment``, a picture of its ``uri``, and
    what the kind shows ``before``."""
    under_way = enrolment.pending(tx, site(), person, factor.kind, occasion=occasion)
    if under_way is None and factor.begins_at_once:
        under_way = enrolment.begin(tx, site(), person, factor.kind, occasion=occasion, label=_(factor.title))
    uri = under_way.shown.get("uri") if under_way is not None else None
    before = factor.before(tx.session, site(), person)
    return {"factor": factor, "enrolment": under_way, "qr": as_svg(uri) if uri else "", "before": before}
