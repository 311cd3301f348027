"""Many messages at a time: each once, whatever becomes of the provider or of us in the middle of them."""

import dataclasses
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import func, select

from idp.deployment import Deployment, open_deployment
from idp.outbox import worker
from idp.outbox.tables import Message
from idp.settings import Settings
from idp.sms import delivery, queue
from idp.sms.errors import MessageRefused, NumberRefused, OutcomeUnknown, SendError, Unreachable
from idp.sms.provider import Accepted, Provider, Report, TextMessage
from idp.sms.queue import Asker
from idp.sms.reports import ReportBook
from idp.sms.tables import SmsMessage, SmsProvider
from idp.sms.templates import Purpose, Wording
from tests.at_once import at_once
from tests.clocks import SettableClock
from tests.people import OPERATOR
from tests.services.cmpp_gateway import gateway
from tests.services.processes import ROOT
from tests.unit.sms.test_cmpp3 import message, provider
from tests.unit.sms.test_delivery import Scripted

COUNT = 40


class Many(Scripted):
    """A provider with many messages on the way: takes as many as it is told, then has an error for each of the rest."""

    def __init__(self, name: str, takes: int = 1000, error: type[SendError] = Unreachable) -> None:
        super().__init__(name)
        self.takes, self.error = takes, error

    def send_many(self, messages: Sequence[TextMessage], until: float) -> list[Accepted | SendError]:
        assert until > time.monotonic()
        room = self.takes - len(self.sent)
        taken = [self.send(one) for one in messages[: max(0, room)]]
        return [*taken, *(self.error(detail="x") for _ in messages[len(taken) :])]


@pytest.fixture
def here(deployment: Deployment) -> Deployment:
    return dataclasses.replace(deployment, settings=deployment.settings.model_copy(update={"sms_providers": "cmpp3,smpp"}))


def put_many(here: Deployment, count: int = COUNT) -> list[int]:
    with here.transaction(OPERATOR) as tx:
        return [
            queue.put(
                tx,
                here.ring.vault,
                here.settings,
                f"+8613800{number:06}",
                Purpose.SIGN_IN,
                Wording("第一小学", "教务系统", "814095"),
                locale="en",
                asker=Asker(None, None),
            )
            for number in range(count)
        ]


def run(here: Deployment, *providers: Provider) -> int:
    return worker.run_due(here, {queue.KIND: delivery.sender(here, providers)})


def states(here: Deployment) -> dict[str, int]:
    with here.reading() as session:
        rows = session.execute(select(SmsMessage.state, func.count()).group_by(SmsMessage.state))
        return {row[0]: row[1] for row in rows}


def waiting(here: Deployment) -> int:
    with here.reading() as session:
        return session.scalar(select(func.count()).select_from(Message)) or 0


def test_twenty_workers_at_once_send_each_of_many_messages_once(here: Deployment) -> None:
    numbers, only = put_many(here), Many("cmpp3")
    at_once(lambda _: run(here, only))
    assert Counter(one.reference for one in only.sent) == Counter(numbers)
    assert states(here) == {"sent": COUNT}
    assert waiting(here) == 0


def test_what_one_provider_leaves_in_the_middle_the_next_one_takes(here: Deployment) -> None:
    numbers, first, second = put_many(here), Many("cmpp3", 15), Scripted("smpp")
    run(here, first, second)
    assert sorted(one.reference for one in [*first.sent, *second.sent]) == numbers
    assert (len(first.sent), states(here)) == (15, {"sent": COUNT})


@pytest.mark.parametrize("error", [OutcomeUnknown, NumberRefused])
def test_what_may_have_been_sent_goes_nowhere_else_and_the_rest_is_not_held_up(here: Deployment, error: type[SendError]) -> None:
    put_many(here)
    first, second = Many("cmpp3", 15, error), Scripted("smpp")
    run(here, first, second)
    run(here, first, second)
    assert (second.sent, states(here), waiting(here)) == ([], {"sent": 15, "failed": COUNT - 15}, 0)


def test_what_nobody_took_waits_and_goes_later_and_one_failure_counts_once(here: Deployment, clock: SettableClock) -> None:
    numbers, only = put_many(here), Many("cmpp3", 15)
    run(here, only)
    assert states(here) == {"sent": 15, "queued": COUNT - 15}
    only.takes = 1000
    clock.forward(seconds=6)
    run(here, only)
    assert Counter(one.reference for one in only.sent) == Counter(numbers)
    with here.reading() as session:
        assert session.get_one(SmsProvider, "cmpp3").failures == 0


def test_a_provider_that_takes_one_at_a_time_and_fails_is_not_asked_for_the_rest(here: Deployment) -> None:
    put_many(here)
    first, second = Scripted("smpp", *[Unreachable] * COUNT), Many("cmpp3")
    run(here, first, second)
    assert states(here) == {"sent": COUNT}
    assert len(first.errors) >= COUNT - 8  # those that were just asked by the other threads


def test_a_message_that_is_refused_says_nothing_about_the_others(here: Deployment) -> None:
    put_many(here, 5)
    run(here, Scripted("smpp", MessageRefused))
    assert states(here) == {"sent": 4, "failed": 1}


def test_many_reports_before_and_after_their_messages_were_written_down(here: Deployment) -> None:
    numbers, book = put_many(here), ReportBook(here)
    told = [Report(f"{number}{part}", True, "DELIVRD") for number in numbers for part in "ab"]
    book.reported("cmpp3", *told[::2], *told[:10])
    run(here, Many("cmpp3"))
    assert states(here) == {"sent": COUNT - 5, "delivered": 5}
    at_once(lambda turn: book.reported("cmpp3", *(told if turn % 2 else reversed(told))), 4)
    assert states(here) == {"delivered": COUNT}


# Sends a batch, and dies by `kill -9` when the provider has five of them.
DYING = """
import os, signal, sys
import idp.schema
from idp.deployment import open_deployment
from idp.outbox import worker
from idp.settings import load
from idp.sms import delivery, queue
from idp.sms.provider import Accepted
class Dying:
    name = "cmpp3"
    def send_many(self, messages, until):
        for one in messages[:5]:
            print(one.reference, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
deployment = open_deployment(load())
worker.run_due(deployment, {queue.KIND: delivery.sender(deployment, [Dying()])})
"""


def test_a_server_killed_within_a_batch_sends_nothing_twice_and_every_message_has_its_end(
    sqlite_template: Path, tmp_path: Path
) -> None:
    shutil.copytree(sqlite_template, tmp_path / "yima")
    settings = Settings(home=tmp_path / "yima", sms_providers="console")
    here = open_deployment(settings)
    numbers = put_many(here, delivery.BATCH + 6)
    environment = {"YIMA_HOME": str(settings.home), "PATH": ""}
    died = subprocess.run([sys.executable, "-c", DYING], cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    assert died.returncode == -signal.SIGKILL
    sent_before = [int(line) for line in died.stdout.split()]
    assert len(sent_before) == 5
    only, clock = Many("cmpp3"), SettableClock()
    clock.moment = here.clock.now()
    later = dataclasses.replace(here, clock=clock)
    run(later, only)  # those that the batch had not reached are anybody's at once
    assert len(only.sent) == 6
    clock.forward(seconds=worker.LEASE.total_seconds())
    run(later, only)
    # Whether the taken ones went out is not known: they are said to have failed, and nobody gets one twice.
    assert not {one.reference for one in only.sent} & set(sent_before)
    assert (states(later), waiting(later)) == ({"sent": 6, "failed": delivery.BATCH}, 0)
    assert len(numbers) == delivery.BATCH + 6
    here.close()


def test_a_window_slides_many_messages_wait_for_their_answers_on_one_connection() -> None:
    with gateway() as there, provider(there) as one:
        outcomes = one.send_many([message(f"{number}", reference=number) for number in range(100)], time.monotonic() + 5)
        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
        assert sorted(text for _, text in there.texts) == sorted(str(number) for number in range(100))
        assert there.logins == 1


def test_a_gateway_that_stops_answering_leaves_the_window_unknown_and_the_rest_to_others() -> None:
    with gateway(silent=True) as there, provider(there, timeout=0.4) as one:
        outcomes = one.send_many([message(reference=number) for number in range(40)], time.monotonic() + 5)
        kinds = Counter(outcome.code if isinstance(outcome, SendError) else "taken" for outcome in outcomes)
        assert kinds == {"sms.unknown": 16, "sms.busy": 24}
        assert len(there.submits) == 16


def test_a_message_slowed_down_in_the_middle_of_others_is_sent_again_and_only_it() -> None:
    with gateway(results=[0, 8, 0]) as there, provider(there) as one:
        outcomes = one.send_many([message(f"{number}", reference=number) for number in range(3)], time.monotonic() + 5)
        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
        assert sorted(text for _, text in there.texts) == ["0", "1", "2"]


def test_a_gateway_that_dies_leaves_what_it_had_unknown() -> None:
    with gateway(hang_up=True) as there, provider(there) as one:
        outcomes = one.send_many([message(reference=number) for number in range(40)], time.monotonic() + 5)
        unknown = [outcome for outcome in outcomes if isinstance(outcome, OutcomeUnknown)]
        assert len(unknown) >= 1
        assert len(there.submits) == 1
        assert all(isinstance(outcome, OutcomeUnknown | Unreachable) for outcome in outcomes)
