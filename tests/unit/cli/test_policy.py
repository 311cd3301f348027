"""``yima policy``."""

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Yima
from tests.unit.cli.test_person import register


@pytest.fixture
def school(yima: Yima) -> str:
    return str(yima("school", "issue", "--category", "21", "--province", "11", "第一小学", "--json").json["code"])


def test_one_command_makes_a_rule_and_explain_says_that_it_decides(yima: Yima, school: str) -> None:
    number = str(register(yima, school)["number"])
    done = yima("policy", "set", "--role", "student", "--level", "2", "--grace-days", "0", "--reason", "Notice 3", "--json")
    assert (done.code, done.json["version"], done.json["scope"]) == (0, 1, "role student")
    told = yima("policy", "explain", number, "--json").json
    assert (told["level"], told["has"], told["counting"]) == (2, 0, [])
    (rule,) = told["rules"]
    assert (rule["scope"], rule["reason"], rule["decides"]) == ("role student", "Notice 3", True)
    assert "Notice 3" in yima("policy", "explain", number).out
    assert yima("policy", "unset", "--role", "student", "--yes", "--json").json["version"] == 2
    assert yima("policy", "explain", number, "--json").json["level"] == 1


def test_a_file_is_tried_applied_printed_and_taken_back(yima: Yima, school: str, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(f'[[rule]]\ninstitution = "{school}"\nrole = "teacher"\nlevel = 2\n\n[risk.many_failures]\nmode = "enforce"\n')
    tried = yima("policy", "apply", str(file), "--dry-run", "--json").json
    assert (tried["version"], [row["change"] for row in tried["changes"]]) == (None, ["+"])
    assert yima("policy", "history", "--json").json == []
    assert yima("policy", "apply", str(file), "--reason", "Notice 3").code == 0
    assert yima("policy", "show", "--toml").out == file.read_text()
    assert "role school_admin" in yima("policy", "show").out
    yima("policy", "set", "--role", "staff", "--level", "2")
    assert yima("policy", "revert", "1", "--yes", "--json").json["changes"][0]["change"] == "-"
    assert [row["version"] for row in yima("policy", "history", "--json").json] == [3, 2, 1]
    assert yima("policy", "risk", "--json").json == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("set", "--role", "teacher"),
        ("set", "--role", "teacher", "--level", "4"),
        ("set", "--role", "teacher", "--level", "2", "--kind", "sms"),
        ("set", "--school", "2111999999", "--level", "2"),
        ("set", "--level", "2", "--begins", "soon"),
        ("unset", "--role", "teacher", "--yes"),
        ("revert", "7", "--yes"),
        ("show", "--version", "7"),
        ("explain", "nobody"),
    ],
)
def test_what_cannot_be_done_changes_nothing_and_says_why(yima: Yima, arguments: tuple[str, ...]) -> None:
    done = yima("policy", *arguments)
    assert done.code != 0
    assert done.err.strip()
    assert yima("policy", "history", "--json").json == []
