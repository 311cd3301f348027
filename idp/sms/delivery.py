"""Sending what is queued: once, through the first provider that takes it, many at a time.

Messages are taken by compare-and-set before a provider hears of them, and settled together afterwards: a transaction each for any
number. If the server dies in between, whoever finds a message does not know whether it went out, and marks it failed: the person
asks for another code, and nothing is ever sent twice.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from idp.audit import Transaction
from idp.database.compare_and_set import compare_and_set, compare_and_set_many
from idp.deployment import SYSTEM, Deployment
from idp.errors import YimaError
from idp.outbox import queue as outbox
from idp.outbox.worker import Batch
from idp.sms import queue, reports
from idp.sms.errors import NoTemplate, SendError, Unreachable
from idp.sms.one_by_one import send_each
from idp.sms.provider import Accepted, Provider, Reporting, SendsMany, TextMessage
from idp.sms.tables import SmsMessage, SmsProvider

# A provider that failed is asked last for a while, which doubles with each failure after the other.
SHORTEST_REST = timedelta(seconds=15)
LONGEST_REST = timedelta(minutes=10)

# So many messages are taken at once. Of a server that dies in the middle of them, so many people have to ask again.
BATCH = 64
# Nothing of a batch is begun later than this; with ``sms_timeout`` (at most 10) on top the outbox's lease is not over yet.
BEGUN_WITHIN_SECONDS = 30.0


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


@dataclass(frozen=True)
class Handed:
    """A message that ``provider`` took."""

    provider: Provider
    message: TextMessage
    accepted: Accepted


def sender(deployment: Deployment, providers: Sequence[Provider]) -> Batch:
    """The outbox's handler for :data:`idp.sms.queue.KIND`. It wants to be tried again only where nothing was sent."""

    def send(payloads: Sequence[dict[str, Any]]) -> list[YimaError | None]:
        until = time.monotonic() + BEGUN_WITHIN_SECONDS
        numbers = [int(payload["message"]) for payload in payloads]
        mine, again, messages = take(deployment, numbers), dict[int, YimaError](), dict[int, TextMessage]()
        for number, payload in zip(numbers, payloads, strict=True):
            if number in mine:
                try:
                    messages[number] = queue.opened(deployment.ring.vault, payload)
                except YimaError as error:
                    again[number] = error
        again |= settle(deployment, hand_over(deployment, providers, list(messages.values()), until=until))
        return [again.get(number) for number in numbers]

    return Batch(send, BATCH)


def take(deployment: Deployment, numbers: Sequence[int]) -> set[int]:
    """Those of the messages that are ours to send now; what is expired or was interrupted is marked so."""
    with deployment.transaction(SYSTEM) as tx:
        mine = SmsMessage.id.in_(numbers), SmsMessage.state == "queued"
        taking = update(SmsMessage).where(*mine, SmsMessage.expires_at > tx.now).values(state="sending", taken_at=tx.now)
        ours = compare_and_set_many(tx.session, taking.returning(SmsMessage.id))
        others = select(SmsMessage.id, SmsMessage.state).where(SmsMessage.id.in_(set(numbers) - ours))
        for row in tx.session.execute(others).all():
            if row.state == "sending":
                _fail(tx, [row.id], Interrupted())
            elif row.state == "queued":
                _fail(tx, [row.id], Expired(), state="queued")
        return ours


def hand_over(
    deployment: Deployment, providers: Sequence[Provider], messages: Sequence[TextMessage], *, until: float | None = None
) -> dict[int, Handed | SendError]:
    """Gives taken messages to one provider after another until one has them; what became of each, by its reference.

    Nothing is begun after ``until``, a moment of the monotonic clock. An error that is not permanent says that any provider may
    still take the message later. The messages are still marked as being sent: :func:`settle` writes down what is returned.
    """
    until = time.monotonic() + BEGUN_WITHIN_SECONDS if until is None else until
    results: dict[int, Handed | SendError] = {one.reference: Unreachable(detail="no provider") for one in messages}
    waiting, refused = list(messages), defaultdict[int, list[SendError]](list)
    for provider in in_order(deployment, providers) if messages else ():
        outcomes = provider.send_many(waiting, until) if isinstance(provider, SendsMany) else send_each(provider, waiting, until)
        _note_failure(deployment, provider.name, [one for one in outcomes if isinstance(one, SendError)])
        still = []
        for message, outcome in zip(waiting, outcomes, strict=True):
            if isinstance(outcome, Accepted):
                results[message.reference] = Handed(provider, message, outcome)
                continue
            errors = refused[message.reference]
            errors.append(outcome)
            results[message.reference] = min(errors, key=lambda error: error.permanent) if outcome.elsewhere else outcome
            if outcome.elsewhere:
                still.append(message)
        waiting = still
        if not waiting:
            break
    return results


def settle(deployment: Deployment, results: Mapping[int, Handed | SendError]) -> dict[int, SendError]:
    """Writes down what became of messages that were being sent; returns those to be tried again, which wait once more."""
    if not results:
        return {}
    handed = [one for one in results.values() if isinstance(one, Handed)]
    errors = {number: error for number, error in results.items() if isinstance(error, SendError)}
    with deployment.transaction(SYSTEM) as tx:
        for provider in {one.provider.name: one.provider for one in handed}.values():
            _sent(tx, deployment, provider, [one for one in handed if one.provider is provider])
        again = {number: error for number, error in errors.items() if not error.permanent}
        for code, numbers in _by_code(again).items():
            back = update(SmsMessage).where(SmsMessage.id.in_(numbers), SmsMessage.state == "sending")
            kept = compare_and_set_many(tx.session, back.values(state="queued", error=code).returning(SmsMessage.id))
            again = {number: error for number, error in again.items() if error.code != code or number in kept}
        for numbers in _by_code({number: error for number, error in errors.items() if error.permanent}).values():
            _fail(tx, numbers, errors[numbers[0]])
    return again


def finish(deployment: Deployment, number: int, error: SendError) -> None:
    """Marks a message that was being sent as failed."""
    with deployment.transaction(SYSTEM) as tx:
        _fail(tx, [number], error)


def in_order(deployment: Deployment, providers: Sequence[Provider]) -> list[Provider]:
    """The providers as configured, those that rest after a failure behind the others."""
    if len(providers) < 2:
        return list(providers)
    with deployment.reading() as session:
        resting = select(SmsProvider.name).where(SmsProvider.rests_until > deployment.clock.now())
        names = set(session.scalars(resting))
    return sorted(providers, key=lambda provider: provider.name in names)


def _sent(tx: Transaction, deployment: Deployment, provider: Provider, handed: Sequence[Handed]) -> None:
    well = update(SmsProvider).where(SmsProvider.name == provider.name)
    well = well.values(sent_at=tx.now, failures=0, rests_until=None)
    if not compare_and_set(tx.session, well):  # its first message ever
        _provider_row(tx, provider.name)
        compare_and_set(tx.session, well)
    accepted = {one.message.reference: one.accepted for one in handed}
    reports.accept(tx, deployment.settings, provider.name, accepted, state="sending")
    if isinstance(provider, Reporting):  # it does not report by itself
        for one in handed:
            reference = one.message.reference
            payload = {"message": reference, "sealed": queue.seal(deployment.ring.vault, one.message)}
            outbox.put(tx, queue.REPORT_KIND, payload, subject=f"sms:{reference}")


def _note_failure(deployment: Deployment, provider: str, errors: Iterable[SendError]) -> None:
    """The worst of what happened with a provider, once for all messages of a batch."""
    telling = [error for error in errors if not isinstance(error, NoTemplate)]  # which says nothing about the provider
    if not telling:
        return
    # It lies with the provider, not with the number.
    theirs = [error for error in telling if error.elsewhere or error.code == "sms.unknown"]
    error = (theirs or telling)[0]
    with deployment.transaction(SYSTEM) as tx:
        row = _provider_row(tx, provider)
        text = f"{error.code} {error.detail or ''}".strip()[:120]
        values: dict[str, Any] = {"failed_at": tx.now, "error": text}
        if theirs:
            rest = min(SHORTEST_REST * 2 ** min(row.failures, 10), LONGEST_REST)
            values |= {"failures": SmsProvider.failures + 1, "rests_until": tx.now + rest}
        tx.session.execute(update(SmsProvider).where(SmsProvider.name == provider).values(values))


def _provider_row(tx: Transaction, name: str) -> SmsProvider:
    reports.insert_if_absent(tx, SmsProvider, [{"name": name, "failures": 0}])
    return tx.session.get_one(SmsProvider, name, populate_existing=True)


def _by_code(errors: Mapping[int, SendError]) -> dict[str, list[int]]:
    found = defaultdict[str, list[int]](list)
    for number, error in errors.items():
        found[error.code].append(number)
    return found


def _fail(tx: Transaction, numbers: Sequence[int], error: SendError, *, state: str = "sending") -> None:
    failing = update(SmsMessage).where(SmsMessage.id.in_(numbers), SmsMessage.state == state)
    failing = failing.values(state="failed", error=error.code, done_at=tx.now)
    tx.session.execute(failing, execution_options={"synchronize_session": False})
