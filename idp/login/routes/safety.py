"""``/me/notices``, ``/me/sign-ins``, ``/me/not-me``: what happened at my account, and what I do about it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.apps.tables import App
from idp.i18n import N_
from idp.login import alarm, browser, keepers, sign_ins
from idp.login.extension import endings, revokings
from idp.login.routes.factor_pages import number
from idp.login.routes.guards import recently_signed_in, signed_in
from idp.login.routes.pages import Answer, field
from idp.login.sessions import SignedIn
from idp.login.tables import SignIn
from idp.mfa import resets
from idp.mfa.errors import NoSuchReset
from idp.notices import book
from idp.notices.events import URGENT, sentence
from idp.notices.tables import Notice
from idp.registry import persons
from idp.web import context
from idp.web.context import deployment
from idp.web.locale import current

blueprint = Blueprint("safety", __name__, template_folder="../templates")

OUTCOMES = {
    "signed_in": N_("Signed in"),
    "raised": N_("Confirmed by a second step"),
    "wrong_password": N_("Wrong password"),
    "wrong_factor": N_("Wrong code"),
}
# RFC 8176, in words; what they leave out says nothing to a reader.
MEANS = {
    "pwd": N_("password"),
    "otp": N_("one-time code"),
    "sms": N_("text message"),
    "swk": N_("phone, passkey or certificate"),
    "hwk": N_("security key"),
    "rba": N_("remembered device"),
    "upstream": N_("account elsewhere"),
}


@dataclass(frozen=True)
class Shown:
    """A sign-in as a page shows it: gettext ids, and words that need no translation. ``right``: it succeeded."""

    row: SignIn
    outcome: str
    app: str
    means: tuple[str, ...]
    where: str

    @property
    def right(self) -> bool:
        """Whether somebody got in."""
        return self.row.outcome in sign_ins.RIGHT


def shown(session: Session, rows: Sequence[SignIn]) -> list[Shown]:
    """The rows, readable."""
    ids = {row.client_id for row in rows if row.client_id}
    names: dict[str, str] = {row.id: row.name for row in session.execute(select(App.id, App.name).where(App.id.in_(ids)))}
    return [
        Shown(
            row,
            OUTCOMES.get(row.outcome, row.outcome),
            names.get(row.client_id or "", ""),
            tuple(MEANS[method] for method in MEANS if method in row.methods),
            row.place or sign_ins.masked(row.network),
        )
        for row in rows
    ]


def noticed(rows: Sequence[Notice]) -> list[dict[str, Any]]:
    """Notices as pages show them."""
    locale = current()
    return [{"row": row, "text": sentence(row.event, row.detail, locale), "urgent": row.event in URGENT} for row in rows]


@blueprint.get("/me/notices")
@signed_in
def notices(there: SignedIn) -> Answer:
    """Read and unread."""
    with deployment().reading() as session:
        rows = noticed(book.recent(session, there.person_id, deployment().clock.now()))
    return render_template("login/notices.html", notices=rows)


@blueprint.post("/me/notices/read")
@signed_in
def read(there: SignedIn) -> Answer:
    """Notes that those shown have been read."""
    with deployment().transaction(context.person(there.person_number)) as tx:
        book.mark_read(tx, there.person_id, number(field("upto", 12)) or 0)
    return redirect(url_for("account.show"))


@blueprint.get("/me/sign-ins")
@signed_in
def list_sign_ins(there: SignedIn) -> Answer:
    """All that is kept, up to a hundred."""
    here = deployment()
    with here.reading() as session:
        rows = shown(session, sign_ins.recent(session, there.person_id))
    return render_template("login/sign_ins.html", sign_ins=rows, days=here.settings.sign_ins_kept_days)


@blueprint.get("/me/not-me")
@signed_in
def not_me_page(_there: SignedIn) -> Answer:
    """What will happen."""
    return render_template("login/not_me.html")


@blueprint.post("/me/not-me")
@signed_in
def not_me(there: SignedIn) -> Answer:
    """Ends everything, here too, and says what to do next. Needs no fresh sign-in: it takes away and gives nothing."""
    lost = bool(field("factor_lost", 3))
    with deployment().transaction(context.person(there.person_number)) as tx:
        person = persons.by_id(tx.session, there.person_id)
        kept = keepers.kept_elsewhere(tx.session, there.person_id, tx.now.date())
        ended = alarm.raise_alarm(tx, person, factor_lost=lost, endings=endings(), revokings=revokings())
    response = make_response(render_template("login/not_me_done.html", ended=ended, factor_lost=lost, kept=kept))
    browser.forget_session(response)
    browser.keep_remembered(response, there.person_number, "")
    return response


@blueprint.post("/me/reset/stop")
@recently_signed_in
def stop_reset(there: SignedIn) -> Answer:
    """Keeps my second factors: whoever asked for their removal was not I."""
    with suppress(NoSuchReset), deployment().transaction(context.person(there.person_number)) as tx:
        by = f"person:{there.person_number}"
        resets.stop(tx, number(field("reset", 12)) or -1, by=by, person_id=there.person_id)
    return redirect(url_for("account.show"))
