"""Registering, finding and disabling apps."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.apps.errors import InvalidRegistration, NoSuchApp
from idp.apps.tables import App
from idp.audit import Action, Transaction
from idp.i18n import N_
from idp.registry import institutions
from idp.registry.institutions import InstitutionStatus

_ID_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


class AppStatus(StrEnum):
    """``approved`` apps work; ``disabled`` ones do not, and nothing about them is lost."""

    APPROVED = "approved"
    DISABLED = "disabled"


@dataclass(frozen=True)
class Particulars:
    """What the register says of an app. ``scopes`` are the data it may ever receive."""

    name: str
    owner: str
    contact: str
    purpose: str
    scopes: Collection[str]


def add(tx: Transaction, particulars: Particulars) -> App:
    """Enters an app of an active institution. Raises :class:`InvalidRegistration` or ``NoSuchInstitution``."""
    owner = institutions.by_code(tx.session, particulars.owner)
    if owner.status != InstitutionStatus.ACTIVE:
        raise InvalidRegistration(reason=N_("its owner is not an active institution"))
    for value, longest, reason in (
        (particulars.name, 100, N_("the name must have 1 to 100 characters")),
        (particulars.contact, 254, N_("say whom to ask about the app (contact)")),
        (particulars.purpose, 500, N_("say what the app is for (purpose)")),
    ):
        if not value.strip() or len(value) > longest or not value.isprintable():
            raise InvalidRegistration(reason=reason)
    app = App(
        id="app_" + "".join(secrets.choice(_ID_ALPHABET) for _ in range(16)),
        name=particulars.name.strip(),
        owner=owner.code,
        contact=particulars.contact.strip(),
        purpose=particulars.purpose.strip(),
        scopes=sorted(particulars.scopes),
        status=AppStatus.APPROVED.value,
        created_at=tx.now,
    )
    tx.session.add(app)
    tx.session.flush()
    detail = {"name": app.name, "scopes": app.scopes}
    tx.record(Action.APP_REGISTERED, subject=f"app:{app.id}", institution=app.owner, detail=detail)
    return app


def by_id(session: Session, app_id: str) -> App:
    """The app with this id. Raises :class:`NoSuchApp`."""
    app = session.get(App, app_id)
    if app is None:
        raise NoSuchApp(app=app_id[:32])
    return app


def listed(session: Session) -> Sequence[App]:
    """Every app, by name."""
    return session.scalars(select(App).order_by(App.name, App.id)).all()


def disable(tx: Transaction, app_id: str) -> App:
    """Stops the app from working, from now on. Its tokens end with the caches of seconds that other workers keep."""
    app = by_id(tx.session, app_id)
    app.status = AppStatus.DISABLED.value
    tx.record(Action.APP_DISABLED, subject=f"app:{app.id}", institution=app.owner)
    return app
