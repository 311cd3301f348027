"""``yima signing``: from a key to a verdict, by files; each step as the page for other systems has it."""

import json
from pathlib import Path

import pytest

from idp.crypto.x509.certificate import Certificate
from idp.settings import Settings
from tests.services.gmsm import gmsm
from tests.unit.cli.conftest import Yima

pytestmark = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)


@pytest.fixture
def school(yima: Yima, deployment_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A school with an authority, in a folder with a document; its code."""
    monkeypatch.chdir(tmp_path)
    Path("diploma.pdf").write_text("毕业证书")
    code = str(yima("school", "issue", "--category", "31", "--province", "33", "第一中学", "--json").json["code"])
    yima("ca", "init", "ministry", "--root", "--organisation", "教育部")
    yima("ca", "init", "school-one", "--parent", "ministry", "--school", code)
    assert yima("signing", "key", "add", "seal", "--authority", "school-one").code == 0
    return code


def test_a_file_is_signed_verified_and_believed_by_others(yima: Yima, school: str) -> None:
    shown = yima("signing", "key", "show", "seal", "--out", "chain.pem", "--json").json
    assert (shown["state"], shown["use"], shown["version"], shown["apps"]) == ("active", "sign", 1, [])
    made = yima("signing", "sign", "diploma.pdf", "--key", "seal", "--out", "diploma.p7s", "--json").json
    assert made["digest"] == yima("signing", "digest", "diploma.pdf", "--json").json["digest"]
    verdict = yima("signing", "verify", "diploma.p7s", "diploma.pdf", "--json").json
    assert verdict["valid"]
    assert "第一中学" in yima("signing", "verify", "diploma.p7s", "diploma.pdf").out
    root = Path("chain.pem").read_text().rpartition("-----BEGIN")
    Path("root.pem").write_text(root[1] + root[2])
    Path("root.der").write_bytes(Certificate.from_pem(Path("root.pem").read_text()).der)
    assert gmsm("verify", "diploma.p7s", "root.der", "diploma.pdf").startswith("good: 1")
    assert yima("signing", "verify", "diploma.p7s").code == 1
    Path("diploma.pdf").write_text("毕业证书!")
    changed = yima("signing", "verify", "diploma.p7s", "diploma.pdf")
    assert changed.code == 1
    assert "another document" in changed.out


def test_raw_attached_and_stamped(yima: Yima, school: str) -> None:
    sign = ("signing", "sign", "diploma.pdf", "--key", "seal", "--out")
    assert yima(*sign, "raw.sig", "--format", "raw").code == 0
    assert yima("signing", "verify", "raw.sig", "diploma.pdf", "--raw", "--key", "seal").code == 0
    yima("signing", "key", "show", "seal", "--out", "chain.pem")
    assert yima("signing", "verify", "raw.sig", "diploma.pdf", "--raw", "--certificate", "chain.pem").code == 0
    # The pair changes; what the old one signed is still found.
    assert yima("signing", "key", "rotate", "seal", "--json").json["version"] == 2
    assert yima("signing", "verify", "raw.sig", "diploma.pdf", "--raw", "--key", "seal").code == 0
    assert yima(*sign, "stamped.p7s", "--attached", "--timestamp").code == 1
    yima("ca", "timestamp", "ministry")
    assert yima(*sign, "stamped.p7s", "--attached", "--timestamp").code == 0
    assert "time-stamped" in yima("signing", "verify", "stamped.p7s").out
    for wrong in (
        ("signing", "verify", "raw.sig", "--raw", "--key", "seal"),
        ("signing", "verify", "raw.sig", "diploma.pdf", "--raw"),
        ("signing", "verify", "stamped.p7s", "--key", "seal"),
        (*sign, "x", "--format", "raw", "--attached"),
        (*sign, "x", "--format", "pdf"),
    ):
        assert yima(*wrong).code == 2
    for wrong in (
        ("signing", "verify", "diploma.pdf"),
        ("signing", "verify", "nothing.p7s"),
        ("signing", "sign", "nothing.pdf", "--key", "seal", "--out", "x"),
        ("signing", "sign", "diploma.pdf", "--key", "nothing", "--out", "x"),
    ):
        assert yima(*wrong).code == 1


def test_an_envelope_is_opened_into_a_file_of_its_own(yima: Yima, school: str) -> None:
    assert yima("signing", "key", "add", "letters", "--authority", "school-one", "--use", "encrypt").code == 0
    yima("signing", "key", "show", "letters", "--out", "letters.pem")
    for to in (("--key", "letters"), ("--to", "letters.pem")):
        assert yima("signing", "encrypt", "diploma.pdf", *to, "--out", "diploma.p7m").code == 0
        Path("opened.pdf").unlink(missing_ok=True)
        assert yima("signing", "open", "diploma.p7m", "--key", "letters", "--out", "opened.pdf").code == 0
        assert Path("opened.pdf").read_text() == "毕业证书"
        assert Path("opened.pdf").stat().st_mode & 0o777 == 0o600
    assert yima("signing", "open", "diploma.p7m", "--key", "letters", "--out", "opened.pdf").code == 1
    assert yima("signing", "open", "diploma.p7m", "--key", "seal", "--out", "x").code == 1
    assert yima("signing", "encrypt", "diploma.pdf", "--out", "x").code == 2
    yima("signing", "key", "show", "seal", "--out", "seal.pem")
    assert yima("signing", "encrypt", "diploma.pdf", "--to", "seal.pem", "--out", "x").code == 1


def test_apps_are_allowed_by_name_and_the_life_of_a_key(yima: Yima, school: str) -> None:
    made = yima(
        *("app", "register", "学籍系统", "--owner", school, "--contact", "it@example.edu.cn", "--purpose", "签发证书"),
        *("--scope", "signing", "--grant", "client_credentials", "--json"),
    ).json
    app = made["client_id"]
    allow = ("signing", "allow", app, "seal", "--operations")
    shown = yima(*allow, "sign, verify", "--per-minute", "5", "--json").json
    assert shown["apps"] == [f"{app}: sign, verify"]
    assert shown["url"].endswith("/signing/v1")
    assert yima(*allow, "sign,everything").code == 2
    assert yima("signing", "allow", "app_nobody", "seal", "--operations", "sign").code == 1
    assert yima("signing", "deny", app, "seal", "--json").json["apps"] == []
    assert yima("signing", "deny", app, "seal").code == 1
    plain = yima(
        "app",
        "register",
        "图书馆",
        "--owner",
        school,
        "--contact",
        "it@example.edu.cn",
        "--purpose",
        "借书",
        "--redirect-uri",
        "https://a.example.edu.cn/cb",
        "--json",
    ).json
    assert "--scope signing" in yima("signing", "allow", plain["client_id"], "seal", "--operations", "sign").err
    for act, state in (("hold", "held"), ("release", "active")):
        assert yima("signing", "key", act, "seal", "--json").json["state"] == state
    assert yima("signing", "key", "revoke", "seal", "--reason", "keyCompromise", "--yes", "--json").json["state"] == "revoked"
    assert yima("signing", "sign", "diploma.pdf", "--key", "seal", "--out", "x").code == 1
    assert yima("signing", "key", "rotate", "seal", "--json").json["state"] == "active"
    assert yima("signing", "key", "retire", "seal", "--yes", "--json").json["state"] == "retired"
    assert [one["state"] for one in json.loads(yima("signing", "key", "list", "--json").out)] == ["retired"]
    assert yima("signing", "key", "retire", "seal", "--yes").code == 1
    said = yima("audit", "list", "--json").out
    assert "signing.key.rotated" in said
