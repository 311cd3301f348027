"""``/me/email``: the address that a person enters and confirms."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.exceptions import NotFound

from idp.login import own_address
from idp.login.errors import AddressCodeRefused, AddressNotOffered, LettersMustWait, LoginError
from idp.login.routes.factor_pages import site
from idp.login.routes.guards import recently_signed_in
from idp.login.routes.pages import REFUSED, SLOW_DOWN, Answer, field
from idp.login.sessions import SignedIn
from idp.registry import contacts, profile
from idp.registry.masking import mask
from idp.registry.profile import Profile
from idp.settings import Settings
from idp.web import context
from idp.web.context import deployment
from idp.web.errors import message

LONGEST_CODE = 16

blueprint = Blueprint("own_address", __name__, template_folder="../templates")


def email_panel(settings: Settings, seen: Profile) -> dict[str, object]:
    """What the self-service page shows of it: ``email``, masked, whether it ``may`` be changed, and whether there is anything."""
    try:
        own_address.check_offered(settings, seen)
        may = True
    except AddressNotOffered:
        may = False
    return {"email": mask("email", seen.email), "may_enter_email": may}


@blueprint.get("/me/email")
@recently_signed_in
def page(there: SignedIn) -> Answer:
    """What the address is for, and the forms."""
    return _page(there)


@blueprint.post("/me/email/code")
@recently_signed_in
def send(there: SignedIn) -> Answer:
    """Has a code sent to the address that was typed."""
    _check(there)
    typed = field("email", contacts.MAX_EMAIL)
    try:
        with deployment().transaction(context.person(there.person_number)) as tx:
            own_address.send(tx, site(), there, typed)
    except LoginError as error:
        return _page(there, error, typed)
    return redirect(url_for("own_address.page"))


@blueprint.post("/me/email")
@recently_signed_in
def confirm(there: SignedIn) -> Answer:
    """Takes the code."""
    _check(there)
    code, refused = field("code", LONGEST_CODE), None
    with deployment().transaction(context.person(there.person_number)) as tx:
        try:
            own_address.confirm(tx, site(), there, code)
        except LoginError as error:  # caught here, so that the wrong try is counted
            refused = error
    if refused is not None:
        return _page(there, refused)
    return redirect(url_for("account.show"))


def _check(there: SignedIn) -> Profile:
    here = deployment()
    with here.reading() as session:
        seen = profile.read(session, here.ring.vault, there.person_id, here.clock.now().date())
    try:
        own_address.check_offered(here.settings, seen)
    except AddressNotOffered:
        raise NotFound from None
    return seen


def _page(there: SignedIn, error: LoginError | None = None, typed: str = "") -> Answer:
    seen = _check(there)
    with deployment().transaction(context.person(there.person_number)) as tx:
        sent_to = own_address.waiting(tx, site(), there)
    shown = {"email": mask("email", seen.email), "sent_to": sent_to, "typed": typed}
    of_code = isinstance(error, AddressCodeRefused) and bool(sent_to)
    text = message(error) if error else None
    page = render_template("login/own_address.html", **shown, error=text, of_code=of_code)
    if error is None:
        return page
    return page, SLOW_DOWN if isinstance(error, LettersMustWait) else REFUSED
