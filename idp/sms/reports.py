"""What became of messages: kept per segment, because a network reports segments, and summed up per message.

A report may arrive before the answer to the message it is about has been written down, on another server, or twice. It is kept
under the provider's name for the segment, and whichever of the two comes later finds the other.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from idp.audit import Transaction
from idp.database import Base
from idp.database.compare_and_set import compare_and_set
from idp.deployment import SYSTEM, Deployment
from idp.settings import Settings
from idp.sms import queue
from idp.sms.errors import SendError
from idp.sms.provider import Accepted, Provider, Report, Reporting
from idp.sms.tables import SmsMessage, SmsSegment

ASKED_FOR = timedelta(minutes=50)  # less than the outbox's last pause: a report that never comes is not an alarm


class ReportBook:
    """Takes what providers hear unasked (:class:`idp.sms.provider.Reports`)."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def reported(self, provider: str, report: Report) -> None:
        """Keeps a report; the first word about a segment holds."""
        with self._deployment.transaction(SYSTEM) as tx:
            keep(tx, provider, report)

    def accepted_late(self, provider: str, reference: int, accepted: Accepted) -> None:
        """What was given up as unknown went out after all."""
        with self._deployment.transaction(SYSTEM) as tx:
            unknown = select(SmsMessage.id).where(SmsMessage.id == reference, SmsMessage.error == "sms.unknown")
            if tx.session.scalar(unknown) is not None:
                accept(tx, self._deployment.settings, provider, reference, accepted, state="failed")


def accept(tx: Transaction, settings: Settings, provider: str, number: int, accepted: Accepted, *, state: str) -> None:
    """A provider took the message, which was in ``state``: who, at what cost, under which names."""
    cost = len(accepted.ids) * int(getattr(settings, f"sms_{provider}_price", 0))
    sending = update(SmsMessage).where(SmsMessage.id == number, SmsMessage.state == state)
    sent = sending.values(state="sent", provider=provider, cost_fen=cost, sent_at=tx.now, done_at=None, error=None)
    if not compare_and_set(tx.session, sent):
        return
    names = dict.fromkeys(name[:65] for name in accepted.ids)
    rows = [{"message_id": number, "provider": provider, "provider_id": name, "state": "sent", "seen_at": tx.now} for name in names]
    insert = _insert(tx)(SmsSegment).values(rows)
    # A report that was here first made the row without knowing the message.
    key, known = ("provider", "provider_id"), {"message_id": number}
    states = tx.session.scalars(insert.on_conflict_do_update(index_elements=key, set_=known).returning(SmsSegment.state)).all()
    if set(states) != {"sent"}:
        _sum_up(tx, number)


def keep(tx: Transaction, provider: str, report: Report) -> None:
    """Keeps a report, and sums up the message if it is known by now."""
    here = (SmsSegment.provider == provider, SmsSegment.provider_id == report.id[:65])
    done = "delivered" if report.delivered else "undelivered"
    keeping = update(SmsSegment).where(*here, SmsSegment.state == "sent").values(state=done, detail=report.detail[:40])
    kept = keeping.returning(SmsSegment.message_id)
    found = tx.session.execute(kept, execution_options={"synchronize_session": False}).first()
    if found is None:  # not written down yet, or reported before
        row = {"provider": provider, "provider_id": report.id[:65], "state": "sent", "seen_at": tx.now}
        insert_if_absent(tx, SmsSegment, row)
        found = tx.session.execute(kept, execution_options={"synchronize_session": False}).first()
    if found is not None and found.message_id is not None:
        _sum_up(tx, found.message_id)


def insert_if_absent(tx: Transaction, table: type[Base], row: dict[str, Any]) -> None:
    """Makes sure that a row with this key is there; of any number of tries at once one makes it."""
    tx.session.execute(_insert(tx)(table).values(row).on_conflict_do_nothing())


def _insert(tx: Transaction) -> Any:
    """The ``insert`` of the database, which knows what to do about a conflict."""
    return postgresql.insert if tx.session.get_bind().dialect.name == "postgresql" else sqlite.insert


def _sum_up(tx: Transaction, number: int) -> None:
    """A message has arrived when every segment has, and has not as soon as one of them has not."""
    # Two segments reported at once: whoever has the message's row second sees what the first has written.
    tx.session.execute(select(SmsMessage.id).where(SmsMessage.id == number).with_for_update())
    states = set(tx.session.scalars(select(SmsSegment.state).where(SmsSegment.message_id == number)))
    state = "undelivered" if "undelivered" in states else "delivered" if states == {"delivered"} else None
    if state is not None:
        waiting = update(SmsMessage).where(SmsMessage.id == number, SmsMessage.state == "sent")
        compare_and_set(tx.session, waiting.values(state=state, done_at=tx.now))


class NotReportedYet(SendError):
    """The provider knows no more than that it took the message."""

    code = "sms.not_reported"


def asker(deployment: Deployment, providers: Sequence[Provider]) -> Callable[[dict[str, Any]], None]:
    """The outbox's handler for :data:`idp.sms.queue.REPORT_KIND`: asks a provider that does not report by itself.

    Raises :class:`NotReportedYet`, for the outbox to come again; after an hour it asks no more.
    """
    by_name = {provider.name: provider for provider in providers}

    def ask(payload: dict[str, Any]) -> None:
        number = int(payload["message"])
        with deployment.reading() as session:
            row = session.get(SmsMessage, number)
            waiting = select(SmsSegment.provider_id).where(SmsSegment.message_id == number, SmsSegment.state == "sent")
            names = session.scalars(waiting).all()
        provider = by_name.get(row.provider or "") if row else None
        if row is None or row.sent_at is None or not isinstance(provider, Reporting):
            return
        message = queue.opened(deployment.ring.vault, payload)
        for name in names:
            report = provider.report(message, name, row.sent_at)
            if report is not None:
                ReportBook(deployment).reported(provider.name, report)
            elif deployment.clock.now() - row.sent_at < ASKED_FOR:
                raise NotReportedYet

    return ask
