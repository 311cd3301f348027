"""How work stands that was put in under a topic: what the table holds of it is the whole truth, so nothing is counted twice."""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.outbox.tables import Message


class Standing(StrEnum):
    """Of all that belongs to a topic the worst: what is done has left the table."""

    DONE = "done"
    WAITING = "waiting"
    AGAIN = "again"
    GIVEN_UP = "given_up"


def of(session: Session, topics: Sequence[str]) -> dict[str, Standing]:
    """Each topic's standing."""
    found = dict.fromkeys(topics, Standing.DONE)
    order = list(Standing)
    for row in session.scalars(select(Message).where(Message.topic.in_(topics))):
        # A piece that failed stays so while it is tried again.
        failed = Standing.AGAIN if row.last_error is not None else Standing.WAITING
        one = failed if row.given_up_at is None else Standing.GIVEN_UP
        found[str(row.topic)] = max(found[str(row.topic)], one, key=order.index)
    return found
