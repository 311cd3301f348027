"""Text messages by CMPP 3.0 on loopback, before a gateway by other authors: the client alone, and the whole queue."""

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
            yield Measurement("sms.cmpp3.client", _client(deployment), "messages/s")
            yield Measurement("sms.cmpp3.queue", _queue(deployment), "messages/s", goal=GOAL)
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
    """The provider alone, as many senders at once as its window is wide."""
    provider = cmpp3.build(deployment, _Deaf())
    try:
        messages = [TextMessage(n, f"+86138{n:07}0", "【一码】验证码 814095", "zh_Hans", {}) for n in range(CLIENT_MESSAGES)]
        with ThreadPoolExecutor(deployment.settings.sms_cmpp3_window) as senders:
            list(senders.map(provider.send, messages[:100]))
            start = time.perf_counter()
            list(senders.map(provider.send, messages[100:]))
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
