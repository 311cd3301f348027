"""Writing a message down, in the transaction that makes it necessary."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.keys import Vault
from idp.outbox import queue as outbox
from idp.outbox.sealed import SealedPayload
from idp.settings import Settings
from idp.sms import limits, numbers, segments, templates
from idp.sms.errors import NotAvailable
from idp.sms.limits import Limits
from idp.sms.provider import TextMessage
from idp.sms.tables import SmsMessage
from idp.sms.templates import Purpose, Wording

KIND = "sms"
REPORT_KIND = "sms_report"
SEALED = tuple(SealedPayload(kind, "sms_message:{message}") for kind in (KIND, REPORT_KIND))
LIFETIME = timedelta(minutes=5)  # a code is good for as long; what is later than that helps nobody
NOTICE_LIFETIME = timedelta(hours=6)


@dataclass(frozen=True)
class Asker:
    """Who caused a message: the person, if it is about one, and the IP address, ``None`` for the command line."""

    person_id: int | None
    address: str | None


def put(
    tx: Transaction,
    vault: Vault,
    settings: Settings,
    phone: str,
    purpose: Purpose,
    wording: Wording,
    *,
    locale: str,
    asker: Asker,
    challenge_id: str | None = None,
) -> int:
    """Counts a message to ``phone`` (E.164) against every limit and puts it into the outbox; returns its number.

    Raises :class:`NotAvailable`, or an error of the limits; then nothing was counted and nothing is sent.
    """
    row = write(tx, vault, settings, phone, purpose, wording, locale=locale, asker=asker, challenge_id=challenge_id)
    message = compose(settings, row.id, phone, purpose, wording, locale=locale)
    outbox.put(tx, KIND, {"message": row.id, "sealed": seal(vault, message)}, subject=f"sms:{row.id}")
    return row.id


def write(
    tx: Transaction,
    vault: Vault,
    settings: Settings,
    phone: str,
    purpose: Purpose,
    wording: Wording,
    *,
    locale: str,
    asker: Asker,
    challenge_id: str | None = None,
) -> SmsMessage:
    """The row of a message, counted, for somebody who sends it at once. Raises as :func:`put` does."""
    if not settings.sms_provider_list:
        raise NotAvailable
    numbers.check_country(phone, settings.sms_country_list)
    index = vault.blind_index("phone", phone)
    parts = segments.split(templates.render(purpose, locale, wording, public_url=settings.public_url))
    if purpose is Purpose.NOTICE:
        limits.count_notice(tx, phone_index=index)
    else:
        limits.count(tx, Limits.of(settings), phone_index=index, person_id=asker.person_id, address=asker.address)
    row = SmsMessage(
        purpose=purpose.value,
        challenge_id=challenge_id,
        phone_index=index,
        phone_masked=numbers.masked(phone),
        state="queued",
        segments=len(parts),
        created_at=tx.now,
        expires_at=tx.now + (NOTICE_LIFETIME if purpose is Purpose.NOTICE else LIFETIME),
    )
    tx.session.add(row)
    tx.session.flush()
    return row


def compose(settings: Settings, reference: int, phone: str, purpose: Purpose, wording: Wording, *, locale: str) -> TextMessage:
    """The message as providers take it."""
    text = templates.render(purpose, locale, wording, public_url=settings.public_url)
    return TextMessage(reference, phone, text, locale, templates.values(wording))


def seal(vault: Vault, message: TextMessage) -> str:
    """The message as it waits in the outbox: under the ring's key, and for this row only."""
    content = {"phone": message.phone, "text": message.text, "locale": message.locale, "values": dict(message.values)}
    return vault.seal(json.dumps(content), context=f"sms_message:{message.reference}")


def opened(vault: Vault, payload: dict[str, Any]) -> TextMessage:
    """The message of an outbox payload. Raises a ``CryptoError`` for one that was moved or changed."""
    reference = int(payload["message"])
    content = json.loads(vault.open(payload["sealed"], context=f"sms_message:{reference}"))
    return TextMessage(reference, content["phone"], content["text"], content["locale"], content["values"])


@dataclass(frozen=True)
class Whereabouts:
    """What a page can say about a message: its state, why it failed, and where it went."""

    state: str
    error: str | None
    phone_masked: str
    created_at: datetime


def latest(session: Session, challenge_id: str) -> Whereabouts | None:
    """The last message for a challenge, ``None`` if there was none."""
    last = select(SmsMessage).where(SmsMessage.challenge_id == challenge_id).order_by(SmsMessage.id.desc()).limit(1)
    row = session.scalar(last)
    return None if row is None else Whereabouts(row.state, row.error, row.phone_masked, row.created_at)
