"""``/me/factors``: a person's own second factors, of any kind: set up, named, taken away, and the codes on paper."""

from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.exceptions import NotFound

from idp.audit import Transaction
from idp.login.routes.factor_pages import number, set_up, site
from idp.login.routes.guards import recently_signed_in
from idp.login.routes.pages import REFUSED, SLOW_DOWN, Answer, field, fields
from idp.login.sessions import SignedIn
from idp.mfa import credentials, enrolment
from idp.mfa.errors import FactorError, TooManyWrongCodes
from idp.mfa.factor import Factor, Occasion, Purpose
from idp.mfa.factors import FACTORS, kind_of, recovery
from idp.registry import persons
from idp.registry.tables import Person
from idp.web import context
from idp.web.context import deployment
from idp.web.errors import message
from idp.web.locale import gettext as _

blueprint = Blueprint("factors", __name__, template_folder="../templates")


def factor_panel(tx: Transaction, person: Person) -> dict[str, Any]:
    """What the self-service page shows of them."""
    held = credentials.held_by(tx.session, person.id)
    paper = next((row for row in held if kind_of(row.kind).last_resort), None)
    return {
        "factors": [(row, kind_of(row.kind)) for row in held if not kind_of(row.kind).last_resort],
        "codes_left": recovery.left(tx.session, paper.id) if paper is not None else None,
        "kinds": enrolment.offered(tx.session, site(), person, tx.now),
    }


@blueprint.get("/me/factors/<kind>")
@recently_signed_in
def add_page(there: SignedIn, kind: str) -> Answer:
    """Offers a new factor of this kind."""
    return _page(there, _offered(there, kind))


@blueprint.post("/me/factors/<kind>/begin")
@recently_signed_in
def begin(there: SignedIn, kind: str) -> Answer:
    """Begins the set-up of a kind that has something filled in first, or begins it anew."""
    factor = _offered(there, kind)
    try:
        with deployment().transaction(context.person(there.person_number)) as tx:
            person = persons.by_id(tx.session, there.person_id)
            enrolment.begin(tx, site(), person, kind, occasion=_occasion(there), label=_(factor.title), details=fields())
    except FactorError as error:
        return _page(there, factor, error)
    return redirect(url_for("factors.add_page", kind=kind))


@blueprint.post("/me/factors/<kind>")
@recently_signed_in
def add(there: SignedIn, kind: str) -> Answer:
    """Adds it by a working answer; with the first one come recovery codes."""
    return take(there, kind, field("challenge", 22), fields("challenge"))


def take(there: SignedIn, kind: str, challenge_id: str, given: dict[str, str]) -> Answer:
    """Has the first answer of a new factor judged."""
    factor, refused = _offered(there, kind), None
    with deployment().transaction(context.person(there.person_number)) as tx:
        person = persons.by_id(tx.session, there.person_id)
        try:
            enrolment.confirm(tx, site(), person, kind, given, occasion=_occasion(there), challenge_id=challenge_id)
        except FactorError as error:  # caught here, so that the wrong try is counted
            refused = error
        first = not enrolment.has_recovery_codes(tx.session, there.person_id)
    if refused is not None:
        return _page(there, factor, refused)
    return redirect(url_for("factors.recovery_page" if first else "account.show"))


@blueprint.post("/me/factors/rename")
@recently_signed_in
def rename(there: SignedIn) -> Answer:
    """Gives a factor a name."""
    with deployment().transaction(context.person(there.person_number)) as tx:
        person = persons.by_id(tx.session, there.person_id)
        credentials.rename(tx, person, number(field("factor", 12)) or -1, field("label", 200))
    return redirect(url_for("account.show"))


@blueprint.post("/me/factors/remove")
@recently_signed_in
def remove(there: SignedIn) -> Answer:
    """Takes a factor away."""
    with deployment().transaction(context.person(there.person_number)) as tx:
        credentials.remove(tx, persons.by_id(tx.session, there.person_id), number(field("factor", 12)) or -1)
    return redirect(url_for("account.show"))


@blueprint.get("/me/recovery")
@recently_signed_in
def recovery_page(_there: SignedIn) -> Answer:
    """Explains recovery codes and offers new ones."""
    return render_template("login/recovery.html", codes=None)


@blueprint.post("/me/recovery")
@recently_signed_in
def renew_recovery(there: SignedIn) -> Answer:
    """Shows ten new codes, this once."""
    with deployment().transaction(context.person(there.person_number)) as tx:
        person = persons.by_id(tx.session, there.person_id)
        if not credentials.held_by(tx.session, person.id):
            return redirect(url_for("account.show"))
        codes = enrolment.renew_recovery_codes(tx, site(), person)
    return render_template("login/recovery.html", codes=codes, number=there.person_number)


def _occasion(there: SignedIn) -> Occasion:
    return Occasion(f"session:{there.sid}", Purpose.ENROL)


def _offered(there: SignedIn, kind: str) -> Factor:
    if kind not in FACTORS or not FACTORS[kind].addable:
        raise NotFound
    here = deployment()
    with here.reading() as session:
        enrolment.check_offered(session, site(), persons.by_id(session, there.person_id), kind, here.clock.now())
    return FACTORS[kind]


def _page(there: SignedIn, factor: Factor, error: FactorError | None = None) -> Answer:
    with deployment().transaction(context.person(there.person_number)) as tx:
        shown = set_up(tx, persons.by_id(tx.session, there.person_id), factor, _occasion(there))
    status = SLOW_DOWN if isinstance(error, TooManyWrongCodes) else REFUSED
    page = render_template("login/add_factor.html", **shown, error=message(error) if error else None)
    return page, status if error else 200
