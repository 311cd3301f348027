"""``/me``: self-service. Whatever changes how one signs in asks for a sign-in of the last few minutes."""

from contextlib import suppress

from flask import Blueprint, redirect, render_template, request, url_for

from idp.errors import YimaError
from idp.login import browser, keepers, passwords, sessions, sign_ins
from idp.login.extension import endings, panels
from idp.login.routes.factor_pages import number
from idp.login.routes.factors import factor_panel
from idp.login.routes.guards import recently_signed_in, signed_in
from idp.login.routes.own_address import email_panel
from idp.login.routes.pages import MAX_PASSWORD, REFUSED, Answer, field
from idp.login.routes.safety import noticed, shown
from idp.login.routes.sign_out import end_elsewhere
from idp.login.sessions import SignedIn
from idp.mfa import remembered, resets
from idp.mfa.errors import NoSuchDevice
from idp.notices import book
from idp.registry import guardianships, persons, profile
from idp.web import context
from idp.web.context import deployment
from idp.web.errors import message
from idp.web.locale import gettext as _

SHOWN = 5

blueprint = Blueprint("account", __name__, template_folder="../templates")


@blueprint.get("/me")
@signed_in
def show(there: SignedIn) -> Answer:
    """Who I am here, what I should know, how I sign in, and where I am signed in."""
    here = deployment()
    now = here.clock.now()
    with here.transaction(context.person(there.person_number)) as tx:
        sessions.touch(tx, browser.session_token())
        person = persons.by_id(tx.session, there.person_id)
        active = sessions.active(tx.session, there.person_id, browser.limits(here.settings), now)
        seen = profile.read(tx.session, here.ring.vault, there.person_id, now.date())
        return render_template(
            "login/account.html",
            profile=seen,
            **email_panel(here.settings, seen),
            wards=guardianships.wards(tx.session, there.person_id, now.date()),
            notices=noticed(book.unread(tx.session, there.person_id, now)[:SHOWN]),
            reset=resets.under_way(tx, there.person_id),
            sessions=[(row, sign_ins.whereabouts(tx.session, row.address)) for row in active],
            devices=remembered.active(tx.session, there.person_id, now),
            there=there,
            **factor_panel(tx, person),
            sign_ins=shown(tx.session, sign_ins.recent(tx.session, there.person_id, SHOWN)),
            panels=[panel(there) for panel in panels()],
        )


@blueprint.post("/me/sessions/end")
@signed_in
def end_session(there: SignedIn) -> Answer:
    """Signs out there, or everywhere else."""
    here, sid = deployment(), field("sid", 43)
    with here.reading() as session:
        active = sessions.active(session, there.person_id, browser.limits(here.settings), here.clock.now())
    sids = [row.sid for row in active if (row.sid == sid if sid else row.sid != there.sid)]
    return end_elsewhere(there.person_id, there.person_number, sids, url_for("account.show"))


@blueprint.post("/me/devices/forget")
@signed_in
def forget_device(there: SignedIn) -> Answer:
    """Has the second step asked for at one remembered device again, or at all of them."""
    chosen = field("device", 12)
    with deployment().transaction(context.person(there.person_number)) as tx:
        if chosen:
            with suppress(NoSuchDevice):  # it has ended by itself meanwhile
                remembered.forget(tx, there.person_id, number(chosen) or -1)
        else:
            remembered.forget_all(tx, there.person_id, "by_the_person")
    return redirect(url_for("account.show"))


@blueprint.get("/me/password")
@recently_signed_in
def password_page(there: SignedIn) -> Answer:
    """The form, or who keeps the password instead of us."""
    here = deployment()
    with here.reading() as session:
        kept = keepers.kept_elsewhere(session, there.person_id, here.clock.now().date())
    if kept is not None:
        return render_template("login/password_elsewhere.html", kept=kept)
    return render_template("login/change_password.html", error=None)


@blueprint.post("/me/password")
@recently_signed_in
def change_password(there: SignedIn) -> Answer:
    """Sets another password and ends every other session."""
    here = deployment()
    with here.reading() as session:
        verifier = passwords.verifier_of(session, there.person_id)
        name = persons.by_id(session, there.person_id).name
        kept = keepers.kept_elsewhere(session, there.person_id, here.clock.now().date())
    if kept is not None:
        return render_template("login/password_elsewhere.html", kept=kept), REFUSED
    hasher = here.ring.current().passwords
    secret = request.form.get("password", "")[: MAX_PASSWORD + 1]
    try:
        passwords.verify(hasher, verifier, request.form.get("old", "")[: MAX_PASSWORD + 1])
        if secret != request.form.get("again", ""):
            return render_template("login/change_password.html", error=_("The two passwords are not the same.")), REFUSED
        passwords.check_strength(secret, (there.person_number, name))
    except YimaError as error:
        return render_template("login/change_password.html", error=message(error)), REFUSED
    fresh = hasher.hash(secret)
    with here.transaction(context.person(there.person_number)) as tx:
        passwords.set_password(tx, persons.by_id(tx.session, there.person_id), fresh)
        sessions.end_all(tx, there.person_id, endings(), but=there.sid)
    return redirect(url_for("account.show"))
