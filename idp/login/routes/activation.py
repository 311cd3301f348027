"""``/activate``: where a person with an activation code chooses a password."""

from flask import Blueprint, redirect, render_template, request, url_for

from idp.errors import YimaError
from idp.login import activation, browser, flow, keepers, passwords, sessions, throttle
from idp.login.errors import ActivationRefused, PasswordElsewhere, TooManyTries
from idp.login.extension import endings
from idp.login.routes.factor_pages import site
from idp.login.routes.pages import MAX_ACCOUNT, MAX_PASSWORD, REFUSED, SLOW_DOWN, Answer, field
from idp.registry import lookup
from idp.web import context
from idp.web.context import deployment
from idp.web.errors import message
from idp.web.locale import gettext as _

blueprint = Blueprint("activation", __name__, template_folder="../templates")


@blueprint.get("/activate")
def show() -> Answer:
    """The form."""
    return _page(request.args.get("flow", "")[:64])


@blueprint.post("/activate")
def submit() -> Answer:
    """Account, activation code and the new password, twice."""
    account, flow_id = field("account", MAX_ACCOUNT), field("flow", 64)
    secret = request.form.get("password", "")[: MAX_PASSWORD + 1]
    if secret != request.form.get("again", ""):
        return _page(flow_id, _("The two passwords are not the same."), REFUSED)
    try:
        passwords.check_strength(secret, (account,))
        _activate(account, flow_id, secret)
    except TooManyTries as error:
        return _page(flow_id, message(error), SLOW_DOWN)
    except YimaError as error:
        return _page(flow_id, message(error), REFUSED)
    return redirect(url_for("login.show", flow=flow_id or None))


def _activate(account: str, flow_id: str, secret: str) -> None:
    here = deployment()
    counters = throttle.buckets("activation", account, context.client_network(), None)
    verifier = here.ring.current().passwords.hash(secret)  # slow on purpose, and so outside of the transaction
    refused: ActivationRefused | None = None
    with here.transaction(context.anonymous()) as tx:
        throttle.check(tx.session, counters, tx.now)
        person = lookup.person_for_account(tx.session, here.ring.vault, account, None, tx.now.date())
        try:
            activation.spend(tx, here.ring.vault, person.id if person else None, field("activation_code", 64))
        except ActivationRefused as error:
            throttle.count_failure(tx, counters)
            refused = error
        if person is not None and refused is None:
            kept = keepers.kept_elsewhere(tx.session, person.id, tx.now.date())
            if kept is not None:  # undone with this transaction: the code stays good for the day that it is needed
                raise PasswordElsewhere(school=kept.school)
            passwords.set_password(tx, person, verifier)
            sessions.end_all(tx, person.id, endings())
            if flow_id:
                flow.prove_password(tx, site(), flow.find(tx, flow_id, browser.secret()), person.id)
    if refused is not None:
        raise refused


def _page(flow_id: str, error: str | None = None, status: int = 200) -> Answer:
    account = request.form.get("account", "")[:MAX_ACCOUNT]
    return render_template("login/activate.html", flow_id=flow_id, error=error, account=account), status
