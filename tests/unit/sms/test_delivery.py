"""Sending what is queued: once, through the first provider that takes it, and never a second time."""

import dataclasses

import pytest
from sqlalchemy import select, update

from idp.deployment import Deployment
from idp.outbox import worker
from idp.outbox.tables import Message
from idp.sms import delivery, queue, reports
from idp.sms.errors import Busy, NotAvailable, NoTemplate, NumberRefused, OutcomeUnknown, ProviderLimit, SendError, Unreachable
from idp.sms.provider import Accepted, Provider, Report, TextMessage
from idp.sms.queue import Asker
from idp.sms.reports import ReportBook
from idp.sms.tables import SmsMessage, SmsProvider
from idp.sms.templates import Purpose, Wording
from tests.at_once import at_once
from tests.clocks import SettableClock
from tests.people import OPERATOR


class Scripted:
    """A provider that answers as told: an error for each try, then it takes the message in two segments."""

    def __init__(self, name: str, *errors: type[SendError]) -> None:
        self.name, self.errors, self.sent = name, list(errors), list[TextMessage]()

    def send(self, message: TextMessage) -> Accepted:
        if self.errors:
            raise self.errors.pop(0)(detail="x")
        self.sent.append(message)
        return Accepted((f"{message.reference}a", f"{message.reference}b"))

    def close(self) -> None: ...


@pytest.fixture
def here(deployment: Deployment) -> Deployment:
    settings = deployment.settings.model_copy(update={"sms_providers": "cmpp3,aliyun", "sms_cmpp3_price": 4})
    return dataclasses.replace(deployment, settings=settings)


def put(here: Deployment, code: str = "814095") -> int:
    with here.transaction(OPERATOR) as tx:
        wording = Wording("第一小学", "教务系统", code)
        asker = Asker(None, None)
        return queue.put(tx, here.ring.vault, here.settings, "+8613800000000", Purpose.SIGN_IN, wording, locale="en", asker=asker)


def run(here: Deployment, *providers: Provider) -> None:
    worker.run_due(here, {queue.KIND: delivery.sender(here, providers)})


def row(here: Deployment, number: int) -> SmsMessage:
    with here.reading() as session:
        return session.get_one(SmsMessage, number)


def test_a_message_goes_through_the_first_provider_and_its_cost_is_kept(here: Deployment) -> None:
    number, first, second = put(here), Scripted("cmpp3"), Scripted("smpp")
    run(here, first, second)
    kept = row(here, number)
    assert (kept.state, kept.provider, kept.cost_fen, kept.phone_masked) == ("sent", "cmpp3", 8, "138****0000")
    assert first.sent[0].text.endswith("\n\n@localhost #814095")
    assert second.sent == []


def test_neither_code_nor_number_nor_text_stands_in_the_database(here: Deployment) -> None:
    put(here)
    with here.reading() as session:
        texts = [
            str(value) for table in (SmsMessage, Message) for r in session.scalars(select(table)) for value in vars(r).values()
        ]
    assert not any("814095" in text or "13800000000" in text or "教务" in text for text in texts)


@pytest.mark.parametrize("error", [Unreachable, Busy])
def test_what_certainly_was_not_sent_goes_elsewhere_and_the_failing_one_is_asked_last_for_a_while(
    here: Deployment, clock: SettableClock, error: type[SendError]
) -> None:
    first, second = Scripted("cmpp3", error), Scripted("smpp")
    number = put(here)
    run(here, first, second)
    assert row(here, number).provider == "smpp"
    assert [one.name for one in delivery.in_order(here, [first, second])] == ["smpp", "cmpp3"]
    clock.forward(seconds=16)
    assert [one.name for one in delivery.in_order(here, [first, second])] == ["cmpp3", "smpp"]


@pytest.mark.parametrize("error", [OutcomeUnknown, NumberRefused, ProviderLimit])
def test_what_may_have_been_sent_or_is_refused_for_the_number_goes_nowhere_else(here: Deployment, error: type[SendError]) -> None:
    number, second = put(here), Scripted("smpp")
    run(here, Scripted("cmpp3", error), second)
    run(here, second)
    assert second.sent == []
    assert (row(here, number).state, row(here, number).error) == ("failed", error.code)


def test_where_all_are_away_it_is_tried_again_until_its_code_is_old(here: Deployment, clock: SettableClock) -> None:
    number, only = put(here), Scripted("cmpp3", Unreachable, Unreachable, Unreachable, Unreachable, Unreachable)
    run(here, only)
    assert row(here, number).state == "queued"
    for seconds in (5, 30, 300):
        clock.forward(seconds=seconds)
        run(here, only)
    assert (row(here, number).state, row(here, number).error) == ("failed", "sms.expired")


def test_a_server_that_dies_while_sending_leads_to_not_sent_and_never_to_sent_twice(here: Deployment, clock: SettableClock) -> None:
    number, only = put(here), Scripted("cmpp3")
    assert delivery.take(here, [number]) == {number}
    run(here, only)
    assert only.sent == []
    assert (row(here, number).state, row(here, number).error) == ("failed", "sms.interrupted")


def test_twenty_workers_at_once_send_one_message_once(here: Deployment) -> None:
    number, only = put(here), Scripted("cmpp3")
    at_once(lambda _: run(here, only))
    assert len(only.sent) == 1
    assert row(here, number).state == "sent"


def test_a_message_has_arrived_when_every_segment_has_and_not_when_one_has_not(here: Deployment, clock: SettableClock) -> None:
    book, only = ReportBook(here), Scripted("cmpp3")
    for second, state in ((True, "delivered"), (False, "undelivered")):
        number = put(here)
        run(here, only)
        book.reported("cmpp3", Report(f"{number}a", True, "DELIVRD"))
        assert row(here, number).state == "sent"
        book.reported("cmpp3", Report(f"{number}b", second, "X"))
        book.reported("cmpp3", Report(f"{number}b", not second, "Y"))
        assert row(here, number).state == state
        clock.forward(minutes=2)


def test_both_reports_at_once_and_before_the_answer_was_written_down_are_found(here: Deployment) -> None:
    number, book = put(here), ReportBook(here)
    names = [f"{number}a", f"{number}b"]
    at_once(lambda one: book.reported("cmpp3", Report(names[one % 2], True, "DELIVRD")))
    run(here, Scripted("cmpp3"))
    assert row(here, number).state == "delivered"


def test_an_unknown_message_that_was_taken_after_all_is_sent(here: Deployment) -> None:
    number = put(here)
    run(here, Scripted("cmpp3", OutcomeUnknown))
    ReportBook(here).accepted_late("cmpp3", number, Accepted(("1",)))
    assert row(here, number).state == "sent"


def test_without_a_provider_nothing_is_written_down(deployment: Deployment) -> None:
    with pytest.raises(NotAvailable):
        put(deployment)


def test_a_payload_moved_to_another_message_does_not_open(here: Deployment, clock: SettableClock) -> None:
    number = put(here)
    clock.forward(minutes=2)
    second = put(here, "000000")
    with here.transaction(OPERATOR) as tx:
        first, other = tx.session.scalars(select(Message).order_by(Message.id)).all()
        moved = {**first.payload, "message": second}
        tx.session.execute(update(Message).where(Message.id == other.id).values(payload=moved))
    only = Scripted("cmpp3")
    run(here, only)
    assert [message.reference for message in only.sent] == [number]
    assert (row(here, number).state, row(here, second).state) == ("sent", "sending")
    clock.forward(minutes=1)
    run(here, only)
    assert [message.reference for message in only.sent] == [number]
    assert (row(here, second).state, row(here, second).error) == ("failed", "sms.interrupted")


def test_a_provider_that_is_asked_for_reports_is_asked_again_until_it_knows(here: Deployment, clock: SettableClock) -> None:
    known: list[Report | None] = [None, None]

    class Asked(Scripted):
        def report(self, message: TextMessage, id: str, sent_at: object) -> Report | None:  # noqa: A002
            return known.pop(0) if known else Report(id, True, "DELIVERED")

    number, only = put(here), Asked("aliyun")
    run(here, only)
    for _ in range(4):
        worker.run_due(here, {queue.REPORT_KIND: reports.asker(here, [only])})
        clock.forward(minutes=3)
    assert row(here, number).state == "delivered"


def test_a_provider_without_the_approved_text_is_passed_over_and_does_not_rest_for_it(here: Deployment) -> None:
    number, first, second = put(here), Scripted("aliyun", NoTemplate), Scripted("smpp")
    run(here, first, second)
    assert row(here, number).provider == "smpp"
    assert [one.name for one in delivery.in_order(here, [first, second])] == ["aliyun", "smpp"]
    with here.reading() as session:
        assert session.get(SmsProvider, "aliyun") is None
