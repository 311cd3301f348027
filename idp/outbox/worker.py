"""Carrying the work out."""

import logging
import random
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update

from idp.audit import Action
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


# How long after a failed try the next one comes; after the last of them the work is given up.
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 3600))
LEASE = timedelta(seconds=60)
POLL_SECONDS = 1.0
BATCH = 50


def run_due(deployment: Deployment, handlers: Mapping[str, Handler]) -> int:
    """Does what is due now of the kinds in ``handlers``, each piece outside of any transaction; returns how many were tried."""
    with deployment.reading() as session:
        due = select(Message.id).where(
            Message.given_up_at.is_(None), Message.due_at <= deployment.clock.now(), Message.kind.in_(handlers)
        )
        ids = list(session.scalars(due.order_by(Message.due_at).limit(BATCH)))
    random.shuffle(ids)  # workers that look at the same moment do not all reach for the same one
    return sum(run_one(deployment, handlers, number) for number in ids)


def start(deployment: Deployment, handlers: Mapping[str, Handler]) -> Callable[[], None]:
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


def run_one(deployment: Deployment, handlers: Mapping[str, Handler], number: int) -> bool:
    """Does one piece, unless another server has it; whether it was ours."""
    message = _take(deployment, number)
    if message is None:
        return False
    try:
        handlers[message.kind](message.payload)
    except YimaError as error:
        _failed(deployment, message, error)
    else:
        with deployment.transaction(SYSTEM) as tx:
            tx.session.execute(delete(Message).where(Message.id == message.id))
    return True


def _take(deployment: Deployment, number: int) -> Message | None:
    """The message, for us alone until the lease ends; ``None`` where another server was first."""
    with deployment.transaction(SYSTEM) as tx:
        taking = (
            update(Message)
            .where(Message.id == number, Message.due_at <= tx.now, Message.given_up_at.is_(None))
            .values(tries=Message.tries + 1, due_at=tx.now + LEASE)
            .returning(Message)
        )
        return tx.session.scalar(taking, execution_options={"synchronize_session": False})


def _failed(deployment: Deployment, message: Message, error: YimaError) -> None:
    tries = message.tries
    log.warning("%s about %s: try %s failed: %s", message.kind, message.subject, tries, error.detail or error)
    with deployment.transaction(SYSTEM) as tx:
        row = tx.session.get_one(Message, message.id)
        row.last_error = str(error.detail or error)[:500]
        if tries <= len(PAUSES) and not isinstance(error, NobodyThere):
            row.due_at = tx.now + PAUSES[tries - 1]
            return
        row.given_up_at = tx.now
        detail = {"kind": message.kind, "tries": tries, "error": row.last_error}
        tx.record(Action.DELIVERY_GIVEN_UP, subject=message.subject, outcome="failure", detail=detail)
