"""The step of a sign-in that asks for another password, because the one there is may be known to others."""

from flask import Blueprint, redirect, request, url_for

from idp.errors import YimaError
from idp.i18n import N_
from idp.login import browser, flow, passwords
from idp.login.errors import PasswordTooWeak
from idp.login.next_step import Step
from idp.login.routes import factor_pages
from idp.login.routes.pages import MAX_PASSWORD, REFUSED, Answer, field, step_page
from idp.registry import persons
from idp.web import context
from idp.web.context import deployment

blueprint = Blueprint("new_password", __name__, template_folder="../templates")


@blueprint.post("/login/password/new")
def submit() -> Answer:
    """The new password, twice."""
    here = deployment()
    secret = request.form.get("password", "")[: MAX_PASSWORD + 1]
    with here.transaction(context.anonymous()) as tx:
        found = flow.find(tx, field("flow", 64), browser.secret())
        if flow.step(tx, factor_pages.site(), found) is not Step.NEW_PASSWORD or found.person_id is None:
            return redirect(url_for("login.show", flow=found.id))
        person = persons.by_id(tx.session, found.person_id)
        verifier = passwords.verifier_of(tx.session, person.id)
    hasher = here.ring.current().passwords
    error: YimaError | None = None
    try:
        # Outside of any transaction: this takes its time.
        if secret != request.form.get("again", ""):
            raise PasswordTooWeak(reason=N_("the two are not the same."))
        passwords.check_strength(secret, (person.number, person.name))
        passwords.check_another(hasher, verifier, secret)
    except PasswordTooWeak as refused:
        error = refused
    fresh = hasher.hash(secret) if error is None else ""
    with here.transaction(context.anonymous()) as tx:
        found = flow.find(tx, found.id, browser.secret())
        if error is not None:
            return step_page(tx, found, Step.NEW_PASSWORD, error, REFUSED)
        if flow.step(tx, factor_pages.site(), found) is Step.NEW_PASSWORD:  # of two answers at once the first counts
            passwords.set_password(tx, persons.by_id(tx.session, person.id), fresh)
    return redirect(url_for("login.show", flow=found.id))
