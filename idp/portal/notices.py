"""What an administrator tells people on the start page."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.i18n import N_
from idp.portal.errors import InvalidEntry, NoSuchNotice
from idp.portal.tables import PortalNotice
from idp.registry import institutions

MAX_TEXT = 2000


def shown(session: Session, institutions_of_reader: Collection[str], now: datetime) -> Sequence[PortalNotice]:
    """Those for everybody and for the reader's institutions that hold now, the newest first."""
    statement = select(PortalNotice).where(
        PortalNotice.begins_at <= now,
        PortalNotice.ends_at > now,
        or_(PortalNotice.institution.is_(None), PortalNotice.institution.in_(institutions_of_reader)),
    )
    return session.scalars(statement.order_by(PortalNotice.begins_at.desc(), PortalNotice.id.desc()).limit(20)).all()


def listed(session: Session) -> Sequence[PortalNotice]:
    """Every notice, the newest first."""
    return session.scalars(select(PortalNotice).order_by(PortalNotice.begins_at.desc(), PortalNotice.id.desc())).all()


def add(
    tx: Transaction, title: str, text: str, *, institution: str | None, ends_at: datetime, begins_at: datetime | None = None
) -> PortalNotice:
    """Puts a notice up, for an institution or (``None``) for everybody. Plain text. Raises :class:`InvalidEntry`."""
    title, text = title.strip(), text.strip()
    if not 0 < len(title) <= 100 or not title.isprintable():
        raise InvalidEntry(reason=N_("a title has 1 to 100 characters"))
    if not 0 < len(text) <= MAX_TEXT:
        raise InvalidEntry(reason=N_("a text has 1 to 2000 characters"))
    begins_at = begins_at or tx.now
    if ends_at <= max(begins_at, tx.now):
        raise InvalidEntry(reason=N_("it would be over before it begins"))
    if institution is not None:
        institutions.by_code(tx.session, institution)
    row = PortalNotice(institution=institution, title=title, text=text, begins_at=begins_at, ends_at=ends_at)
    tx.session.add(row)
    tx.session.flush()
    tx.record(Action.PORTAL_NOTICE_ADDED, subject=f"notice:{row.id}", institution=institution, detail={"title": title})
    return row


def remove(tx: Transaction, number: int) -> None:
    """Takes a notice down. Raises :class:`NoSuchNotice`."""
    row = tx.session.get(PortalNotice, number)
    if row is None:
        raise NoSuchNotice(number=number)
    tx.session.delete(row)
    tx.record(Action.PORTAL_NOTICE_REMOVED, subject=f"notice:{number}", institution=row.institution, detail={"title": row.title})
