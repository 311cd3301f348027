"""What the vendors' HTTP interfaces have in common: JSON in, JSON out, and errors named by a code."""

import json
import re
from typing import Any, NoReturn

from idp.outgoing import Fetched, FetchFailed
from idp.sms.errors import MessageRefused, OutcomeUnknown, SendError, Unreachable

# What ``FetchFailed`` says where certainly nothing was sent yet.
_BEFORE = ("ConnectError", "ConnectTimeout", "PoolTimeout", "only https is fetched", "a private address")
# The beginning of a vendor's code, and what it means to us; the first that fits holds.
Meanings = tuple[tuple[str, type[SendError]], ...]


def not_fetched(error: FetchFailed) -> NoReturn:
    """Says whether the request may have arrived. Raises :class:`Unreachable` or :class:`OutcomeUnknown`."""
    kind = Unreachable if error.detail in _BEFORE else OutcomeUnknown
    raise kind(detail=error.detail) from None


def parsed(answer: Fetched) -> dict[str, Any]:
    """The JSON object of an answer. Raises :class:`OutcomeUnknown` for anything else: nobody knows what it was the answer to."""
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise OutcomeUnknown(detail=f"status {answer.status}") from None
    if not isinstance(value, dict):
        raise OutcomeUnknown(detail=f"status {answer.status}")
    return value


def refused(code: object, meanings: Meanings) -> NoReturn:
    """Raises what the vendor's code means; one we do not know is taken to be about the message."""
    text = code if isinstance(code, str) and re.fullmatch(r"[A-Za-z0-9_.:-]{1,80}", code) else "unreadable code"
    kind = next((kind for beginning, kind in meanings if text.startswith(beginning)), MessageRefused)
    raise kind(detail=text)
