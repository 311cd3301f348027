"""Sending what is queued: once, through the first provider that takes it.

A message is taken by compare-and-set before a provider hears of it. If the server dies after that, whoever finds the message does
not know whether it went out, and marks it failed: the person asks for another code, and nothing is ever sent twice.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from idp.audit import Transaction
from idp.database.compare_and_set import compare_and_set
from idp.deployment import SYSTEM, Deployment
from idp.outbox import queue as outbox
from idp.sms import queue, reports
from idp.sms.errors import NoTemplate, SendError, Unreachable
from idp.sms.provider import Accepted, Provider, Reporting, TextMessage
from idp.sms.tables import SmsMessage, SmsProvider

# A provider that failed is asked last for a while, which doubles with each failure after the other.
SHORTEST_REST = timedelta(seconds=15)
LONGEST_REST = timedelta(minutes=10)


class Interrupted(SendError):
    """The server that was sending it went away."""

    code = "sms.interrupted"
    permanent = True
    elsewhere = False


class Expired(SendError):
    """It could not be sent while its code was good."""

    code = "sms.expired"
    permanent = True
    elsewhere = False


def sender(deployment: Deployment, providers: Sequence[Provider]) -> Callable[[dict[str, Any]], None]:
    """The outbox's handler for :data:`idp.sms.queue.KIND`. It raises only where the outbox shall try again."""

    def send(payload: dict[str, Any]) -> None:
        number = int(payload["message"])
        if not take(deployment, number):
            return
        try:
            hand_over(deployment, providers, queue.opened(deployment.ring.vault, payload))
        except SendError as error:
            if error.permanent or not _back(deployment, number, error):
                finish(deployment, number, error)
                return
            raise

    return send


def take(deployment: Deployment, number: int) -> bool:
    """Whether the message is ours to send now; one that is expired or was interrupted is marked so."""
    with deployment.transaction(SYSTEM) as tx:
        mine = SmsMessage.id == number, SmsMessage.state == "queued"
        taking = update(SmsMessage).where(*mine, SmsMessage.expires_at > tx.now).values(state="sending", taken_at=tx.now)
        if compare_and_set(tx.session, taking):
            return True
        row = tx.session.get(SmsMessage, number)
        if row is None or row.state not in ("queued", "sending"):
            return False
        if row.state == "sending":
            _fail(tx, number, Interrupted())
        else:
            _fail(tx, number, Expired(), state="queued")
        return False


def hand_over(deployment: Deployment, providers: Sequence[Provider], message: TextMessage) -> Accepted:
    """Gives a taken message to one provider after another until one has it.

    Raises a :class:`SendError`, one that is not permanent if any provider may still take it later. The message is still marked as
    being sent then: the caller says what becomes of it.
    """
    errors: list[SendError] = []
    for provider in in_order(deployment, providers):
        try:
            accepted = provider.send(message)
        except SendError as error:
            if not isinstance(error, NoTemplate):  # which says nothing about the provider
                _note_failure(deployment, provider.name, error)
            if not error.elsewhere:
                raise
            errors.append(error)
        else:
            _sent(deployment, provider, message, accepted)
            return accepted
    raise min(errors, key=lambda error: error.permanent, default=Unreachable(detail="no provider"))


def finish(deployment: Deployment, number: int, error: SendError) -> None:
    """Marks a message that was being sent as failed."""
    with deployment.transaction(SYSTEM) as tx:
        _fail(tx, number, error)


def in_order(deployment: Deployment, providers: Sequence[Provider]) -> list[Provider]:
    """The providers as configured, those that rest after a failure behind the others."""
    if len(providers) < 2:
        return list(providers)
    with deployment.reading() as session:
        resting = select(SmsProvider.name).where(SmsProvider.rests_until > deployment.clock.now())
        names = set(session.scalars(resting))
    return sorted(providers, key=lambda provider: provider.name in names)


def _back(deployment: Deployment, number: int, error: SendError) -> bool:
    with deployment.transaction(SYSTEM) as tx:
        back = update(SmsMessage).where(SmsMessage.id == number, SmsMessage.state == "sending")
        return compare_and_set(tx.session, back.values(state="queued", error=error.code))


def _sent(deployment: Deployment, provider: Provider, message: TextMessage, accepted: Accepted) -> None:
    with deployment.transaction(SYSTEM) as tx:
        well = update(SmsProvider).where(SmsProvider.name == provider.name)
        well = well.values(sent_at=tx.now, failures=0, rests_until=None)
        if not compare_and_set(tx.session, well):  # its first message ever
            _provider_row(tx, provider.name)
            compare_and_set(tx.session, well)
        reports.accept(tx, deployment.settings, provider.name, message.reference, accepted, state="sending")
        if isinstance(provider, Reporting):  # it does not report by itself
            payload = {"message": message.reference, "sealed": queue.seal(deployment.ring.vault, message)}
            outbox.put(tx, queue.REPORT_KIND, payload, subject=f"sms:{message.reference}")


def _note_failure(deployment: Deployment, provider: str, error: SendError) -> None:
    with deployment.transaction(SYSTEM) as tx:
        row = _provider_row(tx, provider)
        text = f"{error.code} {error.detail or ''}".strip()[:120]
        values: dict[str, Any] = {"failed_at": tx.now, "error": text}
        if error.elsewhere or error.code == "sms.unknown":  # it lies with the provider, not with the number
            rest = min(SHORTEST_REST * 2 ** min(row.failures, 10), LONGEST_REST)
            values |= {"failures": SmsProvider.failures + 1, "rests_until": tx.now + rest}
        tx.session.execute(update(SmsProvider).where(SmsProvider.name == provider).values(values))


def _provider_row(tx: Transaction, name: str) -> SmsProvider:
    reports.insert_if_absent(tx, SmsProvider, {"name": name, "failures": 0})
    return tx.session.get_one(SmsProvider, name, populate_existing=True)


def _fail(tx: Transaction, number: int, error: SendError, *, state: str = "sending") -> None:
    failing = update(SmsMessage).where(SmsMessage.id == number, SmsMessage.state == state)
    compare_and_set(tx.session, failing.values(state="failed", error=error.code, done_at=tx.now))
