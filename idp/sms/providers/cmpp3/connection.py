"""One connection to a gateway: login, the window of messages in flight, and the thread that reads."""

import hashlib
import logging
import queue
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from idp.clock import BEIJING
from idp.sms.errors import AccountRefused, Busy, OutcomeUnknown, SendError, Unreachable
from idp.sms.providers.cmpp3.pdu import (
    HEADER,
    Command,
    Connect,
    ConnectResp,
    Deliver,
    Header,
    PduError,
    StatusReport,
    Submit,
    SubmitResp,
    deliver_resp,
    message,
)

log = logging.getLogger("yima.sms.cmpp3")

REPORTS_AT_ONCE = 100
GATHERED_SECONDS = 0.01  # gateways deliver in bursts, as many as their own window allows
REPORTS_WAITING = 1000


@dataclass(frozen=True)
class Account:
    """Where the gateway is and who we are there."""

    host: str
    port: int
    sp_id: str
    secret: str = field(repr=False)
    check_gateway: bool = True
    window: int = 16


@dataclass(frozen=True)
class Timing:
    """Seconds: how long a connection may be silent before it is tested, and how many tests may stay unanswered."""

    idle: float = 60.0
    tests: int = 3


class Events(Protocol):
    """What a connection hears unasked."""

    def reported(self, reports: Sequence[StatusReport]) -> None:
        """Status reports came. What this raises makes the gateway send all of them again."""
        ...

    def answered_late(self, submission: "Submission") -> None:
        """All answers to a submission came after nobody waited for them any more."""
        ...

    def ended(self) -> None:
        """The connection is gone."""
        ...


class Submission:
    """One message in flight: an answer for each of its segments, or an end of the connection before."""

    def __init__(self, reference: int, count: int) -> None:
        self.reference = reference
        self.answers: list[SubmitResp | None] = [None] * count
        self.settled = threading.Event()
        self.abandoned = False

    @property
    def complete(self) -> bool:
        """Whether every segment has its answer."""
        return all(answer is not None for answer in self.answers)


class Connection:
    """Opened on construction. Raises :class:`Unreachable` or :class:`AccountRefused`."""

    def __init__(self, account: Account, now: datetime, events: Events, *, timeout: float, timing: Timing) -> None:
        self._account, self._events, self._timing = account, events, timing
        self._state = threading.Lock()
        self._writing = threading.Lock()
        self._free = threading.BoundedSemaphore(account.window)
        self._pending: dict[int, tuple[Submission, int]] = {}
        self._sequence = secrets.randbelow(0x7FFFFFFF)
        self._buffer = bytearray()
        self._untested = 0
        self._delivers: queue.Queue[tuple[int, Deliver] | None] = queue.Queue(REPORTS_WAITING)
        self.alive = False
        try:
            self._socket = socket.create_connection((account.host, account.port), timeout)
        except OSError:
            raise Unreachable(detail="no connection") from None
        try:
            self._log_in(now)
        except (OSError, PduError) as error:
            self._socket.close()
            raise Unreachable(detail=f"login: {type(error).__name__}") from None
        except SendError:
            self._socket.close()
            raise
        # Short messages one after the other would each wait for the acknowledgement of the last one, some 40 ms.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(timing.idle)
        self.alive = True
        threading.Thread(target=self._read, name="cmpp3", daemon=True).start()
        threading.Thread(target=self._keep, name="cmpp3-reports", daemon=True).start()

    def post(self, submission: Submission, segments: Mapping[int, Submit], timeout: float) -> None:
        """Sends segments (by their place in the message) as the window allows, and does not wait for their answers.

        Raises :class:`Busy` or :class:`Unreachable` where nothing was sent, :class:`OutcomeUnknown` where a part was.
        """
        for written, (place, segment) in enumerate(segments.items()):
            if not self._free.acquire(timeout=timeout):
                raise OutcomeUnknown(detail="window") if written else Busy(detail="window")
            try:
                self._send_segment(submission, place, segment)
            except (OSError, Unreachable):
                self._free.release()
                self._end()
                raise OutcomeUnknown(detail="partly sent") if written else Unreachable(detail="connection lost") from None

    def wait(self, submission: Submission, timeout: float) -> None:
        """Waits until all of a message is answered. Raises :class:`OutcomeUnknown` where an answer is missing."""
        submission.settled.wait(timeout)
        with self._state:
            if submission.complete:
                return
            submission.abandoned = True
        raise OutcomeUnknown(detail="no answer to submit")

    def close(self) -> None:
        """Says goodbye (CMPP_TERMINATE) and ends."""
        with suppress(OSError):
            self._write(message(Command.TERMINATE, self._next_sequence()))
        self._end()

    def _log_in(self, now: datetime) -> None:
        stamp = now.astimezone(BEIJING).strftime("%m%d%H%M%S")
        name, secret = self._account.sp_id.encode(), self._account.secret.encode()
        # CMPP_CONNECT: MD5(Source_Addr + nine zero octets + shared secret + timestamp), the timestamp as MMDDHHMMSS.
        proof = hashlib.md5(name + bytes(9) + secret + stamp.encode(), usedforsecurity=False).digest()
        body = Connect(self._account.sp_id, proof, int(stamp)).body()
        self._write(message(Command.CONNECT, self._next_sequence(), body))
        header, answer = self._read_one()
        if header.command is not Command.CONNECT_RESP:
            raise Unreachable(detail="login: another message came")
        found = ConnectResp.read(answer)
        if found.status != 0:
            raise AccountRefused(detail=f"connect status {found.status}")
        # CMPP_CONNECT_RESP: MD5(Status + AuthenticatorSource + shared secret).
        theirs = hashlib.md5(found.status.to_bytes(4, "big") + proof + secret, usedforsecurity=False).digest()
        if self._account.check_gateway and not secrets.compare_digest(theirs, found.authenticator):
            raise AccountRefused(detail="the gateway's proof is wrong")

    def _send_segment(self, submission: Submission, place: int, segment: Submit) -> None:
        sequence = self._next_sequence()
        with self._state:
            if not self.alive:
                raise Unreachable
            self._pending[sequence] = (submission, place)
        try:
            self._write(message(Command.SUBMIT, sequence, segment.body()))
        except OSError:
            with self._state:
                self._pending.pop(sequence, None)
            raise

    def _read(self) -> None:
        try:
            while self.alive:
                header, body = self._read_one()
                self._handle(header, body)
        except (OSError, PduError, Unreachable) as error:
            if self.alive:
                log.warning("the connection ended: %s %s", type(error).__name__, getattr(error, "detail", None) or "")
        finally:
            self._end()
            self._delivers.put(None)

    def _read_one(self) -> tuple[Header, bytes]:
        header = Header.read(self._exactly(HEADER.size))
        return header, self._exactly(header.length - HEADER.size)

    def _exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            try:
                data = self._socket.recv(65536)
            except TimeoutError:
                if not self.alive:  # while logging in there is nothing to test
                    raise
                self._test()
                continue
            if not data:
                raise Unreachable(detail="the gateway hung up")
            self._buffer += data
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _test(self) -> None:
        if self._untested >= self._timing.tests:
            raise Unreachable(detail="active tests stay unanswered")
        self._untested += 1
        self._write(message(Command.ACTIVE_TEST, self._next_sequence()))

    def _handle(self, header: Header, body: bytes) -> None:
        self._untested = 0
        if header.command is Command.SUBMIT_RESP:
            self._answered(header.sequence, SubmitResp.read(body))
        elif header.command is Command.DELIVER:
            self._delivered(header.sequence, body)
        elif header.command is Command.ACTIVE_TEST:
            self._write(message(Command.ACTIVE_TEST_RESP, header.sequence, b"\0"))
        elif header.command is Command.TERMINATE:
            self._write(message(Command.TERMINATE_RESP, header.sequence))
            raise Unreachable(detail="the gateway said goodbye")

    def _answered(self, sequence: int, answer: SubmitResp) -> None:
        with self._state:
            submission, place = self._pending.pop(sequence, (None, 0))
            if submission is None:  # an answer to nothing, or a second one
                return
            submission.answers[place] = answer
            complete, late = submission.complete, submission.abandoned
        self._free.release()
        if complete and late:
            self._guarded(lambda: self._events.answered_late(submission))
        elif complete:
            submission.settled.set()

    def _delivered(self, sequence: int, body: bytes) -> None:
        try:
            deliver = Deliver.read(body)
        except PduError as error:
            # It was framed well: say so and go on, or the gateway sends it for ever.
            log.warning("a deliver could not be read: %s", error.code)
            self._write(message(Command.DELIVER_RESP, sequence, deliver_resp(int.from_bytes(body[:8], "big"), 1)))
            return
        self._delivers.put((sequence, deliver))  # where the keeper is behind, the gateway has to wait

    def _keep(self) -> None:
        """Keeps what was delivered while the last ones were kept, all at once, and answers only then."""
        over = False
        while not over and (first := self._delivers.get()) is not None:
            found, until = [first], time.monotonic() + GATHERED_SECONDS
            with suppress(queue.Empty):
                while len(found) < REPORTS_AT_ONCE:
                    more = self._delivers.get(timeout=max(0.0, until - time.monotonic()))
                    if more is None:
                        over = True
                        break
                    found.append(more)
            reports = [deliver.report for _, deliver in found if deliver.report is not None]
            kept = not reports or self._guarded(lambda: self._events.reported(reports))  # noqa: B023 - called at once
            answers = [
                message(Command.DELIVER_RESP, sequence, deliver_resp(deliver.id, 0 if kept or deliver.report is None else 9))
                for sequence, deliver in found
            ]
            with suppress(OSError):  # the connection is gone: the gateway will send them again
                self._write(b"".join(answers))

    def _guarded(self, tell: Callable[[], None]) -> bool:
        try:
            tell()
        except Exception:
            log.exception("what the gateway said could not be kept")
            return False
        return True

    def _end(self) -> None:
        with self._state:
            first, self.alive = self.alive, False
            orphans = {id(submission): submission for submission, _ in self._pending.values()}
            released = len(self._pending)
            self._pending.clear()
        for _ in range(released):
            self._free.release()
        for submission in orphans.values():
            submission.settled.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        if first:
            self._events.ended()

    def _write(self, data: bytes) -> None:
        with self._writing:
            self._socket.sendall(data)

    def _next_sequence(self) -> int:
        with self._state:
            self._sequence = self._sequence + 1 & 0xFFFFFFFF
            return self._sequence
