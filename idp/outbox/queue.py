"""Putting work in, in the transaction that makes it necessary."""

from typing import Any
from urllib.parse import urlsplit

from idp.audit import Transaction
from idp.outbox.tables import Message


def put(
    tx: Transaction, kind: str, payload: dict[str, Any], *, subject: str, url: str | None = None, topic: str | None = None
) -> None:
    """Writes work down. ``subject`` names in the journal what it is about, should it be given up.

    ``url`` is where it will go, so that a host which does not answer holds up nobody else's. By its ``topic`` whoever put it in
    asks how it stands (:mod:`idp.outbox.standing`).
    """
    row = Message(kind=kind, subject=subject, payload=payload, topic=topic, created_at=tx.now, due_at=tx.now, tries=0)
    row.place = urlsplit(url).netloc.lower()[:255] if url is not None else None
    tx.session.add(row)
