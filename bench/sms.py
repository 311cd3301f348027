"""Text messages by CMPP 3.0 on loopback, before a gateway by other authors: the client alone, and the whole queue."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import func, select

from bench.measurement import Measurement
from idp import background
from idp.deployment import Deployment, initialise
from idp.settings import Settings
from idp.sms import queue
from idp.sms.provider import TextMessage
from idp.sms.providers import cmpp3
from idp.sms.queue import Asker
from idp.sms.tables import SmsMessage
from idp.sms.templates import Purpose, Wording
from tests.people import OPERATOR
from tests.services.cmpp_peer import SECRET, SP_ID, CmppPeer, cmpp_peer

CLIENT_MESSAGES = 2000
QUEUED = 1000
DEADLINE = 120.0
GOAL = "≥ 500 per second"


def measure() -> Iterator[Measurement]:
    """Each message has its code, its number, and its delivery report; the queue is on SQLite, one process."""
    with tempfile.TemporaryDirectory() as folder, cmpp_peer(Path(folder)) as peer:
        deployment = initialise(_settings(Path(folder) / "yima", peer))
        try:
            client = _client(deployment)
            yield Measurement("sms.cmpp3.client", client, "messages/s")
            yield Measurement("sms.cmpp3.queue", _queue(deployment), "messages/s", client, "client alone", GOAL)
        finally:
            deployment.close()


def _settings(home: Path, peer: CmppPeer) -> Settings:
    return Settings(
        home=home,
        sms_providers="cmpp3",
        sms_cmpp3_gateway=f"127.0.0.1:{peer.port}",
        sms_cmpp3_sp_id=SP_ID,
        sms_cmpp3_secret=SecretStr(SECRET),
        sms_cmpp3_access_number="10690000",
    )


def _client(deployment: Deployment) -> float:
    """The provider alone: one sender, as many messages on the way as its window is wide."""
    provider = cmpp3.build(deployment, _Deaf())
    try:
        messages = [TextMessage(n, f"+86138{n:07}0", "【一码】验证码 814095", "zh_Hans", {}) for n in range(CLIENT_MESSAGES)]
        provider.send_many(messages[:100], time.monotonic() + DEADLINE)
        start = time.perf_counter()
        for first in range(100, CLIENT_MESSAGES, 100):
            provider.send_many(messages[first : first + 100], time.monotonic() + DEADLINE)
        return (CLIENT_MESSAGES - 100) / (time.perf_counter() - start)
    finally:
        provider.close()


def _queue(deployment: Deployment) -> float:
    """From rows that wait to rows that say delivered: workers, gateway, reports."""
    for first in range(0, QUEUED, 100):
        with deployment.transaction(OPERATOR) as tx:
            for number in range(first, first + 100):
                wording, asker = Wording("一码", "一码", "814095"), Asker(None, None)
                vault, here = deployment.ring.vault, deployment.settings
                queue.put(tx, vault, here, f"+86139{number:07}0", Purpose.SIGN_IN, wording, locale="zh_Hans", asker=asker)
    stop, start = background.start(deployment), time.perf_counter()
    try:
        while _delivered(deployment) < QUEUED:
            if time.perf_counter() - start > DEADLINE:
                raise SystemExit(f"Only {_delivered(deployment)} of {QUEUED} messages were delivered.")
            time.sleep(0.05)
        return QUEUED / (time.perf_counter() - start)
    finally:
        stop()


def _delivered(deployment: Deployment) -> int:
    with deployment.reading() as session:
        return session.scalar(select(func.count()).where(SmsMessage.state == "delivered")) or 0


class _Deaf:
    """Keeps no report: the client alone is measured."""

    def reported(self, *_: object) -> None: ...

    def accepted_late(self, *_: object) -> None: ...
