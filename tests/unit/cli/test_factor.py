"""``yima factor``."""

import re
from pathlib import Path

import pyotp
import pytest

from idp.crypto.sm3_otp import one_time_password
from tests.unit.cli.conftest import Yima
from tests.unit.cli.test_person import register

SEED = "1234567890abcdef1234567890abcdef"
ALONE = ("--break-glass", "--reason", "nobody else is left")


@pytest.fixture
def number(yima: Yima) -> str:
    school = str(yima("school", "issue", "--category", "21", "--province", "11", "第一小学", "--json").json["code"])
    return str(register(yima, school)["number"])


@pytest.fixture
def token(yima: Yima, tmp_path: Path) -> str:
    """A token that counts."""
    file = tmp_path / "seeds.csv"
    file.write_text(f"serial,seed,mode\nFT-0001,{SEED},event\nFT-0002,{SEED},challenge\n")
    assert yima("factor", "import-seeds", str(file)).code == 0
    return "FT-0001"


def test_an_authenticator_app_is_set_up_in_the_terminal_and_taken_away(
    yima: Yima, number: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def phone(_text: str, **_more: object) -> str:
        shown = capsys.readouterr().out
        assert "█" in shown
        secret = re.findall(r"[A-Z2-7]{32}", shown)[0]
        return pyotp.TOTP(secret).now() if right else "000000"

    monkeypatch.setattr("cli.factor.click.prompt", phone)
    right = False
    assert yima("factor", "totp", number).code == 1
    right = True
    assert yima("factor", "totp", number).code == 0
    assert yima("factor", "reset", number, *ALONE, typed="n\n").code == 1
    assert "1 second factor" in yima("factor", "reset", number, *ALONE, "--yes").out
    events = yima("audit", "list", "--subject", f"person:{number}", "--action", "mfa", "--json").json
    factors = ["mfa.factor.refused", "mfa.factor.enrolled", "mfa.factor.removed"]
    assert [event["action"] for event in events] == [*factors, "mfa.reset.forced"]


def test_a_token_is_assigned_set_up_by_its_code_listed_and_reset(yima: Yima, number: str, token: str) -> None:
    code = one_time_password(bytes.fromhex(SEED), counter=0)
    done = yima("factor", "assign", number, "ft-0001", "--code", code, "--json")
    assert done.json == {"serial": token, "mode": "event", "person": number, "state": "active"}
    (row,) = yima("factor", "list", number, "--json").json
    assert (row["kind"], row["label"], row["state"], row["level"]) == ("sm3otp", token, "active", 2)
    assert token in yima("factor", "list", number).out
    assert yima("factor", "reset", number, *ALONE, "--yes", "--json").json == {"number": number, "removed": 1}
    assert yima("factor", "list", number, "--json").json == []


def test_a_token_is_taken_back_with_its_factor(yima: Yima, number: str, token: str) -> None:
    yima("factor", "assign", number, token, "--code", one_time_password(bytes.fromhex(SEED), counter=0))
    assert yima("factor", "assign", number, token, "--end", "--json").json["person"] is None
    assert yima("factor", "list", number, "--json").json == []
    assert yima("factor", "assign", number, token, "--end").code == 1


@pytest.mark.parametrize("wrong", ["000000", "", "abc"])
def test_a_token_with_a_wrong_code_is_not_set_up(yima: Yima, number: str, token: str, wrong: str) -> None:
    assert yima("factor", "assign", number, token, "--code", wrong).code == 1
    assert yima("factor", "list", number, "--json").json == []


def test_a_challenge_token_is_not_set_up_at_the_terminal(yima: Yima, number: str, token: str) -> None:
    assert yima("factor", "assign", number, "FT-0002", "--code", "123456").code == 2


@pytest.mark.parametrize(
    "arguments", [("list", "Y"), ("reset", "Y", *ALONE, "--yes"), ("unlock", "Y"), ("assign", "Y", "FT-0001"), ("totp", "Y")]
)
def test_an_unknown_person_has_no_factors(yima: Yima, arguments: tuple[str, ...]) -> None:
    assert yima("factor", *arguments).code == 1


def test_an_unknown_token_is_not_assigned(yima: Yima, number: str) -> None:
    done = yima("factor", "assign", number, "FT-9999")
    assert (done.code, "no token" in done.err) == (1, True)


def test_unlocking_says_how_many_were_locked(yima: Yima, number: str) -> None:
    assert yima("factor", "unlock", number, "--json").json == {"number": number, "unlocked": 0}


def test_broken_rows_of_a_seed_file_come_back_to_be_mended(yima: Yima, tmp_path: Path) -> None:
    file = tmp_path / "seeds.csv"
    file.write_text(f"序列号,种子,模式\nA-1,{SEED},时间\nA-2,12,时间\nA-3,{SEED},挑战\n", encoding="gb18030")
    done = yima("factor", "import-seeds", str(file), "--json")
    assert done.code == 3
    assert (done.json["created"], done.json["broken"]) == (2, 1)
    assert done.json["broken_rows"][0]["column"] == "种子"
    assert done.json["broken_rows"][0]["value"] == ""
    report = Path(done.json["report"])
    assert report.stat().st_mode & 0o077 == 0
    report.write_text(report.read_text(encoding="utf-8-sig").replace("A-2,12", f"A-2,{SEED}"), encoding="utf-8")
    assert yima("factor", "import-seeds", str(report), "--json").json["created"] == 1
    assert yima("factor", "import-seeds", str(file), "--json").json["unchanged"] == 2
