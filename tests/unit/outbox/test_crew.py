"""Many pieces at a time: one host that hangs holds nobody else up, each piece is done by one server, and a killed one loses nothing."""

import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import func, select

from idp.deployment import Deployment
from idp.errors import YimaError
from idp.outbox import crew, queue, standing, worker
from idp.outbox.standing import Standing
from idp.outbox.tables import Message
from tests.at_once import at_once
from tests.clocks import SettableClock
from tests.people import OPERATOR
from tests.services.processes import ROOT

one_database = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)
PATIENCE = 60


def put(deployment: Deployment, hosts: list[str], topic: str | None = None) -> None:
    with deployment.transaction(OPERATOR) as tx:
        for number, host in enumerate(hosts):
            queue.put(tx, "word", {"host": host, "number": number}, subject="app:x", url=f"https://{host}/told", topic=topic)


def left(deployment: Deployment) -> int:
    with deployment.reading() as session:
        return session.scalar(select(func.count()).select_from(Message)) or 0


@contextmanager
def at_work(deployment: Deployment, handler: Callable[[dict[str, Any]], None]) -> Iterator[None]:
    stop = crew.start(deployment, {"word": handler})
    try:
        yield
    finally:
        stop()


class Deaf(YimaError):
    code = "test.deaf"
    default_message = "x"


@one_database
def test_a_host_that_hangs_holds_two_of_the_crew_and_nobody_elses_messages(deployment: Deployment) -> None:
    release, others, waiting, lock = threading.Event(), threading.Event(), Counter[str](), threading.Lock()

    def handler(payload: dict[str, Any]) -> None:
        host = payload["host"]
        with lock:
            waiting[host] += 1
            if len(waiting) == 51:
                others.set()
        if host == "hangs":
            assert release.wait(PATIENCE)

    # Before all others, and more of them than are looked at once.
    put(deployment, ["hangs"] * (worker.BATCH + 10))
    put(deployment, [f"app{number}.example" for number in range(50)])
    with at_work(deployment, handler):
        assert others.wait(PATIENCE)
        assert waiting["hangs"] == crew.PER_PLACE
        release.set()


@one_database
def test_no_more_than_the_crew_is_large_are_under_way(deployment: Deployment) -> None:
    release, full, under_way = threading.Event(), threading.Semaphore(0), []

    def handler(payload: dict[str, Any]) -> None:
        under_way.append(payload["number"])
        full.release()
        assert release.wait(PATIENCE)

    put(deployment, [f"app{number}.example" for number in range(crew.AT_ONCE * 2)])
    people = crew.Crew(deployment, {"word": handler})
    assert people.look() == crew.AT_ONCE
    for _ in range(crew.AT_ONCE):
        assert full.acquire(timeout=PATIENCE)
    assert people.look() == 0
    assert len(under_way) == crew.AT_ONCE
    release.set()


def test_of_twenty_crews_each_piece_is_done_by_one(deployment: Deployment) -> None:
    done, lock, all_done = Counter[int](), threading.Lock(), threading.Event()

    def handler(payload: dict[str, Any]) -> None:
        with lock:
            done[payload["number"]] += 1
            if len(done) == 10:
                all_done.set()

    put(deployment, [f"app{number}.example" for number in range(10)])
    crews = [crew.Crew(deployment, {"word": handler}) for _ in range(20)]
    results = at_once(lambda number: crews[number].look())
    assert not [result for result in results if isinstance(result, Exception)]
    assert all_done.wait(PATIENCE)
    for one in crews:
        while one._busy:
            assert one.changed.wait(PATIENCE)
    assert set(done.values()) == {1}
    assert left(deployment) == 0


@one_database
def test_a_fault_of_ours_stops_nobody_and_leaves_the_piece(deployment: Deployment, caplog: pytest.LogCaptureFixture) -> None:
    fine = threading.Event()

    def handler(payload: dict[str, Any]) -> None:
        if payload["host"] == "broken":
            raise RuntimeError
        fine.set()

    put(deployment, ["broken", "fine"])
    with at_work(deployment, handler):
        assert fine.wait(PATIENCE)


@one_database
def test_a_server_killed_while_telling_leaves_the_piece_to_another(deployment: Deployment, clock: SettableClock) -> None:
    put(deployment, ["app.example"])
    script = (
        "import sys; from datetime import datetime; from pathlib import Path\n"
        "from idp.deployment import open_deployment; from idp.outbox import crew; from idp.settings import Settings\n"
        "class At:\n"
        "    def now(self): return datetime.fromisoformat(sys.argv[2])\n"
        "def hang(payload): print('telling', flush=True); sys.stdin.read()\n"
        "crew.Crew(open_deployment(Settings(home=Path(sys.argv[1])), At()), {'word': hang}).look(); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(deployment.settings.home), clock.now().isoformat()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"telling\n"
        process.send_signal(signal.SIGKILL)
    told: list[dict[str, Any]] = []
    assert worker.run_due(deployment, {"word": told.append}) == 0
    clock.forward(seconds=worker.LEASE.total_seconds())
    assert worker.run_due(deployment, {"word": told.append}) == 1
    assert left(deployment) == 0


@one_database
def test_how_a_topic_stands_is_what_is_worst_in_it(deployment: Deployment, clock: SettableClock) -> None:
    def stands(topic: str) -> Standing:
        with deployment.reading() as session:
            return standing.of(session, [topic])[topic]

    def deaf(payload: dict[str, Any]) -> None:
        if payload["host"] == "deaf":
            raise Deaf

    put(deployment, ["a", "deaf"], topic="sign-out")
    assert (stands("sign-out"), stands("another")) == (Standing.WAITING, Standing.DONE)
    for pause in worker.PAUSES:
        worker.run_due(deployment, {"word": deaf})
        assert stands("sign-out") == Standing.AGAIN
        clock.forward(seconds=pause.total_seconds())
    worker.run_due(deployment, {"word": deaf})
    assert stands("sign-out") == Standing.GIVEN_UP
