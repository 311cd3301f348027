"""``yima ca enrol`` and what an officer does with the requests."""

from pathlib import Path

import pytest

from tests.certificates_of_schools import csr
from tests.unit.cli.conftest import Yima

pytestmark = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)


@pytest.fixture
def school(yima: Yima) -> str:
    code: str = yima("school", "issue", "--category", "31", "--province", "33", "第一中学", "--json").json["code"]
    yima("ca", "init", "ministry", "--root", "--organisation", "教育部")
    yima("ca", "init", "school", "--parent", "ministry", "--school", code)
    return code


def test_an_enrolment_is_allowed_listed_and_stopped(yima: Yima, school: str) -> None:
    made = yima("ca", "enrol", "school", "--name", "选课系统", "--certificates", "3", "--json")
    assert made.code == 0, made.err
    assert made.json["url"].endswith("/.well-known/est/school/simpleenroll")
    (listed,) = yima("ca", "enrolments", "--json").json
    assert (listed["handle"], listed["certificates"], listed["used"], listed["state"]) == (made.json["handle"], 3, 0, "open")
    assert made.json["secret"] not in yima("ca", "enrolments").out
    assert yima("ca", "enrol-stop", listed["handle"], "--yes").code == 0
    assert yima("ca", "enrolments", "--json").json[0]["state"] == "stopped"
    assert yima("ca", "enrol-stop", listed["handle"], "--yes").code == 1
    assert school in yima("audit", "list", "--json").out


def test_what_to_paste_is_printed_with_the_secret_once(yima: Yima, school: str) -> None:
    done = yima("ca", "enrol", "school", "--name", "灯", lang="zh")
    assert done.code == 0, done.err
    assert "密码不会再次显示" in done.out
    assert "curl -u " in done.out
    assert school


def test_a_request_that_does_not_wait_cannot_be_decided(yima: Yima, school: str, tmp_path: Path) -> None:
    (tmp_path / "request.pem").write_text(csr().to_pem())
    assert yima("cert", "requests", "--json").json == []
    for command in (("cert", "approve", "1"), ("cert", "refuse", "1", "--reason", "x")):
        done = yima(*command)
        assert (done.code, "No request 1 is waiting" in done.err) == (1, True)
    assert yima("ca", "enrol", "school", "--profile", "sub-ca").code == 1
    assert yima("ca", "enrol", "ministry").code == 2
    assert school
