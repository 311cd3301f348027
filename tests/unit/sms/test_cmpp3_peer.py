"""CMPP 3.0 against a gateway by other authors, the Java library that many senders in China run: what we write, it reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

import pytest

from idp.clock import SystemClock
from idp.sms.errors import AccountRefused
from idp.sms.provider import Accepted, Report, TextMessage
from idp.sms.providers.cmpp3.connection import Account
from idp.sms.providers.cmpp3.gateway import Cmpp3
from tests.services.cmpp_peer import SECRET, SP_ID, CmppPeer, cmpp_peer


class Heard:
    """Keeps what the provider tells."""

    def __init__(self) -> None:
        self.reports: SimpleQueue[Report] = SimpleQueue()

    def reported(self, provider: str, *reports: Report) -> None:
        for report in reports:
            self.reports.put(report)

    def accepted_late(self, provider: str, reference: int, accepted: Accepted) -> None: ...


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CmppPeer]:
    with cmpp_peer(tmp_path_factory.mktemp("cmpp")) as one:
        yield one


@contextmanager
def provider(peer: CmppPeer, heard: Heard | None = None, *, secret: str = SECRET, sp_id: str = SP_ID) -> Iterator[Cmpp3]:
    account = Account("127.0.0.1", peer.port, sp_id, secret, check_gateway=True)
    one = Cmpp3(account, SystemClock(), heard or Heard(), service_id="YIMA", source_number="10690000", timeout=5)
    try:
        yield one
    finally:
        one.close()


def message(text: str, *, ending: int = 0, reference: int = 7) -> TextMessage:
    return TextMessage(reference, f"+861380000000{ending}", text, "zh_Hans", {"code": "814095"})


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("【第一小学】验证码 814095，五分钟内有效。\n\n@id.example.edu.cn #814095", 1),
        ("验证码是八一四零九五。" * 16, 3),
        ("码😀" * 60, 3),  # a pair of surrogates is not cut apart
    ],
)
@pytest.mark.parametrize(("ending", "stat"), [(0, "DELIVRD"), (5, "UNDELIV")])
def test_a_text_arrives_whole_and_each_of_its_segments_is_reported(
    peer: CmppPeer, text: str, segments: int, ending: int, stat: str
) -> None:
    heard = Heard()
    with provider(peer, heard) as here:
        ids = here.send(message(text, ending=ending)).ids
        reports = [heard.reports.get(timeout=10) for _ in range(segments)]
    last = peer.told()[-1]
    assert last == {"number": f"1380000000{ending}", "text": text, "source": "10690000", "ids": list(ids)}
    assert reports == [Report(name, stat == "DELIVRD", stat) for name in ids]


@pytest.mark.parametrize("wrong", [{"secret": "other"}, {"sp_id": "901235"}])
def test_a_wrong_secret_or_account_is_refused_and_nothing_arrives(peer: CmppPeer, wrong: dict[str, str]) -> None:
    before = peer.told()
    with provider(peer, **wrong) as here, pytest.raises(AccountRefused) as caught:  # type: ignore[arg-type]
        here.send(message("x"))
    assert caught.value.detail == "connect status 3"
    assert peer.told() == before


def test_many_messages_go_over_one_connection_in_their_order(peer: CmppPeer) -> None:
    with provider(peer) as here:
        for reference in range(20):
            here.send(message(str(reference), reference=reference))
    assert [one["text"] for one in peer.told()[-20:]] == [str(number) for number in range(20)]
