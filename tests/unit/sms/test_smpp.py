"""SMPP 3.4 against npm's implementation of a gateway: login, long messages, receipts, and how a gateway fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

import pytest
from pydantic import SecretStr

from idp.settings import Settings
from idp.sms.errors import AccountRefused, Busy, NumberRefused, OutcomeUnknown, SendError, Unreachable
from idp.sms.provider import Accepted, Report, TextMessage
from idp.sms.providers.smpp import Smpp
from tests.services.processes import free_port
from tests.services.smpp_gateway import PASSWORD, SmppGateway, smpp_gateway


class Heard:
    """Keeps what the provider tells."""

    def __init__(self) -> None:
        self.reports: SimpleQueue[Report] = SimpleQueue()

    def reported(self, provider: str, *reports: Report) -> None:
        for report in reports:
            self.reports.put(report)

    def accepted_late(self, provider: str, reference: int, accepted: Accepted) -> None: ...


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmppGateway]:
    with smpp_gateway(tmp_path_factory.mktemp("smpp")) as one:
        yield one


@contextmanager
def provider(port: int, heard: Heard | None = None, password: str = PASSWORD) -> Iterator[Smpp]:
    settings = Settings(
        sms_smpp_gateway=f"127.0.0.1:{port}",
        sms_smpp_system_id="yima",
        sms_smpp_password=SecretStr(password),
        sms_smpp_sender="10690000",
        sms_timeout=1,
    )
    one = Smpp(settings, heard or Heard())
    try:
        yield one
    finally:
        one.close()


def message(text: str = "验证码 814095", *, ending: int = 0, reference: int = 7) -> TextMessage:
    return TextMessage(reference, f"+861380000000{ending}", text, "zh_Hans", {"code": "814095"})


@pytest.mark.parametrize(("ending", "delivered", "stat"), [(0, True, "DELIVRD"), (5, False, "UNDELIV")])
def test_a_message_arrives_as_it_was_written_and_its_receipt_comes_back(
    gateway: SmppGateway, ending: int, delivered: bool, stat: str
) -> None:
    heard = Heard()
    with provider(gateway.port, heard) as here:
        accepted = here.send(message(ending=ending))
        assert heard.reports.get(timeout=10) == Report(accepted.ids[0], delivered, stat)
    last = gateway.told()["messages"][-1]
    assert last == {"number": f"861380000000{ending}", "text": "验证码 814095", "ids": list(accepted.ids), "coding": 8}


@pytest.mark.parametrize("text", ["长" * 71, "码😀" * 60, "一" * 335])
def test_a_long_message_is_put_together_again_on_the_phone(gateway: SmppGateway, text: str) -> None:
    with provider(gateway.port) as here:
        accepted = here.send(message(text))
    last = gateway.told()["messages"][-1]
    assert (last["text"], last["ids"]) == (text, list(accepted.ids))
    assert len(accepted.ids) > 1


def test_several_messages_go_over_one_connection_and_its_end_is_said(gateway: SmppGateway) -> None:
    before = gateway.told()
    with provider(gateway.port) as here:
        for reference in range(5):
            here.send(message(str(reference)))
    after = gateway.told()
    assert [one["text"] for one in after["messages"][-5:]] == ["0", "1", "2", "3", "4"]
    assert (after["binds"] - before["binds"], after["unbinds"] - before["unbinds"]) == (1, 1)


def test_a_wrong_password_is_refused(gateway: SmppGateway) -> None:
    with provider(gateway.port, password="other") as here, pytest.raises(AccountRefused) as caught:
        here.send(message())
    assert caught.value.detail == "bind status 14"  # SMPP 3.4 §5.1.3: ESME_RINVPASWD


@pytest.mark.parametrize(("ending", "error"), [(1, NumberRefused), (2, Busy), (3, OutcomeUnknown), (4, OutcomeUnknown)])
def test_what_the_gateway_refuses_or_leaves_open_has_its_own_error_and_the_next_message_goes(
    gateway: SmppGateway, ending: int, error: type[SendError]
) -> None:
    with provider(gateway.port) as here:
        with pytest.raises(error):
            here.send(message("first", ending=ending))
        here.send(message("second"))
    assert gateway.told()["messages"][-1]["text"] == "second"


def test_where_nobody_listens_the_message_may_go_elsewhere() -> None:
    with provider(free_port()) as here, pytest.raises(Unreachable) as caught:
        here.send(message())
    assert caught.value.elsewhere
