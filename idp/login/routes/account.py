"""``/me``: self-service. Whatever changes how one signs in asks for a sign-in of the last few minutes."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import wraps
from typing import Concatenate, ParamSpec

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import select

from idp.audit import Action
from idp.audit.tables import AuditEvent
from idp.errors import YimaError
from idp.login import browser, passwords, sessions
from idp.login.errors import NoSuchSession
from idp.login.extension import endings, panels
from idp.login.requirement import Requirement
from idp.login.routes.pages import MAX_PASSWORD, REFUSED, Answer, field
from idp.login.routes.sign_in import start
from idp.login.sessions import SignedIn
from idp.mfa import engine
from idp.mfa.errors import FactorError
from idp.mfa.factors import recovery
from idp.mfa.qr import as_svg
from idp.registry import guardianships, persons, profile
from idp.web import context
from idp.web.context import deployment
from idp.web.errors import message
from idp.web.locale import gettext as _

blueprint = Blueprint("account", __name__, template_folder="../templates")

FRESH_SECONDS = 600
P = ParamSpec("P")


def signed_in(view: Callable[Concatenate[SignedIn, P], Answer]) -> Callable[P, Answer]:
    """The page is for whoever is signed in; others sign in first."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Answer:
        there = browser.signed_in()
        if there is None:
            return start(Requirement(), url_for("account.show"))
        return view(there, *args, **kwargs)

    return guarded


def recently_signed_in(view: Callable[Concatenate[SignedIn, P], Answer]) -> Callable[P, Answer]:
    """The page is for whoever has proven who they are within ten minutes, with every factor they have."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Answer:
        there = browser.signed_in()
        if there is None or there.auth_time + timedelta(seconds=FRESH_SECONDS) < deployment().clock.now():
            back = request.path if request.method == "GET" else url_for("account.show")
            return start(Requirement(max_age=FRESH_SECONDS), back)
        return view(there, *args, **kwargs)

    return guarded


@blueprint.get("/")
def index() -> Answer:
    """The start page."""
    return redirect(url_for("account.show"))


@blueprint.get("/me")
@signed_in
def show(there: SignedIn) -> Answer:
    """Who I am here, how I sign in, and where I am signed in."""
    here = deployment()
    now = here.clock.now()
    with here.transaction(context.person(there.person_number)) as tx:
        sessions.touch(tx, browser.session_token())
        factors = engine.factors_of(tx.session, there.person_id)
        paper = next((row for row in factors if row.kind == "recovery"), None)
        events = select(AuditEvent).where(
            AuditEvent.subject == f"person:{there.person_number}",
            AuditEvent.action.in_([Action.SIGNED_IN.value, Action.SIGN_IN_REFUSED.value, Action.FACTOR_REFUSED.value]),
        )
        return render_template(
            "login/account.html",
            profile=profile.read(tx.session, here.ring.vault, there.person_id, now.date()),
            wards=guardianships.wards(tx.session, there.person_id, now.date()),
            sessions=sessions.active(tx.session, there.person_id, browser.limits(here.settings), now),
            there=there,
            factors=[row for row in factors if row.kind != "recovery"],
            codes_left=recovery.left(tx.session, paper.id) if paper is not None else None,
            events=tx.session.scalars(events.order_by(AuditEvent.seq.desc()).limit(10)).all(),
            panels=[panel(there) for panel in panels()],
        )


@blueprint.post("/me/sessions/end")
@signed_in
def end_session(there: SignedIn) -> Answer:
    """Signs out there, or everywhere else."""
    with deployment().transaction(context.person(there.person_number)) as tx:
        sid = field("sid", 43)
        if sid:
            with suppress(NoSuchSession):  # it has ended by itself meanwhile
                sessions.end(tx, there.person_id, sid, endings())
        else:
            sessions.end_all(tx, there.person_id, endings(), but=there.sid)
    return redirect(url_for("account.show"))


@blueprint.get("/me/totp")
@recently_signed_in
def totp_page(there: SignedIn) -> Answer:
    """Offers a new authenticator app."""
    return _totp_page(there)


@blueprint.post("/me/totp")
@recently_signed_in
def add_totp(there: SignedIn) -> Answer:
    """Adds it by a working code; with the first one come recovery codes."""
    here = deployment()
    with here.transaction(context.person(there.person_number)) as tx:
        person = persons.by_id(tx.session, there.person_id)
        try:
            engine.confirm_totp(tx, here.ring.vault, person, field("code", 64))
        except FactorError as error:
            refused: FactorError | None = error
        else:
            refused = None
        first = not any(row.kind == "recovery" for row in engine.factors_of(tx.session, there.person_id))
    if refused is not None:
        return _totp_page(there, message(refused))
    return redirect(url_for("account.recovery_page" if first else "account.show"))


@blueprint.post("/me/factors/remove")
@recently_signed_in
def remove_factor(there: SignedIn) -> Answer:
    """Takes a factor away."""
    number = field("factor", 12)
    with deployment().transaction(context.person(there.person_number)) as tx:
        engine.remove(tx, persons.by_id(tx.session, there.person_id), int(number) if number.isdigit() else -1)
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
    here = deployment()
    with here.transaction(context.person(there.person_number)) as tx:
        person = persons.by_id(tx.session, there.person_id)
        if not engine.factors_of(tx.session, person.id):
            return redirect(url_for("account.totp_page"))
        codes = engine.renew_recovery_codes(tx, here.ring.vault, person)
    return render_template("login/recovery.html", codes=codes, number=there.person_number)


@blueprint.get("/me/password")
@recently_signed_in
def password_page(_there: SignedIn) -> Answer:
    """The form."""
    return render_template("login/change_password.html", error=None)


@blueprint.post("/me/password")
@recently_signed_in
def change_password(there: SignedIn) -> Answer:
    """Sets another password and ends every other session."""
    here = deployment()
    with here.reading() as session:
        verifier = passwords.verifier_of(session, there.person_id)
        name = persons.by_id(session, there.person_id).name
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


def _totp_page(there: SignedIn, error: str | None = None) -> Answer:
    here = deployment()
    with here.transaction(context.person(there.person_number)) as tx:
        person = persons.by_id(tx.session, there.person_id)
        issuer = here.settings.organisation
        enrolment = engine.pending_totp(tx.session, here.ring.vault, person, issuer=issuer) or engine.begin_totp(
            tx, here.ring.vault, person, issuer=issuer, label=_("Authenticator app")
        )
        shown = {"enrolment": enrolment, "qr": as_svg(enrolment.uri), "error": error}
    return render_template("login/add_totp.html", **shown), REFUSED if error else 200
