"""Putting work in, in the transaction that makes it necessary."""

from typing import Any

from idp.audit import Transaction
from idp.outbox.tables import Message


def put(tx: Transaction, kind: str, payload: dict[str, Any], *, subject: str) -> None:
    """Writes work down. ``subject`` names in the journal what it is about, should it be given up."""
    row = Message(kind=kind, subject=subject, payload=payload, created_at=tx.now, due_at=tx.now, tries=0)
    tx.session.add(row)
