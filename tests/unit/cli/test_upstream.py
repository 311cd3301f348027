"""``yima upstream``, by the very commands of docs/upstream.md."""

import re
import shlex
from pathlib import Path

import pytest

from idp.settings import Settings
from tests.services.platforms import SECRET, WeCom, running_platform
from tests.services.processes import ROOT
from tests.unit.cli.conftest import Yima

GUIDE = (ROOT / "docs" / "upstream.md").read_text(encoding="utf-8")


@pytest.fixture
def deployment_settings(sqlite_template: Path, tmp_path: Path) -> Settings:
    """One database is enough for what commands print."""
    import shutil

    shutil.copytree(sqlite_template, tmp_path / "yima")
    return Settings(home=tmp_path / "yima")


@pytest.fixture
def school(yima: Yima) -> str:
    return str(yima("school", "issue", "--category", "21", "--province", "11", "第一小学", "--json").json["code"])


def commands() -> list[str]:
    """The commands of the guide that enter a provider."""
    text = GUIDE.replace("\\\n", " ")
    return [line.strip() for line in re.findall(r"^\s*(yima upstream add .*)$", text, re.MULTILINE)]


def test_the_guide_has_a_command_for_every_kind_and_preset() -> None:
    told = " ".join(commands())
    for words in ("add oidc", "add cas", "wecom", "dingtalk", "smartedu", "province", "carsi-oauth"):
        assert words in told


@pytest.mark.parametrize("line", commands(), ids=lambda line: line.split()[4])
def test_every_command_of_the_guide_enters_its_provider(yima: Yima, school: str, tmp_path: Path, line: str) -> None:
    for name in ("secret.txt", "key.pem"):
        (tmp_path / name).write_text("a secret\n", encoding="utf-8")
    words = [
        str(tmp_path / word) if word in ("secret.txt", "key.pem") else word.replace("SCHOOL", school)
        for word in shlex.split(line)[1:]
    ]
    done = yima(*words, "--json")
    assert done.code == 0, done.err
    assert done.json["redirect_uri"] == f"http://localhost:8000/upstream/{words[3]}/callback"
    assert "a secret" not in done.out
    assert done.json["redirect_uri"] in yima("upstream", "show", words[3]).out


def test_the_life_of_a_provider_from_entering_to_ending(yima: Yima, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIMA_ALLOW_PRIVATE_FETCHES", "true")
    with running_platform(WeCom()) as platform:
        values = [word for name, value in platform.values().items() for word in ("--value", name, value)]
        done = yima("upstream", "add", "oauth2", "wecom", "--preset", "wecom", *values, "--secret-file", "-", typed=f"{SECRET}\n")
        assert done.code == 0, done.err
        assert "http://localhost:8000/upstream/wecom/callback" in done.out
        assert "企业微信" in done.out
        (listed,) = yima("upstream", "list", "--json").json
        assert (listed["slug"], listed["kind"], listed["enabled"], listed["links"]) == ("wecom", "oauth2", True, 0)
        assert SECRET not in str(listed)
        assert yima("upstream", "test", "wecom", "--json").json["accepts_our_secret"] is True
    done = yima("upstream", "test", "wecom")
    assert (done.code, done.out) == (1, "")
    assert "does not answer" in done.err
    assert yima("upstream", "disable", "wecom").code == 0
    assert yima("upstream", "list", "--json").json[0]["enabled"] is False
    assert yima("upstream", "enable", "wecom").code == 0
    assert yima("upstream", "remove", "wecom", "--yes").code == 0
    assert yima("upstream", "list", "--json").json == []


def test_what_contradicts_a_rule_is_said_in_one_line(yima: Yima, school: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("x", encoding="utf-8")
    oidc = ("upstream", "add", "oidc", "campus", "https://id.example.edu.cn", "--client-id", "x")
    with_secret = (*oidc, "--secret-file", str(secret))
    for words in (
        oidc,
        (*with_secret, "--scope", "profile"),
        (*with_secret, "--match", "local_number"),
        (*with_secret, "--institution", "1111111111"),
        (*with_secret, "--register", school),
        ("upstream", "add", "oauth2", "x1", "--preset", "wecom", "--secret-file", str(secret)),
        ("upstream", "add", "oauth2", "x1", "--secret-file", str(secret)),
        ("upstream", "add", "cas", "Big Letters", "https://sso.example.edu.cn/cas"),
        ("upstream", "show", "nobody"),
    ):
        done = yima(*words)
        assert (done.code, done.out, done.err.count("\n")) == (1, "", 1), (words, done)
    assert yima(*with_secret).code == 0
    assert yima(*with_secret).code == 1


def test_a_shipped_description_is_listed_and_printed_to_be_changed(yima: Yima, tmp_path: Path) -> None:
    listed = {row["preset"]: row for row in yima("upstream", "presets", "--json").json}
    assert set(listed) == {"wecom", "dingtalk", "smartedu", "province", "carsi-oauth"}
    assert listed["wecom"]["needs"] == ["client_id", "agent_id"]
    mine = tmp_path / "mine.toml"
    mine.write_text(yima("upstream", "presets", "smartedu").out, encoding="utf-8")
    words = ("--description", str(mine), "--value", "client_id", "x", "--secret-file", "-")
    assert yima("upstream", "add", "oauth2", "hub", *words, typed="secret").code == 0


def test_a_key_of_ours_is_made_and_its_public_half_has_an_address(yima: Yima) -> None:
    words = (
        "upstream",
        "add",
        "oidc",
        "campus",
        "https://id.example.edu.cn",
        "--client-id",
        "x",
        "--auth",
        "private_key_jwt",
        "--json",
    )
    assert yima(*words).json["jwks_uri"] == "http://localhost:8000/upstream/campus/jwks"
