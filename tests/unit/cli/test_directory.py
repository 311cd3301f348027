"""``yima directory``."""

import shlex
from pathlib import Path

import pytest

from tests.services.processes import ROOT, free_port
from tests.services.slapd import BASE, PEOPLE, READER, READER_PASSWORD, Slapd
from tests.unit.cli.conftest import Yima


@pytest.fixture
def school(yima: Yima) -> str:
    return str(yima("school", "issue", "--category", "21", "--province", "11", "第一小学", "--json").json["code"])


def add(school: str, slapd: Slapd, folder: Path, *more: str) -> tuple[str, ...]:
    (folder / "ca.pem").write_text(slapd.authority, encoding="utf-8")
    (folder / "password").write_text(READER_PASSWORD + "\n", encoding="utf-8")
    words = ("--server", slapd.ldaps, "--ca-file", str(folder / "ca.pem"), "--base", BASE, "--filter", "(uid={number})")
    account = ("--account", READER, "--account-password-file", str(folder / "password"))
    return ("directory", "add", school, *words, *account, *more)


def test_the_life_of_a_directory(yima: Yima, school: str, slapd: Slapd, tmp_path: Path) -> None:
    done = yima(*add(school, slapd, tmp_path))
    assert done.code == 0
    assert "yima directory enable 1" in done.out
    assert READER_PASSWORD not in done.out
    (listed,) = yima("directory", "list", "--json").json
    assert (listed["directory"], listed["enabled"], listed["roles"]) == (1, False, ["student", "teacher", "staff"])

    (tried,) = yima("directory", "test", "1", "--number", "S001", "--json").json
    assert (tried["answers"], tried["name"], tried["right"], tried["error"]) == (True, f"uid=S001,{PEOPLE}", None, None)
    nobody = yima("directory", "test", "1", "--number", "S999", "--json")
    assert (nobody.code, nobody.json[0]["name"]) == (1, None)

    assert yima("directory", "enable", "1", "--json").json["enabled"] is True
    assert yima("doctor", "--json").json["findings"][-1]["state"]
    assert any(slapd.ldaps in finding["advice"] for finding in yima("doctor", "--json").json["findings"])
    assert yima("directory", "disable", "1", "--json").json["enabled"] is False
    assert yima("directory", "remove", "1", "--yes").code == 0
    assert yima("directory", "show", "1").code == 1


def test_two_directories_of_a_school_share_no_role(yima: Yima, school: str, slapd: Slapd, tmp_path: Path) -> None:
    assert yima(*add(school, slapd, tmp_path, "--role", "student")).code == 0
    assert yima(*add(school, slapd, tmp_path, "--role", "staff", "--role", "teacher")).code == 0
    assert yima(*add(school, slapd, tmp_path)).code == 0
    assert [yima("directory", "enable", number).code for number in ("1", "2", "3")] == [0, 0, 1]


def test_a_server_that_does_not_answer_is_named(yima: Yima, school: str, slapd: Slapd, tmp_path: Path) -> None:
    dead = f"ldaps://127.0.0.1:{free_port()}"
    assert yima(*add(school, slapd, tmp_path, "--server", dead)).code == 0
    done = yima("directory", "test", "1", "--json")
    assert done.code == 1
    assert [row["answers"] for row in done.json] == [True, False]
    assert dead in done.json[1]["error"]
    yima("directory", "enable", "1")
    (found,) = [finding for finding in yima("doctor", "--json").json["findings"] if dead in finding["advice"]]
    assert found["state"] == "look"


def test_what_contradicts_a_rule_is_said_in_one_line(yima: Yima, school: str, slapd: Slapd, tmp_path: Path) -> None:
    for more in (
        ("--server", "http://ldap.example.edu.cn"),
        ("--bind-name", "uid={number},o=x"),
        ("--plain", "--server", "ldap://ldap.example.edu.cn"),
        ("--password-page", "http://password.example.edu.cn"),
    ):
        done = yima(*add(school, slapd, tmp_path, *more))
        assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    words = ("directory", "add", school, "--server", slapd.ldaps, "--base", BASE, "--filter", "(uid={number})")
    assert yima(*words, "--account", READER).code == 1
    assert yima("directory", "add", "1111111111", *words[3:]).code == 1
    for verb in ("show", "test", "enable", "disable"):
        assert yima("directory", verb, "7").code == 1


def documented(found: dict[str, str]) -> list[list[str]]:
    """The commands of ``docs/directories.md``, with the test's own school, servers and files in them."""
    text = (ROOT / "docs" / "directories.md").read_text(encoding="utf-8").replace("\\\n", " ")
    for name, value in found.items():
        text = text.replace(name, value)
    return [shlex.split(line)[1:] for line in text.splitlines() if line.startswith("yima directory")]


def test_the_documented_commands_work_as_they_stand(yima: Yima, school: str, slapd: Slapd, tmp_path: Path) -> None:
    add(school, slapd, tmp_path)
    places = {"school-ca.pem": str(tmp_path / "ca.pem"), "reader.password": str(tmp_path / "password"), "4111010027": school}
    servers = {"ldaps://ldap.school.edu.cn": slapd.ldaps, "ldap://ldap2.school.edu.cn": slapd.ldap}
    openldap, by_name, by_search, test, enable = documented(places | servers)
    for command in (openldap, by_name, by_search):
        assert yima(*command).code == 0
    words = [word.replace("20260001", "S001") for word in test if word != "--ask-password"]
    assert [row["name"] for row in yima(*words, "--json").json] == [f"uid=S001,{PEOPLE}"] * 2
    assert yima(*enable).code == 0
