"""``yima roster``: tokens, and a list that keeps a school current."""

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Yima

HEADING = "姓名,证件类型,证件号码,学号,年级,班级,教职工号\n"


@pytest.fixture
def school(yima: Yima) -> str:
    return str(yima("school", "issue", "--category", "21", "--province", "11", "第一小学", "--json").json["code"])


def pupil(number: int, class_name: str = "3班") -> str:
    return f"学生{number},护照,LIST{number:05},S{number},三年级,{class_name},\n"


def write(tmp_path: Path, *rows: str, encoding: str = "gbk") -> str:
    path = tmp_path / "list.csv"
    path.write_bytes((HEADING + "".join(rows)).encode(encoding))
    return str(path)


def test_the_life_of_a_token(yima: Yima, school: str) -> None:
    done = yima("roster", "token", "create", school, "--label", "教务系统")
    assert done.code == 0
    assert "http://localhost:8000/scim/v2" in done.out
    assert "yst_" in done.out
    made = yima("roster", "token", "create", school, "--label", "看板", "--read-only", "--days", "7", "--json").json
    assert made["token"].startswith("yst_")
    assert made["may_write"] is False
    listed = yima("roster", "token", "list", school, "--json").json
    assert len(listed) == 2
    assert not any("token" in row for row in listed)
    assert yima("roster", "token", "revoke", made["id"]).code == 0
    assert [row["state"] for row in yima("roster", "token", "list", "--json").json if row["id"] == made["id"]] == ["revoked"]
    assert yima("roster", "token", "revoke", "none").code == 1
    assert yima("roster", "token", "create", "2111999999", "--label", "x").code == 1


def test_a_list_enters_changes_and_ends(yima: Yima, school: str, tmp_path: Path) -> None:
    teacher = "王老师,护照,LIST90000,,,,T1\n"
    first = write(tmp_path, *(pupil(n) for n in range(1, 21)), teacher)
    sync = ("roster", "sync", first, "--institution", school, "--yes", "--json")

    looked = yima("roster", "sync", first, "--institution", school, "--dry-run", "--json").json
    assert (looked["new"], looked["leaving"]) == (21, 0)
    assert yima(*sync).json["created"] == 21
    again = yima(*sync).json
    assert (again["created"], again["updated"], again["unchanged"], again["left"]) == (0, 0, 21, 0)

    # One moves to another class, one leaves; a list of pupils says nothing of the teacher.
    write(tmp_path, pupil(1, "4班"), *(pupil(n) for n in range(2, 20)), encoding="utf-8-sig")
    looked = yima("roster", "sync", first, "--institution", school, "--dry-run").out
    assert "学生20" in looked
    assert "1 leaving" in looked
    third = yima(*sync).json
    assert (third["updated"], third["unchanged"], third["left"]) == (1, 18, 1)

    # Whoever comes back is found again.
    write(tmp_path, pupil(1, "4班"), *(pupil(n) for n in range(2, 21)))
    back = yima(*sync).json
    assert (back["created"], back["updated"], back["left"]) == (0, 1, 0)


def test_a_list_that_would_end_too_many_is_refused_and_one_with_broken_rows_ends_nobody(
    yima: Yima, school: str, tmp_path: Path
) -> None:
    path = write(tmp_path, *(pupil(n) for n in range(1, 11)))
    sync = ("roster", "sync", path, "--institution", school, "--yes")
    assert yima(*sync).code == 0
    write(tmp_path, *(pupil(n) for n in range(1, 9)))
    refused = yima(*sync)
    assert refused.code == 1
    assert "--confirm" in refused.err
    assert yima("roster", "sync", path, "--institution", school, "--dry-run", "--json").json["leaving"] == 2

    write(tmp_path, *(pupil(n) for n in range(1, 10)), "学生10,护照,!!,S10,,,\n")
    broken = yima(*sync, "--json")
    assert broken.code == 3
    assert (broken.json["left"], broken.json["not_in_list"], broken.json["broken"]) == (0, 1, 1)
    assert "!!" not in broken.out

    write(tmp_path, *(pupil(n) for n in range(1, 9)))
    assert yima(*sync, "--confirm", "--json").json["left"] == 2


def test_nothing_is_done_without_a_yes(yima: Yima, school: str, tmp_path: Path) -> None:
    path = write(tmp_path, pupil(1))
    assert yima("roster", "sync", path, "--institution", school, typed="n\n").code == 1
    assert yima("roster", "sync", path, "--institution", school, "--dry-run", "--json").json["new"] == 1
    assert yima("roster", "sync", path, "--institution", "2111999999", "--yes").code == 1
