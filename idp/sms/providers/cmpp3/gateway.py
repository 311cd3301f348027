"""The provider on CMPP 3.0: opens a connection when it is needed, and keeps it up from then on, for reports to come."""

import threading
import time
from collections.abc import Mapping, Sequence

from idp.clock import Clock
from idp.deployment import Deployment
from idp.sms import segments
from idp.sms.errors import AccountRefused, Busy, MessageRefused, NumberRefused, OutcomeUnknown, SendError, Unreachable
from idp.sms.numbers import national
from idp.sms.provider import Accepted, Report, Reports, TextMessage
from idp.sms.providers.cmpp3.connection import Account, Connection, Submission, Timing
from idp.sms.providers.cmpp3.pdu import BadField, StatusReport, Submit, SubmitResp

FLOW_CONTROL = 8
FLOW_PAUSE = 0.1
LONGEST_PAUSE = 60.0

# CMPP_SUBMIT_RESP, Result: 5 fee code, 7 service code, 10 source number, 11 sender, 13 destination.
RESULTS: dict[int, type[SendError]] = {
    5: AccountRefused,
    7: AccountRefused,
    10: AccountRefused,
    11: AccountRefused,
    13: NumberRefused,
    FLOW_CONTROL: Busy,
}


class Cmpp3:
    """The provider."""

    name = "cmpp3"

    def __init__(
        self,
        account: Account,
        clock: Clock,
        reports: Reports,
        *,
        service_id: str,
        source_number: str,
        timeout: float,
        timing: Timing | None = None,
    ) -> None:
        self._account, self._clock, self._reports, self.timeout = account, clock, reports, timeout
        self._service_id, self._source_number, self._timing = service_id, source_number, timing or Timing()
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._closing = threading.Event()

    def send(self, message: TextMessage) -> Accepted:
        """Submits every segment and waits for the gateway's answers. Raises a :class:`SendError`."""
        (outcome,) = self.send_many([message], time.monotonic() + self.timeout)
        if isinstance(outcome, SendError):
            raise outcome
        return outcome

    def send_many(self, messages: Sequence[TextMessage], until: float) -> list[Accepted | SendError]:
        """Submits message after message, as many segments on the way as the window allows, and waits for their answers.

        Each message has the provider's time from when its turn comes; none is begun after ``until`` (monotonic clock).
        """
        try:
            connection = self._connected()
        except SendError as error:
            return [error] * len(messages)
        on_the_way = [_Passage(self, connection, message) for message in messages]
        stopped: SendError | None = None
        for passage in on_the_way:
            stopped = passage.post(until, stopped)
        return [passage.arrive(self._closing) for passage in on_the_way]

    def close(self) -> None:
        """Says goodbye and stays away."""
        self._closing.set()
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def reported(self, reports: Sequence[StatusReport]) -> None:
        """Status reports (see :class:`idp.sms.providers.cmpp3.connection.Events`). ``ACCEPTD`` is no end yet."""
        final = [Report(str(one.id), one.stat == "DELIVRD", one.stat) for one in reports if one.stat != "ACCEPTD"]
        if final:
            self._reports.reported(self.name, *final)

    def answered_late(self, submission: Submission) -> None:
        """What the gateway took after we had stopped waiting is not lost."""
        try:
            accepted = _outcome(submission.answers)
        except SendError:
            return
        self._reports.accepted_late(self.name, submission.reference, accepted)

    def ended(self) -> None:
        """The connection is gone: another is made, so that reports keep coming."""
        if not self._closing.is_set():
            threading.Thread(target=self._keep_trying, name="cmpp3-reconnect", daemon=True).start()

    def _keep_trying(self) -> None:
        pause = 1.0
        while not self._closing.wait(pause):
            try:
                self._connected()
            except SendError:
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                return

    def _connected(self) -> Connection:
        with self._lock:
            if self._closing.is_set():
                raise Unreachable(detail="closing")
            if self._connection is None or not self._connection.alive:
                self._connection = None
                timeout = self.timeout / 2  # the other half is for the message
                self._connection = Connection(self._account, self._clock.now(), self, timeout=timeout, timing=self._timing)
            return self._connection

    def segment(self, message: TextMessage, part: bytes, place: int, total: int) -> Submit:
        """One segment of a message. Raises :class:`MessageRefused`."""
        segment = Submit(
            part,
            national(message.phone),
            self._account.sp_id,
            self._service_id,
            self._source_number,
            total=total,
            number=place + 1,
        )
        try:
            segment.body()
        except BadField:
            raise MessageRefused(detail="a field does not fit") from None
        return segment


class _Passage:
    """One message on its way through one connection."""

    def __init__(self, provider: Cmpp3, connection: Connection, message: TextMessage) -> None:
        self._connection, self._timeout = connection, provider.timeout
        self._deadline = 0.0
        self._error: SendError | None = None
        parts = segments.user_data(segments.split(message.text), message.reference)
        self._submission = Submission(message.reference, len(parts))
        self._segments: dict[int, Submit] = {}
        try:
            self._segments = {place: provider.segment(message, part, place, len(parts)) for place, part in enumerate(parts)}
        except MessageRefused as error:
            self._error = error

    def post(self, until: float, stopped: SendError | None) -> SendError | None:
        """Sends every segment, if there is time and room for it. Returns why nothing can follow it, as ``stopped`` of the next."""
        if self._error is not None:
            return stopped
        now = time.monotonic()
        self._deadline = now + self._timeout
        self._error = stopped or (Busy(detail="no time left") if now > until else None)
        if self._error is None:
            self._try(self._segments)
        return self._error if isinstance(self._error, Busy | Unreachable) else None

    def arrive(self, closing: threading.Event) -> Accepted | SendError:
        """Waits for the answers; what the gateway asks to slow down for is sent again a little later."""
        while self._error is None:
            try:
                self._connection.wait(self._submission, max(0.0, self._deadline - time.monotonic()))
            except SendError as error:
                return error
            slowed = {place: self._segments[place] for place, _ in _slowed(self._submission)}
            # Not without as long again for the answer: what is sent and not answered is in nobody's hands.
            if not slowed or time.monotonic() + 2 * FLOW_PAUSE >= self._deadline:
                break
            closing.wait(FLOW_PAUSE)
            for place in slowed:
                self._submission.answers[place] = None
            self._submission.settled.clear()
            self._try(slowed)
        if self._error is not None:
            taken = any(answer is not None and answer.result == 0 for answer in self._submission.answers)
            return OutcomeUnknown(detail="partly taken") if taken else self._error
        try:
            return _outcome(self._submission.answers)
        except SendError as error:
            return error

    def _try(self, parts: Mapping[int, Submit]) -> None:
        try:
            self._connection.post(self._submission, parts, max(0.0, self._deadline - time.monotonic()))
        except SendError as error:
            self._error = error


def build(deployment: Deployment, reports: Reports, timing: Timing | None = None) -> Cmpp3:
    """The provider that the settings describe."""
    here = deployment.settings
    host, _, port = here.sms_cmpp3_gateway.rpartition(":")
    secret = here.sms_cmpp3_secret.get_secret_value() if here.sms_cmpp3_secret else ""
    account = Account(
        host.strip("[]"), int(port), here.sms_cmpp3_sp_id, secret, here.sms_cmpp3_check_gateway, here.sms_cmpp3_window
    )
    return Cmpp3(
        account,
        deployment.clock,
        reports,
        service_id=here.sms_cmpp3_service_id,
        source_number=here.sms_cmpp3_access_number,
        timeout=here.sms_timeout,
        timing=timing,
    )


def _slowed(submission: Submission) -> Sequence[tuple[int, SubmitResp]]:
    return [
        (place, answer) for place, answer in enumerate(submission.answers) if answer is not None and answer.result == FLOW_CONTROL
    ]


def _outcome(answers: Sequence[SubmitResp | None]) -> Accepted:
    """All taken, or an error; a message of which a part was taken is in nobody's hands any more."""
    found = [answer for answer in answers if answer is not None]
    wrong = [answer.result for answer in found if answer.result != 0]
    if not wrong:
        return Accepted(tuple(str(answer.id) for answer in found))
    if len(wrong) < len(found):
        raise OutcomeUnknown(detail=f"partly taken, result {wrong[0]}")
    raise RESULTS.get(wrong[0], MessageRefused)(detail=f"result {wrong[0]}")
