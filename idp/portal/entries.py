"""Which apps a person sees, in which order, and how an administrator places one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.apps import register
from idp.apps.audience import Audience
from idp.apps.register import AppStatus
from idp.apps.tables import App
from idp.audit import Action, Transaction
from idp.i18n import N_
from idp.portal.errors import InvalidEntry
from idp.portal.tables import PortalEntry, PortalFavourite
from idp.registry import affiliations
from idp.registry.tables import Institution

Launcher = Callable[[App], str | None]
"""Where a protocol opens an app, as an address; ``None`` where it cannot."""


@dataclass(frozen=True)
class Entry:
    """An app as the page shows it."""

    app_id: str
    name: str
    purpose: str
    owner: str
    category: str
    address: str
    favourite: bool


def visible(session: Session, person_id: int, today: date, launchers: Sequence[Launcher]) -> list[Entry]:
    """The approved apps that are for this person and can be opened: favourites first, then by group and name."""
    if affiliations.has_left(session, person_id, today):
        return []
    belonging = [(row.institution, row.role) for row, _institution in affiliations.current(session, person_id, today)]
    favourites = set(session.scalars(select(PortalFavourite.app_id).where(PortalFavourite.person_id == person_id)))
    statement = (
        select(App, PortalEntry, Institution.name)
        .join(Institution, Institution.code == App.owner)
        .outerjoin(PortalEntry, PortalEntry.app_id == App.id)
        .where(App.status == AppStatus.APPROVED.value)
    )
    found = []
    for app, entry, owner in session.execute(statement):
        if (entry is not None and entry.hidden) or not Audience.from_json(app.audience).includes(belonging):
            continue
        address = (entry and entry.address) or next(filter(None, (launch(app) for launch in launchers)), None)
        if address:
            category = entry.category if entry else ""
            found.append(Entry(app.id, app.name, app.purpose, owner, category, address, app.id in favourites))
    return sorted(found, key=lambda one: (not one.favourite, one.category == "", one.category, one.name, one.app_id))


def matching(entries: Sequence[Entry], words: str) -> list[Entry]:
    """Those whose name, purpose, group or owner hold every word."""
    wanted = words.casefold().split()
    return [
        one for one in entries if all(word in f"{one.name} {one.purpose} {one.category} {one.owner}".casefold() for word in wanted)
    ]


def grouped(entries: Sequence[Entry]) -> Mapping[str, Sequence[Entry]]:
    """By group, in the order given; favourites are a group of their own, named by an asterisk, and those of none come last."""
    groups: dict[str, list[Entry]] = {}
    for one in entries:
        groups.setdefault("*" if one.favourite else one.category, []).append(one)
    return groups


def place(tx: Transaction, app_id: str, *, category: str | None, address: str | None, hidden: bool | None) -> PortalEntry:
    """Says how an app is shown; ``None`` leaves a part as it is, an empty text takes it away. Raises :class:`InvalidEntry`."""
    app = register.by_id(tx.session, app_id)
    if category is not None and (len(category) > 32 or not category.isprintable()):
        raise InvalidEntry(reason=N_("a group has at most 32 characters"))
    if address:
        _check_address(address)
    row = tx.session.get(PortalEntry, app.id)
    if row is None:
        row = PortalEntry(app_id=app.id, category="", address=None, hidden=False)
        tx.session.add(row)
    row.category = row.category if category is None else category.strip()
    row.address = row.address if address is None else address or None
    row.hidden = row.hidden if hidden is None else hidden
    detail = {"category": row.category, "address": row.address, "hidden": row.hidden}
    tx.record(Action.PORTAL_ENTRY_CHANGED, subject=f"app:{app.id}", institution=app.owner, detail=detail)
    return row


def favour(tx: Transaction, person_id: int, app_id: str, *, wanted: bool) -> None:
    """Makes an app a favourite of the person, or no longer. Repeating it changes nothing."""
    row = tx.session.get(PortalFavourite, (person_id, app_id))
    if wanted and row is None:
        register.by_id(tx.session, app_id)
        tx.session.add(PortalFavourite(person_id=person_id, app_id=app_id))
    elif not wanted and row is not None:
        tx.session.delete(row)


def _check_address(address: str) -> None:
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.username
        or len(address) > 2000
        or not address.isprintable()
    ):
        raise InvalidEntry(reason=N_("an address begins with https:// and names a host"))
