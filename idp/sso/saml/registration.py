"""Registering an app as a SAML service provider, and changing what is registered."""

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.apps import register
from idp.apps.errors import InvalidRegistration, NoSuchApp
from idp.apps.tables import App
from idp.audit import Action, Transaction
from idp.i18n import N_
from idp.registry import institutions
from idp.registry.errors import RegistryError
from idp.release.scopes import SCOPES
from idp.settings import is_loopback
from idp.sso.saml.metadata import Described
from idp.sso.saml.providers import entity_hash
from idp.sso.saml.rules import Rules
from idp.sso.saml.tables import SamlProvider


@dataclass(frozen=True)
class Registration:
    """What is asked for."""

    particulars: register.Particulars
    described: Described
    rules: Rules = field(default_factory=Rules)


def add(tx: Transaction, wanted: Registration, *, reviewed: bool = True) -> tuple[App, SamlProvider]:
    """Registers the app; one that is not ``reviewed`` waits for an administrator. Raises :class:`InvalidRegistration`."""
    named = {*wanted.particulars.scopes, *wanted.particulars.requested, *wanted.particulars.reasons}
    if not named <= set(SCOPES):
        raise InvalidRegistration(reason=N_("this value does not exist here"), field="scope")
    app = register.add(tx, wanted.particulars, reviewed=reviewed)
    row = SamlProvider(app_id=app.id, entity_hash=entity_hash(wanted.described.entity_id), entity_id=wanted.described.entity_id)
    _judge(tx, app, wanted.described, wanted.rules)
    row.described, row.rules = wanted.described.model_dump(mode="json"), wanted.rules.to_json()
    tx.session.add(row)
    tx.session.flush()
    return app, row


def by_app(session: Session, app_id: str) -> tuple[App, SamlProvider]:
    """The app and its registration. Raises :class:`NoSuchApp`."""
    row = session.get(SamlProvider, app_id)
    if row is None:
        raise NoSuchApp(app=app_id[:32])
    return register.by_id(session, app_id), row


def hosts(session: Session) -> dict[str, list[str]]:
    """The hosts that people are sent to by each app, loopback left out; not those of a federation, which lie where they lie."""
    rows = session.scalars(select(SamlProvider).where(SamlProvider.feed_id.is_(None)))
    return {row.app_id: [host for host in Described(**row.described).origins if not is_loopback(host)] for row in rows}


def change(
    tx: Transaction,
    app_id: str,
    *,
    described: Described | None = None,
    rules: Rules | None = None,
    allow_data: bool = False,
) -> SamlProvider:
    """Puts other metadata or rules in the place of the app's. Raises :class:`InvalidRegistration`, :class:`NoSuchApp`.

    ``allow_data`` is an administrator's word that the app may have the data that its rules need, whatever it had before.
    """
    app, row = by_app(tx.session, app_id)
    other, changed = described or Described(**row.described), rules or Rules(**row.rules)
    if allow_data:
        app.scopes = sorted({*app.scopes, *changed.scopes})
        app.requested_scopes = sorted({*app.requested_scopes, *changed.scopes})
    if other.entity_id != row.entity_id:
        raise InvalidRegistration(reason=N_("the metadata is that of another entity"), field="metadata")
    _judge(tx, app, other, changed)
    row.described, row.rules = other.model_dump(mode="json"), changed.to_json()
    tx.session.flush()
    tx.record(Action.APP_CHANGED, subject=f"app:{app.id}", institution=app.owner, detail={"saml": row.rules, "scopes": app.scopes})
    return row


def remove(tx: Transaction, app_id: str) -> None:
    """Ends the app for good, and its logins with it; its entity may be registered again. Raises :class:`NoSuchApp`."""
    _app, row = by_app(tx.session, app_id)
    register.retire(tx, app_id)
    # By its own id, which no entity has: the hash is that of nothing.
    row.entity_hash = entity_hash(f"retired {app_id}")


def _judge(tx: Transaction, app: App, described: Described, rules: Rules) -> None:
    tx.serialise()  # two apps registered at once must not be the same entity
    taken = select(SamlProvider.app_id).where(
        SamlProvider.entity_hash == entity_hash(described.entity_id), SamlProvider.app_id != app.id
    )
    if tx.session.scalar(taken) is not None:
        raise InvalidRegistration(reason=N_("another app is registered as this entity"), field="metadata")
    missing = [scope for scope in rules.scopes if scope not in {"openid", *app.scopes}]
    if missing:
        raise InvalidRegistration(reason=N_("its name or an attribute needs data that it may not have"), field=missing[0])
    if rules.require_signed and not described.signing:
        raise InvalidRegistration(reason=N_("its metadata has no key to verify its signature with"), field="require_signed")
    if rules.school:
        try:
            institutions.by_code(tx.session, rules.school)
        except RegistryError:
            raise InvalidRegistration(reason=N_("there is no such institution"), field="school") from None
