"""Registering an app as a CAS service, and changing what is registered."""

from collections.abc import Collection, Sequence
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
from idp.sso.cas import service_url
from idp.sso.cas.rules import Rules
from idp.sso.cas.service_url import ServiceUrl
from idp.sso.cas.tables import CasService

MAX_ADDRESSES = 20


@dataclass(frozen=True)
class Registration:
    """What is asked for. ``addresses`` are where the app lies: everything below each of them is the app's."""

    particulars: register.Particulars
    addresses: Sequence[str]
    rules: Rules = field(default_factory=Rules)


def add(tx: Transaction, wanted: Registration, *, reviewed: bool = True) -> tuple[App, CasService]:
    """Registers the app; one that is not ``reviewed`` waits for an administrator. Raises :class:`InvalidRegistration`."""
    named = {*wanted.particulars.scopes, *wanted.particulars.requested, *wanted.particulars.reasons}
    if not named <= set(SCOPES):
        raise InvalidRegistration(reason=N_("this value does not exist here"), field="scope")
    app = register.add(tx, wanted.particulars, reviewed=reviewed)
    row = CasService(app_id=app.id, addresses=[], rules={})
    _judge(tx, app, wanted.addresses, wanted.rules)
    row.addresses, row.rules = list(wanted.addresses), wanted.rules.to_json()
    tx.session.add(row)
    tx.session.flush()
    return app, row


def by_app(session: Session, app_id: str) -> tuple[App, CasService]:
    """The app and its registration. Raises :class:`NoSuchApp`."""
    row = session.get(CasService, app_id)
    if row is None:
        raise NoSuchApp(app=app_id[:32])
    return register.by_id(session, app_id), row


def hosts(session: Session) -> dict[str, list[str]]:
    """The hosts that people are sent to by each app, loopback left out: that is the person's own device."""
    return {
        row.app_id: sorted({host for host in (service_url.parse(a).origin.host for a in row.addresses) if not is_loopback(host)})
        for row in session.scalars(select(CasService))
    }


def change(
    tx: Transaction,
    app_id: str,
    *,
    addresses: Sequence[str] | None = None,
    rules: Rules | None = None,
    allow_data: bool = False,
) -> CasService:
    """Puts other addresses or rules in the place of the app's. Raises :class:`InvalidRegistration`, :class:`NoSuchApp`.

    ``allow_data`` is an administrator's word that the app may have the data that its rules need, whatever it had before.
    """
    app, row = by_app(tx.session, app_id)
    others, changed = addresses or row.addresses, rules or Rules(**row.rules)
    if allow_data:
        app.scopes = sorted({*app.scopes, *changed.scopes})
        app.requested_scopes = sorted({*app.requested_scopes, *changed.scopes})
    _judge(tx, app, others, changed)
    row.addresses, row.rules = list(others), changed.to_json()
    tx.session.flush()
    tx.record(Action.APP_CHANGED, subject=f"app:{app.id}", institution=app.owner, detail={"cas": row.rules, "scopes": app.scopes})
    return row


def _judge(tx: Transaction, app: App, addresses: Sequence[str], rules: Rules) -> None:
    _check_addresses(tx, app, addresses, rules)
    _check_data(app.scopes, rules)
    if rules.school:
        try:
            institutions.by_code(tx.session, rules.school)
        except RegistryError:
            raise InvalidRegistration(reason=N_("there is no such institution"), field="school") from None
    if rules.logout_url:
        # A message about people goes there: to the app's own hosts and nowhere else.
        target = service_url.check(rules.logout_url, field="logout_url", plain_http=rules.plain_http)
        if not any(target.origin.host == service_url.parse(address).origin.host for address in addresses):
            raise InvalidRegistration(reason=N_("it lies at none of the app's own hosts"), field="logout_url")
    for callback in rules.proxy_callbacks:
        _check_callback(callback)


def _check_addresses(tx: Transaction, app: App, addresses: Sequence[str], rules: Rules) -> None:
    if not 0 < len(addresses) <= MAX_ADDRESSES:
        raise InvalidRegistration(reason=N_("say where the app lies: 1 to 20 addresses"), field="service")
    tx.serialise()  # two apps registered at once must not have the same address
    wanted = {_place(service_url.check(address, field="service", plain_http=rules.plain_http)) for address in addresses}
    others = tx.session.scalars(select(CasService).where(CasService.app_id != app.id))
    taken = {_place(service_url.parse(address)) for other in others for address in other.addresses}
    if wanted & taken:
        raise InvalidRegistration(reason=N_("another app is registered at this address"), field="service")


def _place(url: ServiceUrl) -> tuple[object, str]:
    return url.origin, url.path.rstrip("/")


def _check_data(scopes: Collection[str], rules: Rules) -> None:
    missing = [scope for scope in rules.scopes if scope not in {"openid", *scopes}]
    if missing:
        reason = N_("its user name or an attribute needs data that it may not have")
        raise InvalidRegistration(reason=reason, field=missing[0])


def _check_callback(callback: str) -> None:
    # §2.5.4: https, always; loopback is this very machine.
    url = service_url.check(callback, field="proxy_callbacks")
    if url.origin.scheme == "http" and not is_loopback(url.origin.host):
        raise InvalidRegistration(reason=N_("it is https"), field="proxy_callbacks")
