"""The provider on CMPP 3.0: opens a connection when it is needed, and keeps it up from then on, for reports to come."""

import threading
import time
from collections.abc import Sequence

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
        self._account, self._clock, self._reports, self._timeout = account, clock, reports, timeout
        self._service_id, self._source_number, self._timing = service_id, source_number, timing or Timing()
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._closing = threading.Event()

    def send(self, message: TextMessage) -> Accepted:
        """Submits every segment and waits for the gateway's answers. Raises a :class:`SendError`."""
        deadline = time.monotonic() + self._timeout
        connection = self._connected()
        parts = segments.user_data(segments.split(message.text), message.reference)
        submission = Submission(message.reference, len(parts))
        waiting = {place: self._segment(message, part, place, len(parts)) for place, part in enumerate(parts)}
        all_segments = dict(waiting)
        while waiting:
            connection.submit(submission, waiting, max(0.0, deadline - time.monotonic()))
            waiting = {place: all_segments[place] for place, answer in _slowed(submission)}
            if not waiting or time.monotonic() + FLOW_PAUSE >= deadline:
                break
            # The gateway asks to slow down: the rest of this message a little later.
            self._closing.wait(FLOW_PAUSE)
            for place in waiting:
                submission.answers[place] = None
            submission.settled.clear()
        return _outcome(submission.answers)

    def close(self) -> None:
        """Says goodbye and stays away."""
        self._closing.set()
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def reported(self, report: StatusReport) -> None:
        """A status report (see :class:`idp.sms.providers.cmpp3.connection.Events`). ``ACCEPTD`` is no end yet."""
        if report.stat != "ACCEPTD":
            self._reports.reported(self.name, Report(str(report.id), report.stat == "DELIVRD", report.stat))

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
                timeout = self._timeout / 2  # the other half is for the message
                self._connection = Connection(self._account, self._clock.now(), self, timeout=timeout, timing=self._timing)
            return self._connection

    def _segment(self, message: TextMessage, part: bytes, place: int, total: int) -> Submit:
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
