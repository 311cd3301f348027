"""CMPP 3.0 against a gateway on loopback: login, long messages, reports, and every way a gateway fails."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.sms.errors import AccountRefused, Busy, MessageRefused, NumberRefused, OutcomeUnknown, SendError, Unreachable
from idp.sms.provider import Accepted, Report, TextMessage
from idp.sms.providers.cmpp3 import pdu
from idp.sms.providers.cmpp3.connection import Account, Timing
from idp.sms.providers.cmpp3.gateway import Cmpp3
from tests.clocks import SettableClock
from tests.services.cmpp_gateway import Gateway, gateway, packet, report


class Heard:
    """Keeps what the provider tells."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.late: list[tuple[int, Accepted]] = []
        self.told = threading.Event()

    def reported(self, provider: str, *reports: Report) -> None:
        self.reports.extend(reports)
        self.told.set()

    def accepted_late(self, provider: str, reference: int, accepted: Accepted) -> None:
        self.late.append((reference, accepted))
        self.told.set()


@contextmanager
def provider(to: Gateway, heard: Heard | None = None, **changes: object) -> Iterator[Cmpp3]:
    account = Account("127.0.0.1", to.port, "901234", str(changes.pop("secret", "s3cret")), bool(changes.pop("check", True)))
    timing = Timing(float(str(changes.pop("idle", 60))), 2)
    timeout = float(str(changes.pop("timeout", 5)))
    one = Cmpp3(
        account, SettableClock(), heard or Heard(), service_id="YIMA", source_number="10690000", timeout=timeout, timing=timing
    )
    try:
        yield one
    finally:
        one.close()


def message(text: str = "验证码 814095", reference: int = 7) -> TextMessage:
    return TextMessage(reference, "+8613800000000", text, "zh_Hans", {"code": "814095"})


def test_a_message_arrives_as_it_was_written_and_its_report_comes_back() -> None:
    heard = Heard()
    with gateway() as there, provider(there, heard) as here:
        accepted = here.send(message())
        assert heard.told.wait(5)
        assert there.texts == [("13800000000", "验证码 814095")]
        assert heard.reports == [Report(accepted.ids[0], True, "DELIVRD")]
        there.wait_for("deliver_results")
        assert there.deliver_results == [0]


@pytest.mark.parametrize("text", ["长" * 71, "码😀" * 60, "a" * 134 + "😀" * 40, "一" * 335])
def test_a_long_message_is_put_together_again_on_the_phone(text: str) -> None:
    with gateway() as there, provider(there) as here:
        accepted = here.send(message(text))
        assert there.texts == [("13800000000", text)]
        assert len(accepted.ids) == len(there.submits) > 1


def test_an_undelivered_report_says_so_and_an_intermediate_one_says_nothing() -> None:
    heard = Heard()
    with gateway(stat=b"ACCEPTD") as there, provider(there, heard) as here:
        name = here.send(message()).ids[0]
        there.wait_for("deliver_results")
        assert heard.reports == []
        there.to_all(report(int(name), b"UNDELIV"))
        assert heard.told.wait(5)
        assert heard.reports == [Report(name, False, "UNDELIV")]


def test_a_wrong_secret_is_refused_by_the_gateway() -> None:
    with gateway() as there, provider(there, secret="other") as here, pytest.raises(AccountRefused, match="could not"):
        here.send(message())


def test_a_gateway_that_does_not_know_the_secret_is_refused_unless_it_need_not_prove_it() -> None:
    with gateway(proof=bytes(16)) as there:
        with provider(there) as here, pytest.raises(AccountRefused):
            here.send(message())
        with provider(there, check=False) as here:
            here.send(message())
    assert len(there.texts) == 1


@pytest.mark.parametrize(
    ("result", "error"), [(1, MessageRefused), (5, AccountRefused), (8, Busy), (13, NumberRefused), (99, MessageRefused)]
)
def test_what_the_gateway_refuses_has_its_own_error(result: int, error: type[SendError]) -> None:
    with gateway(results=[result] * 200) as there, provider(there, timeout=0.6) as here, pytest.raises(error):
        here.send(message())
    assert there.texts == []


def test_a_gateway_that_asks_to_slow_down_gets_the_same_segment_a_little_later() -> None:
    with gateway(results=[8, 8, 0]) as there, provider(there) as here:
        here.send(message())
    assert len(there.submits) == 3
    assert len(there.texts) == 1


def test_a_message_of_which_a_part_was_taken_is_unknown_and_not_elsewhere() -> None:
    with gateway(results=[0, 1]) as there, provider(there) as here, pytest.raises(OutcomeUnknown) as caught:
        here.send(message("长" * 71))
    assert not caught.value.elsewhere


def test_where_nobody_listens_the_message_may_go_elsewhere() -> None:
    with gateway() as there:
        pass
    with provider(there) as here, pytest.raises(Unreachable) as caught:
        here.send(message())
    assert caught.value.elsewhere
    assert not caught.value.permanent


def test_a_gateway_that_dies_after_taking_a_message_leaves_it_unknown_and_the_next_one_goes_by_a_new_connection() -> None:
    with gateway(hang_up=True) as there, provider(there) as here:
        with pytest.raises(OutcomeUnknown):
            here.send(message())
        there.hang_up = False
        here.send(message())
        assert there.logins == 2
        assert len(there.texts) == 1


def test_an_answer_that_comes_too_late_is_told_and_the_message_is_not_sent_again() -> None:
    heard, hold = Heard(), threading.Event()
    with gateway(hold=hold, stat=None) as there, provider(there, heard, timeout=0.3) as here:
        with pytest.raises(OutcomeUnknown):
            here.send(message(reference=42))
        hold.set()
        assert heard.told.wait(5)
        assert [reference for reference, _ in heard.late] == [42]
        assert len(there.submits) == 1


def test_the_gateways_test_is_answered_and_a_silent_gateway_is_left() -> None:
    with gateway() as there, provider(there, idle=0.1) as here:
        here.send(message())
        there.to_all(packet(8, 5))
        there.wait_for("active_answers")
        there.silent = True
        there.wait_for("logins", 2)


def test_closing_says_goodbye() -> None:
    with gateway() as there:
        with provider(there) as here:
            here.send(message())
        there.wait_for("goodbyes")


def test_a_gateway_that_says_goodbye_is_answered_and_met_again() -> None:
    with gateway() as there, provider(there) as here:
        here.send(message())
        there.to_all(packet(2, 6))
        there.wait_for("logins", 2)


@pytest.mark.parametrize("broken", [packet(5, 3, b"\0" * 90), packet(5, 3, b""), packet(5, 3, b"\0" * 75 + b"\x02\0" + b"\0" * 20)])
def test_a_report_that_cannot_be_read_is_refused_and_the_connection_stays(broken: bytes) -> None:
    with gateway(stat=None) as there, provider(there) as here:
        here.send(message())
        there.to_all(broken)
        there.wait_for("deliver_results")
        assert there.deliver_results == [1]
        here.send(message())
        assert there.logins == 1


@pytest.mark.parametrize("broken", [b"\0\0\0\x0b" + bytes(8), b"\xff\xff\xff\xff" + bytes(8), packet(0x77, 1)])
def test_what_is_no_message_at_all_ends_the_connection(broken: bytes) -> None:
    with gateway() as there, provider(there) as here:
        here.send(message())
        there.to_all(broken)
        there.wait_for("logins", 2)


@given(st.binary(max_size=300))
def test_no_octets_make_the_reader_raise_anything_but_its_own_errors(data: bytes) -> None:
    for read in (pdu.Header.read, pdu.ConnectResp.read, pdu.SubmitResp.read, pdu.Deliver.read):
        try:
            read(data)
        except pdu.PduError:
            continue


@given(st.binary(min_size=1, max_size=140), st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_every_submit_has_the_length_of_its_kind(content: bytes, phone: str) -> None:
    assert len(pdu.Submit(content, phone, "901234", "YIMA", "10690000").body()) == 163 + len(content) + 20


@pytest.mark.parametrize("content", [b"", bytes(141)])
def test_a_segment_without_content_or_with_too_much_is_never_written(content: bytes) -> None:
    with pytest.raises(pdu.BadField):
        pdu.Submit(content, "13800000000", "901234", "YIMA", "1069").body()
