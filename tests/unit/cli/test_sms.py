"""``yima sms``: a test message through the real provider, and how the providers are doing."""

import shutil
from pathlib import Path

import pytest

from idp.settings import Settings
from tests.services.cmpp_gateway import Gateway, gateway
from tests.unit.cli.conftest import Yima

NUMBER = "13812345678"


@pytest.fixture
def deployment_settings(sqlite_template: Path, tmp_path: Path) -> Settings:
    """One database is enough: what is counted and taken at once is tried on both elsewhere."""
    shutil.copytree(sqlite_template, tmp_path / "yima")
    return Settings(home=tmp_path / "yima")


@pytest.fixture
def here(yima: Yima, monkeypatch: pytest.MonkeyPatch) -> Yima:
    """An installation with a console."""
    monkeypatch.setenv("YIMA_SMS_PROVIDERS", "console")
    return yima


def by_cmpp(monkeypatch: pytest.MonkeyPatch, there: Gateway, providers: str) -> None:
    monkeypatch.setenv("YIMA_SMS_PROVIDERS", providers)
    monkeypatch.setenv("YIMA_SMS_CMPP3_GATEWAY", f"127.0.0.1:{there.port}")
    monkeypatch.setenv("YIMA_SMS_CMPP3_SP_ID", "901234")
    monkeypatch.setenv("YIMA_SMS_CMPP3_SECRET", "s3cret")
    monkeypatch.setenv("YIMA_SMS_CMPP3_ACCESS_NUMBER", "10690000")
    monkeypatch.setenv("YIMA_SMS_CMPP3_PRICE", "4")
    monkeypatch.setenv("YIMA_SMS_TIMEOUT", "1")


def test_a_test_message_goes_out_and_its_number_stands_nowhere_but_in_it(here: Yima) -> None:
    done = here("sms", "test", NUMBER, "--json")
    assert done.json == {
        "number": "138****5678", "state": "sent", "provider": "console", "segments": 1, "cost_fen": 0, "error": None
    }  # fmt: skip
    assert f"[SMS +86{NUMBER}]" in done.err
    assert "test message" in done.err
    assert NUMBER not in done.out
    events = here("audit", "list", "--action", "sms", "--json").json
    assert [event["action"] for event in events] == ["sms.provider.tested"]
    assert NUMBER not in str(events)


def test_the_message_is_in_the_operators_language(here: Yima) -> None:
    done = here("sms", "test", NUMBER, lang="zh")
    assert "测试" in done.err
    assert "138****5678" in done.out


def test_a_second_one_to_the_number_waits_like_anybodys(here: Yima) -> None:
    here("sms", "test", NUMBER)
    again = here("sms", "test", NUMBER)
    assert again.code == 1
    assert "Please wait" in again.err
    assert "[SMS" not in again.err


@pytest.mark.parametrize("number", ["", "12345", "+12025550123", "1381234567８", "138123456789"])
def test_what_is_no_number_here_is_refused(here: Yima, number: str) -> None:
    done = here("sms", "test", number)
    assert done.code == 1
    assert "[SMS" not in done.err
    assert here("sms", "status", "--json").json["last_day"] == []


def test_without_a_provider_it_says_so(yima: Yima) -> None:
    done = yima("sms", "test", NUMBER)
    assert done.code == 1
    assert "not set up" in done.err
    assert yima("sms", "status", "--json").json["providers"] == []


def test_a_half_configured_provider_stops_the_command(yima: Yima, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIMA_SMS_PROVIDERS", "cmpp3")
    done = yima("sms", "test", NUMBER)
    assert done.code == 1
    assert "sms_cmpp3_gateway" in done.err


def test_a_gateway_takes_it_and_the_status_says_what_it_cost(yima: Yima, monkeypatch: pytest.MonkeyPatch) -> None:
    with gateway() as there:
        by_cmpp(monkeypatch, there, "cmpp3")
        assert yima("sms", "test", NUMBER, "--json").json["cost_fen"] == 4
        assert [phone for phone, _ in there.texts] == [NUMBER]
    status = yima("sms", "status", "--json").json
    assert [(one["provider"], one["failures"], one["error"]) for one in status["providers"]] == [("cmpp3", 0, None)]
    assert [(one["messages"], one["cost_fen"]) for one in status["last_day"]] == [(1, 4)]
    assert status["today"] == {"sent": 1, "answered": 0, "budget": 20, "mode": "record_only"}


def test_a_gateway_that_refuses_us_is_named_with_its_reason_and_another_provider_takes_the_message(
    yima: Yima, monkeypatch: pytest.MonkeyPatch
) -> None:
    with gateway(secret=b"another") as there:
        by_cmpp(monkeypatch, there, "cmpp3,console")
        assert yima("sms", "test", NUMBER, "--json").json["provider"] == "console"
    cmpp3, console = yima("sms", "status", "--json").json["providers"]
    assert (cmpp3["failures"], cmpp3["error"], console["failures"]) == (1, "sms.account connect status 3", 0)
    assert cmpp3["rests_until"] is not None
    assert "sms.account connect status 3" in yima("sms", "status").out


def test_where_nobody_takes_it_the_command_fails_and_says_why(yima: Yima, monkeypatch: pytest.MonkeyPatch) -> None:
    with gateway() as there:
        pass
    by_cmpp(monkeypatch, there, "cmpp3")
    done = yima("sms", "test", NUMBER, "--json")
    assert (done.code, done.json["state"], done.json["error"]) == (1, "failed", "sms.unreachable no connection")
