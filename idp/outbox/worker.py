"""Carrying the work out."""

import logging
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update

from idp.audit import Action, Transaction
from idp.deployment import SYSTEM, Deployment
from idp.errors import YimaError
from idp.i18n import N_
from idp.outbox.tables import Message

log = logging.getLogger("yima.outbox")

Handler = Callable[[dict[str, Any]], None]
"""Does one piece of work. Raises a ``YimaError`` where it did not succeed."""


class NobodyThere(YimaError):
    """Whom a piece was for is there no longer: trying again changes nothing."""

    code = "outbox.nobody"
    default_message = N_("There is nobody there any more to send it to.")


@dataclass(frozen=True)
class Batch:
    """A handler that does up to ``size`` pieces at once, within the lease.

    ``run`` answers for each piece, in their order: ``None``, or the error for which it shall be tried again.
    """

    run: Callable[[Sequence[dict[str, Any]]], Sequence[YimaError | None]]
    size: int


# How long after a failed try the next one comes; after the last of them the work is given up.
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 3600))
LEASE = timedelta(seconds=60)
POLL_SECONDS = 1.0
BATCH = 50


def run_due(deployment: Deployment, handlers: Mapping[str, Handler | Batch]) -> int:
    """Does what is due now of the kinds in ``handlers``, outside of any transaction; returns how many pieces were tried."""
    single = {kind: handler for kind, handler in handlers.items() if not isinstance(handler, Batch)}
    batches = {kind: handler for kind, handler in handlers.items() if isinstance(handler, Batch)}
    due = _due(deployment, handlers)
    numbers = [number for number, kind in due if kind in single]
    random.shuffle(numbers)  # workers that look at the same moment do not all reach for the same one
    waiting = {kind for _, kind in due}
    done = sum(_run_batch(deployment, kind, batch) for kind, batch in batches.items() if kind in waiting)
    return done + sum(run_one(deployment, single, number) for number in numbers)


def start(deployment: Deployment, handlers: Mapping[str, Handler | Batch]) -> Callable[[], None]:
    """Looks every second, and at once again where there was work, in a thread of its own until the returned function is called."""
    stop = threading.Event()

    def run() -> None:
        done = 0
        while not stop.wait(0 if done else POLL_SECONDS):
            done = 0
            try:
                done = run_due(deployment, handlers)
            except Exception:
                log.exception("the outbox failed")

    threading.Thread(target=run, name="outbox", daemon=True).start()
    return stop.set


def _due(deployment: Deployment, handlers: Mapping[str, Handler | Batch]) -> list[tuple[int, str]]:
    """What waits, seen without holding anybody up."""
    with deployment.reading() as session:
        due = select(Message.id, Message.kind).where(
            Message.given_up_at.is_(None), Message.due_at <= deployment.clock.now(), Message.kind.in_(handlers)
        )
        return [(row.id, row.kind) for row in session.execute(due.order_by(Message.due_at).limit(BATCH))]


def run_one(deployment: Deployment, handlers: Mapping[str, Handler], number: int) -> bool:
    """Does one piece, unless another server has it; whether it was ours."""
    with deployment.transaction(SYSTEM) as tx:
        taken = _take(tx, [number])
    for message in taken:
        try:
            handlers[message.kind](message.payload)
        except YimaError as error:
            _settle(deployment, [(message, error)])
        else:
            _settle(deployment, [(message, None)])
    return bool(taken)


def _run_batch(deployment: Deployment, kind: str, batch: Batch) -> int:
    """One transaction to take the pieces, one to write down what became of them."""
    with deployment.transaction(SYSTEM) as tx:
        due = select(Message.id).where(Message.given_up_at.is_(None), Message.due_at <= tx.now, Message.kind == kind)
        # Rows that another worker is just taking are passed over, not waited for (SQLite has one writer anyway).
        mine = due.order_by(Message.due_at, Message.id).limit(batch.size).with_for_update(skip_locked=True)
        taken = sorted(_take(tx, tx.session.scalars(mine).all()), key=lambda message: message.id)
    if taken:
        outcomes = batch.run([message.payload for message in taken])
        _settle(deployment, list(zip(taken, outcomes, strict=True)))
    return len(taken)


def _take(tx: Transaction, numbers: Sequence[int]) -> Sequence[Message]:
    """Those of the messages that are ours alone until the lease ends; the others went to another server."""
    taking = (
        update(Message)
        .where(Message.id.in_(numbers), Message.due_at <= tx.now, Message.given_up_at.is_(None))
        .values(tries=Message.tries + 1, due_at=tx.now + LEASE)
        .returning(Message)
    )
    return tx.session.scalars(taking, execution_options={"synchronize_session": False}).all()


def _settle(deployment: Deployment, outcomes: Sequence[tuple[Message, YimaError | None]]) -> None:
    """What was done goes; what failed comes again, or is given up."""
    with deployment.transaction(SYSTEM) as tx:
        done = [message.id for message, error in outcomes if error is None]
        if done:
            tx.session.execute(delete(Message).where(Message.id.in_(done)))
        for message, error in outcomes:
            if error is not None:
                _failed(tx, message, error)


def _failed(tx: Transaction, message: Message, error: YimaError) -> None:
    tries = message.tries
    log.warning("%s about %s: try %s failed: %s", message.kind, message.subject, tries, error.detail or error)
    row = tx.session.get_one(Message, message.id)
    row.last_error = str(error.detail or error)[:500]
    if tries <= len(PAUSES) and not isinstance(error, NobodyThere):
        row.due_at = tx.now + PAUSES[tries - 1]
        return
    row.given_up_at = tx.now
    detail = {"kind": message.kind, "tries": tries, "error": row.last_error}
    tx.record(Action.DELIVERY_GIVEN_UP, subject=message.subject, outcome="failure", detail=detail)
