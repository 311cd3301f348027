"""Registering and finding apps, and their review."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from idp.apps.errors import InvalidRegistration, NoSuchApp, WrongState
from idp.apps.tables import App
from idp.audit import Action, Transaction
from idp.i18n import N_
from idp.registry import institutions
from idp.registry.institutions import InstitutionStatus

NOTED_EVERY = timedelta(hours=1)
_ID_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


URN = "urn:yima:app:"  # our own names, of no registered namespace: they mean something below the root of our authorities only


def urn(app_id: str) -> str:
    """By which certificates name an app."""
    return URN + app_id


class AppStatus(StrEnum):
    """People sign in to ``approved`` apps only. ``retired`` is for good; nothing about an app is ever lost."""

    REQUESTED = "requested"
    APPROVED = "approved"
    SUSPENDED = "suspended"
    RETIRED = "retired"


@dataclass(frozen=True)
class Particulars:
    """What the register says of an app.

    ``scopes`` are the data it may receive, ``requested`` those it would like, ``reasons`` say for what it needs a scope.
    """

    name: str
    owner: str
    contact: str
    purpose: str
    scopes: Collection[str]
    requested: Collection[str] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)


def add(tx: Transaction, particulars: Particulars, *, reviewed: bool = True) -> App:
    """Enters an app of an active institution; one that is not ``reviewed`` waits for an administrator.

    Raises :class:`InvalidRegistration` or ``NoSuchInstitution``.
    """
    owner = institutions.by_code(tx.session, particulars.owner)
    if owner.status != InstitutionStatus.ACTIVE:
        raise InvalidRegistration(reason=N_("its owner is not an active institution"))
    for value, longest, reason in (
        (particulars.name, 100, N_("the name must have 1 to 100 characters")),
        (particulars.contact, 254, N_("say whom to ask about the app (contact)")),
        (particulars.purpose, 500, N_("say what the app is for (purpose)")),
        *((why, 200, N_("say in 1 to 200 characters what each piece of data is for")) for why in particulars.reasons.values()),
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
        requested_scopes=sorted({*particulars.scopes, *particulars.requested}),
        reasons=dict(particulars.reasons),
        status=(AppStatus.APPROVED if reviewed else AppStatus.REQUESTED).value,
        created_at=tx.now,
    )
    tx.session.add(app)
    tx.session.flush()
    detail = {"name": app.name, "scopes": app.scopes, "status": app.status}
    tx.record(Action.APP_REGISTERED, subject=f"app:{app.id}", institution=app.owner, detail=detail)
    return app


def by_id(session: Session, app_id: str) -> App:
    """The app with this id. Raises :class:`NoSuchApp`."""
    app = session.get(App, app_id)
    if app is None:
        raise NoSuchApp(app=app_id[:32])
    return app


def is_in_use(session: Session, app_id: str) -> bool:
    """Whether there is such an app, and it is not suspended or retired."""
    row = session.get(App, app_id)
    return row is not None and row.status == AppStatus.APPROVED.value


def listed(session: Session) -> Sequence[App]:
    """Every app, by name."""
    return session.scalars(select(App).order_by(App.name, App.id)).all()


def approve(tx: Transaction, app_id: str, scopes: Collection[str] | None = None) -> App:
    """Lets people sign in to it, and it have ``scopes`` (``None``: those it has). Raises :class:`WrongState` for a retired one."""
    app = _living(tx, app_id)
    app.status = AppStatus.APPROVED.value
    if scopes is not None:
        app.scopes = sorted(scopes)
        app.requested_scopes = sorted({*app.requested_scopes, *scopes})
    tx.record(Action.APP_APPROVED, subject=f"app:{app.id}", institution=app.owner, detail={"scopes": app.scopes})
    return app


def suspend(tx: Transaction, app_id: str) -> App:
    """Stops it from working, from now on. Its tokens end with the caches of seconds that other workers keep."""
    app = _living(tx, app_id)
    app.status = AppStatus.SUSPENDED.value
    tx.record(Action.APP_SUSPENDED, subject=f"app:{app.id}", institution=app.owner)
    return app


def retire(tx: Transaction, app_id: str) -> App:
    """Ends it for good. Its id is never given to another."""
    app = _living(tx, app_id)
    app.status = AppStatus.RETIRED.value
    tx.record(Action.APP_RETIRED, subject=f"app:{app.id}", institution=app.owner)
    return app


def note_sign_in(tx: Transaction, app_id: str) -> None:
    """Remembers that somebody signs in to it, to the hour: nobody waits for another's sign-in to be written down."""
    tx.session.execute(
        update(App)
        .where(App.id == app_id, or_(App.last_sign_in_at.is_(None), App.last_sign_in_at < tx.now - NOTED_EVERY))
        .values(last_sign_in_at=tx.now)
        .execution_options(synchronize_session=False)
    )


def _living(tx: Transaction, app_id: str) -> App:
    app = by_id(tx.session, app_id)
    if app.status == AppStatus.RETIRED:
        raise WrongState(status=app.status)
    return app
