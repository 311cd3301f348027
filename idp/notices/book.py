"""The notices of a person: written down, unread, read; and the language they are in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.database.upsert import upsert
from idp.i18n import DEFAULT_LOCALE, LOCALES
from idp.notices.events import Event
from idp.notices.tables import Notice, NoticeLanguage
from idp.outbox import queue
from idp.outbox.sealed import SealedPayload

KIND = "notice"
# What was taken from somewhere else opens with the context of that place, which stands beside it.
SEALED = tuple(SealedPayload(KIND, "{context}", inside) for inside in ("also", "also_mail"))
MOST_SHOWN = 100


@dataclass(frozen=True)
class SealedContact:
    """A telephone number or e-mail address that is about to be forgotten and shall hear of it, as the vault sealed it for
    ``context``."""

    sealed: str
    context: str


class SealedNumber(SealedContact):
    """A telephone number."""


class SealedAddress(SealedContact):
    """An e-mail address."""


def give(
    tx: Transaction,
    person_id: int,
    event: Event,
    *,
    detail: dict[str, str] | None = None,
    also: SealedContact | None = None,
    expires_at: datetime | None = None,
) -> Notice:
    """Tells the person, in this transaction: on their page, and by the outbox on every other channel.

    ``detail`` fills the event's text: words of ours, no secret, nothing that somebody typed. ``also`` is told beside the numbers
    and addresses that the person still has when the message goes out.
    """
    row = Notice(person_id=person_id, event=event.value, detail=detail or {}, created_at=tx.now, expires_at=expires_at)
    tx.session.add(row)
    tx.session.flush()
    payload: dict[str, Any] = {"notice": row.id}
    if also is not None:
        payload["also_mail" if isinstance(also, SealedAddress) else "also"] = {"sealed": also.sealed, "context": also.context}
    queue.put(tx, KIND, payload, subject=f"notice:{row.id}")
    return row


def unread(session: Session, person_id: int, now: datetime) -> Sequence[Notice]:
    """What the person has not read yet, the newest first."""
    return _listed(session, person_id, now, Notice.read_at.is_(None))


def recent(session: Session, person_id: int, now: datetime) -> Sequence[Notice]:
    """Read and unread, the newest first."""
    return _listed(session, person_id, now)


def mark_read(tx: Transaction, person_id: int, upto: int) -> None:
    """Notes that the person has read every notice up to the one with this number: those that the page has shown."""
    tx.session.execute(
        update(Notice)
        .where(Notice.person_id == person_id, Notice.id <= upto, Notice.read_at.is_(None))
        .values(read_at=tx.now)
        .execution_options(synchronize_session=False)
    )


def speaks(tx: Transaction, person_id: int, locale: str) -> None:
    """Notes the language that the person reads."""
    if locale in LOCALES and language(tx.session, person_id) != locale:
        upsert(tx.session, NoticeLanguage, {"person_id": person_id, "locale": locale}, again={"locale": locale})


def language(session: Session, person_id: int) -> str:
    """The language to write to the person in."""
    chosen = select(NoticeLanguage.locale).where(NoticeLanguage.person_id == person_id)
    return session.scalar(chosen) or DEFAULT_LOCALE


def _listed(session: Session, person_id: int, now: datetime, *which: ColumnElement[bool]) -> Sequence[Notice]:
    mine = select(Notice).where(Notice.person_id == person_id, or_(Notice.expires_at.is_(None), Notice.expires_at > now), *which)
    return session.scalars(mine.order_by(Notice.id.desc()).limit(MOST_SHOWN)).all()
