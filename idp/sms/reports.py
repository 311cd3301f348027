"""What became of messages: kept per segment, because a network reports segments, and summed up per message.

A report may arrive before the answer to the message it is about has been written down, on another server, or twice. It is kept
under the provider's name for the segment, and whichever of the two comes later finds the other.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from idp.audit import Transaction
from idp.database import Base
from idp.database.compare_and_set import compare_and_set_many
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

    def reported(self, provider: str, *told: Report) -> None:
        """Keeps reports, in one transaction; the first word about a segment holds."""
        with self._deployment.transaction(SYSTEM) as tx:
            keep(tx, provider, told)

    def accepted_late(self, provider: str, reference: int, accepted: Accepted) -> None:
        """What was given up as unknown went out after all."""
        with self._deployment.transaction(SYSTEM) as tx:
            unknown = select(SmsMessage.id).where(SmsMessage.id == reference, SmsMessage.error == "sms.unknown")
            if tx.session.scalar(unknown) is not None:
                accept(tx, self._deployment.settings, provider, {reference: accepted}, state="failed")


def accept(tx: Transaction, settings: Settings, provider: str, accepted: Mapping[int, Accepted], *, state: str) -> None:
    """A provider took the messages, which were in ``state``: who, at what cost, under which names."""
    price = int(getattr(settings, f"sms_{provider}_price", 0))
    taken = set[int]()
    for count in {len(one.ids) for one in accepted.values()}:
        numbers = [number for number, one in accepted.items() if len(one.ids) == count]
        taking = update(SmsMessage).where(SmsMessage.id.in_(numbers), SmsMessage.state == state)
        sent = taking.values(state="sent", provider=provider, cost_fen=count * price, sent_at=tx.now, done_at=None, error=None)
        taken |= compare_and_set_many(tx.session, sent.returning(SmsMessage.id))
    names = {name[:65]: number for number in sorted(taken) for name in accepted[number].ids}
    if not names:
        return
    rows = [
        {"message_id": number, "provider": provider, "provider_id": name, "state": "sent", "seen_at": tx.now}
        for name, number in sorted(names.items())
    ]
    insert = _insert(tx)(SmsSegment.__table__)
    # A report that was here first made the row without knowing the message.
    known = {"message_id": insert.excluded.message_id}
    merging = insert.on_conflict_do_update(index_elements=("provider", "provider_id"), set_=known)
    kept = tx.session.execute(merging.returning(SmsSegment.message_id, SmsSegment.state), rows).all()
    _sum_up(tx, {row.message_id for row in kept if row.state != "sent"})


def keep(tx: Transaction, provider: str, told: Sequence[Report]) -> None:
    """Keeps reports, and sums up the messages that are known by now."""
    first: dict[str, Report] = {}
    for report in told:
        first.setdefault(report.id[:65], report)
    segments = _segments(tx, provider, first)
    unknown = sorted(first.keys() - {segment.provider_id for segment in segments})
    if unknown:  # not written down yet
        row = {"provider": provider, "state": "sent", "seen_at": tx.now}
        insert_if_absent(tx, SmsSegment, [row | {"provider_id": name} for name in unknown])
        segments += _segments(tx, provider, unknown)
    news = defaultdict[tuple[bool, str], list[int]](list)
    messages = set[int]()
    for segment in segments:
        if segment.state == "sent":  # not reported before
            report = first[segment.provider_id]
            news[report.delivered, report.detail[:40]].append(segment.id)
            if segment.message_id is not None:
                messages.add(segment.message_id)
    for (delivered, detail), ids in news.items():
        done = "delivered" if delivered else "undelivered"
        keeping = update(SmsSegment).where(SmsSegment.id.in_(ids)).values(state=done, detail=detail)
        tx.session.execute(keeping, execution_options={"synchronize_session": False})
    _sum_up(tx, messages)


def _segments(tx: Transaction, provider: str, names: Iterable[str]) -> list[Any]:
    """The rows of these segments, held until the transaction ends: of two who report one, the second sees the first's word."""
    columns = SmsSegment.id, SmsSegment.provider_id, SmsSegment.message_id, SmsSegment.state
    here = select(*columns).where(SmsSegment.provider == provider, SmsSegment.provider_id.in_(list(names)))
    return list(tx.session.execute(here.order_by(SmsSegment.provider_id).with_for_update()))


def insert_if_absent(tx: Transaction, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Makes sure that rows with these keys are there; of any number of tries at once one makes them."""
    tx.session.execute(_insert(tx)(table.__table__).on_conflict_do_nothing(), rows)


def _insert(tx: Transaction) -> Any:
    """The ``insert`` of the database, which knows what to do about a conflict."""
    return postgresql.insert if tx.session.get_bind().dialect.name == "postgresql" else sqlite.insert


def _sum_up(tx: Transaction, numbers: Collection[int]) -> None:
    """A message has arrived when every segment has, and has not as soon as one of them has not."""
    if not numbers:
        return
    # Two segments reported at once: whoever has the message's row second sees what the first has written.
    tx.session.execute(select(SmsMessage.id).where(SmsMessage.id.in_(numbers)).order_by(SmsMessage.id).with_for_update())
    states = defaultdict[int, set[str]](set)
    for row in tx.session.execute(select(SmsSegment.message_id, SmsSegment.state).where(SmsSegment.message_id.in_(numbers))):
        states[row.message_id].add(row.state)
    for state, known in (
        ("undelivered", [number for number, found in states.items() if "undelivered" in found]),
        ("delivered", [number for number, found in states.items() if found == {"delivered"}]),
    ):
        waiting = update(SmsMessage).where(SmsMessage.id.in_(known), SmsMessage.state == "sent")
        changing = waiting.values(state=state, done_at=tx.now)
        tx.session.execute(changing, execution_options={"synchronize_session": False})


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
