"""Putting a letter into the outbox, sealed, and sending it from there."""

import json
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from idp.audit import Action, Transaction
from idp.deployment import SYSTEM, Deployment
from idp.keys import Vault
from idp.mail.errors import LetterRefused
from idp.mail.letter import Letter
from idp.mail.smtp import Smtp
from idp.outbox import queue as outbox
from idp.outbox.sealed import SealedPayload

KIND = "mail"
SEALED = (SealedPayload(KIND, "mail:{mail}"),)


def put(tx: Transaction, vault: Vault, address: str, *, subject: str, text: str) -> str:
    """Has a letter sent to ``address``; returns its reference."""
    reference = secrets.token_hex(16)
    content = json.dumps({"address": address, "subject": subject, "text": text}, ensure_ascii=False)
    payload = {"mail": reference, "written_at": tx.now.isoformat(), "sealed": vault.seal(content, context=_context(reference))}
    outbox.put(tx, KIND, payload, subject=f"mail:{reference}")
    return reference


def opened(vault: Vault, payload: dict[str, Any]) -> Letter:
    """The letter of an outbox payload. Raises a ``CryptoError`` for one that was moved or changed."""
    reference = str(payload["mail"])
    content = json.loads(vault.open(payload["sealed"], context=_context(reference)))
    written = datetime.fromisoformat(payload["written_at"])
    return Letter(reference, content["address"], content["subject"], content["text"], written)


def sender(deployment: Deployment, server: Smtp) -> Callable[[dict[str, Any]], None]:
    """The outbox's handler for :data:`KIND`. It raises only where the outbox shall try again."""

    def send(payload: dict[str, Any]) -> None:
        letter = opened(deployment.ring.vault, payload)
        try:
            server.send(letter)
        except LetterRefused as error:
            with deployment.transaction(SYSTEM) as tx:
                detail = {"kind": KIND, "error": error.detail}
                tx.record(Action.DELIVERY_GIVEN_UP, subject=f"mail:{letter.reference}", outcome="failure", detail=detail)

    return send


def _context(reference: str) -> str:
    return f"mail:{reference}"
