"""Many pieces at a time: a host that does not answer holds up what goes to it, and nothing else."""

import logging
import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping

from sqlalchemy import or_, select

from idp.deployment import Deployment
from idp.outbox import worker
from idp.outbox.tables import Message
from idp.outbox.worker import Handler

log = logging.getLogger("yima.outbox")

AT_ONCE = 16
# To one host, so that one that hangs leaves most of the crew to others, and one that answers is not run over.
PER_PLACE = 2


class Crew:
    """Up to ``AT_ONCE`` threads. A thread claims its piece as it begins: nothing waits under a lease."""

    def __init__(self, deployment: Deployment, handlers: Mapping[str, Handler]) -> None:
        self._deployment, self._handlers = deployment, handlers
        self._busy: dict[int, str | None] = {}
        self._lock = threading.Lock()
        self.changed = threading.Event()
        """Set when a piece is done, and there may be room for another."""

    def look(self) -> int:
        """Begins what is due and has room; returns how many pieces that were."""
        with self._lock:
            busy = dict(self._busy)
        begun = 0
        places = Counter(busy.values())
        for number, place in self._due([one for one, count in places.items() if one is not None and count >= PER_PLACE]):
            if len(busy) == AT_ONCE:
                break
            if number in busy or (place is not None and places[place] >= PER_PLACE):
                continue
            busy[number] = place
            places[place] += 1
            with self._lock:
                self._busy[number] = place
            threading.Thread(target=self._work, args=(number,), name="outbox", daemon=True).start()
            begun += 1
        return begun

    def _due(self, full: list[str]) -> list[tuple[int, str | None]]:
        due = select(Message.id, Message.place).where(
            Message.given_up_at.is_(None),
            Message.due_at <= self._deployment.clock.now(),
            Message.kind.in_(self._handlers),
            # What cannot begin now does not stand before what can.
            or_(Message.place.is_(None), Message.place.not_in(full)),
        )
        with self._deployment.reading() as session:
            found = [(row.id, row.place) for row in session.execute(due.order_by(Message.due_at).limit(worker.BATCH))]
        random.shuffle(found)  # servers that look at the same moment do not all reach for the same one
        return found

    def _work(self, number: int) -> None:
        try:
            worker.run_one(self._deployment, self._handlers, number)
        except Exception:
            log.exception("the outbox failed")
        finally:
            with self._lock:
                del self._busy[number]
            self.changed.set()


def start(deployment: Deployment, handlers: Mapping[str, Handler]) -> Callable[[], None]:
    """Looks every second, and whenever there is room again, in a thread of its own until the returned function is called."""
    crew, stopped = Crew(deployment, handlers), threading.Event()

    def run() -> None:
        while not stopped.is_set():
            crew.changed.clear()
            try:
                while not stopped.is_set() and crew.look():
                    pass
            except Exception:
                log.exception("the outbox failed")
            crew.changed.wait(worker.POLL_SECONDS)

    looking = threading.Thread(target=run, name="outbox", daemon=True)

    def stop() -> None:
        stopped.set()
        crew.changed.set()
        looking.join(worker.POLL_SECONDS)  # what it has begun goes on; it begins nothing after this

    looking.start()
    return stop
