"""``yima ca``, ``yima cert``, ``yima crl``, ``yima ocsp``: from nothing to a revoked certificate, and a root by files."""

import shlex
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from idp.crypto.jose.signer import generate_signer
from idp.crypto.key_files import read_private_key
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.crl import RevocationList, list_extensions
from idp.crypto.x509.extensions.identifiers import key_identifier
from idp.crypto.x509.signing import signed
from idp.settings import Settings
from tests.unit.cli.conftest import Yima
from tests.unit.crypto.x509 import hierarchy

# What the databases could do differently is shown by the tests of the rules.
pytestmark = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)
README = Path(__file__).parents[3] / "certs" / "README.md"
OPERATORS = ("--operator", "张三", "--operator", "李四", "--yes")


def readme_commands() -> list[list[str]]:
    block = README.read_text(encoding="utf-8").split("```sh\n")[1].split("```")[0]
    return [shlex.split(line)[1:] for line in block.strip().split("\n")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where files go."""
    place = tmp_path / "files"
    place.mkdir()
    monkeypatch.chdir(place)
    (place / "password.txt").write_text("violet-tram-93\n")
    return place


def test_a_newcomer_needs_ten_commands_for_all_of_it(yima: Yima, folder: Path) -> None:
    commands = readme_commands()
    assert len(commands) <= 10
    printed: list[Any] = []
    for words in commands:
        known = {
            "CODE": lambda: printed[1]["code"],
            "NUMBER": lambda: printed[2]["number"],
            "SERIAL": lambda: printed[6]["serial"],
        }
        arguments = [known[word]() if word in known else word for word in words]
        done = yima(*arguments, *(("--json",) if words != ["init"] else ()))
        assert done.code == 0, (words, done.err)
        printed.append(done.json if words != ["init"] else None)
    serial = printed[6]["serial"]
    assert printed[8]["revoked"] == [{**printed[8]["revoked"][0], "serial": serial, "reason": "keyCompromise"}]
    assert printed[9] == {**printed[9], "state": "revoked", "reason": "keyCompromise"}
    key = read_private_key((folder / "teacher.key").read_bytes(), b"violet-tram-93")
    teacher = Certificate.from_pem(_first((folder / "teacher.pem").read_text()))
    assert key.public_key == teacher.public_key
    assert (folder / "teacher.key").stat().st_mode & 0o077 == 0
    unwrap = ("cert", "unwrap", "teacher.enc.envelope", "--key", "teacher.key", "--out", "teacher.enc.key")
    assert yima(*unwrap, "--password-file", "password.txt").code == 0
    encryption = Certificate.from_pem(_first((folder / "teacher.enc.pem").read_text()))
    assert read_private_key((folder / "teacher.enc.key").read_bytes(), b"violet-tram-93").public_key == encryption.public_key
    assert yima(*unwrap, "--password-file", "password.txt").code == 1  # never over a file that is there
    _verify_by_files(yima, folder)


def _first(chain: str) -> str:
    end = "-----END CERTIFICATE-----\n"
    return chain.partition(end)[0] + end


def _verify_by_files(yima: Yima, folder: Path) -> None:
    """The certificate that was just revoked, with nothing but files."""
    (folder / "ministry.pem").write_text(yima("ca", "show", "ministry", "--pem").out)
    for name in ("ministry", "zhejiang"):
        assert yima("crl", "show", name, "--out", f"{name}.crl").code == 0
    verify = ("cert", "verify", "teacher.pem", "--trust", "ministry.pem")
    assert yima(*verify).code == 0
    lists = [word for name in ("ministry", "zhejiang", "school-one") for word in ("--crl", f"{name}.crl")]
    done = yima(*verify, *lists)
    assert done.code == 1
    assert "keyCompromise" in done.err


def test_a_root_without_a_network_signs_by_files_and_two_operators(yima: Yima, folder: Path) -> None:
    yima("ca", "init", "ministry", "--root", "--organisation", "教育部")
    asked = yima("ca", "request", "zhejiang", "--organisation", "浙江省教育厅", "--out", "zhejiang.csr", "--json").json
    assert asked["state"] == "waiting"
    assert yima("cert", "list", "--authority", "zhejiang", "--json").json == []
    sign = ("ca", "sign", "ministry", "zhejiang.csr", "--out", "zhejiang.pem")
    for alone in ((), ("--operator", "张三"), ("--operator", "张三", "--operator", " 张三 ")):
        assert yima(*sign, *alone, "--yes").code == 1
    assert not (folder / "zhejiang.pem").exists()
    assert yima(*sign, *OPERATORS[:4], typed="n\n").code == 1
    signed = yima(*sign, *OPERATORS, "--json").json
    assert signed["request_fingerprint"] == asked["request_fingerprint"]
    ministry = Certificate.from_pem(yima("ca", "show", "ministry", "--pem").out)
    (folder / "other.pem").write_text(ministry.to_pem())
    assert "cannot be accepted" in yima("ca", "accept", "zhejiang", "other.pem", *OPERATORS).err
    done = yima("ca", "accept", "zhejiang", "zhejiang.pem", *OPERATORS, "--json")
    assert done.json["fingerprint"] == signed["fingerprint"]
    assert ministry.fingerprint.hex() in done.err
    assert yima("ca", "accept", "zhejiang", "zhejiang.pem", *OPERATORS).code == 1
    assert [row["state"] for row in yima("ca", "list", "--json").json] == ["active", "active"]


def test_a_request_of_openssl_is_issued_and_openssl_verifies_the_certificate(yima: Yima, folder: Path) -> None:
    number = _school_with_teacher(yima)[1]
    distid = "distid:1234567812345678"
    for command in (
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:SM2 -out t.key",
        f"req -new -key t.key -sm3 -sigopt {distid} -subj /CN=me -out t.csr",
    ):
        subprocess.run(["openssl", *command.split()], check=True, capture_output=True)
    done = yima("cert", "issue", "school", "t.csr", "--person", number, "--out", "t.pem", "--json")
    assert done.json["profile"] == "person-sign"
    (folder / "school.pem").write_text(yima("ca", "show", "school", "--pem").out)
    verify = f"openssl verify -vfyopt {distid} -partial_chain -trusted school.pem t.pem".split()
    assert subprocess.run(verify, check=True, capture_output=True).stdout == b"t.pem: OK\n"
    assert yima("cert", "issue", "school", "t.csr", "--person", number).code == 1


def _school_with_teacher(yima: Yima) -> tuple[str, str]:
    school = yima("school", "issue", "--category", "31", "--province", "33", "第一中学", "--json").json["code"]
    paper = ("--document-kind", "passport", "--document", "E12345678")
    number = yima("person", "register", "林小雨", "--institution", school, "--role", "teacher", *paper, "--json").json["number"]
    yima("ca", "init", "school", "--root", "--school", school)
    return school, number


def test_a_person_is_suspended_and_released_with_all_certificates(yima: Yima, folder: Path) -> None:
    school, number = _school_with_teacher(yima)
    made = ("--password-file", "password.txt")
    first, second = (
        yima("cert", "issue", "school", "--person", number, "--new-key", f"{i}.key", *made, "--json").json["serial"]
        for i in range(2)
    )
    yima("cert", "revoke", first, "--reason", "superseded", "--yes")
    assert {row["state"] for row in yima("cert", "hold", "--person", number, "--json").json} == {"revoked", "held"}
    assert yima("ocsp", "ask", second, "--json").json["reason"] == "certificateHold"
    yima("cert", "release", "--person", number)
    assert yima("cert", "show", second, "--json").json["state"] == "valid"
    assert yima("cert", "show", first, "--json").json["state"] == "revoked"
    assert yima("cert", "release", second).code == 1
    assert yima("cert", "hold", second, "--school", school).code == 2


IMPOSSIBLE = [
    ("ca", "init", "Ministry", "--root", "--organisation", "教育部"),
    ("ca", "init", "ministry-1", "--root", "--organisation", "教育部"),
    ("ca", "init", "ministry", "--root"),
    ("ca", "init", "ministry", "--organisation", "教育部"),
    ("ca", "init", "province", "--parent", "nobody", "--organisation", "省教育厅"),
    ("ca", "show", "nobody"),
    ("cert", "issue", "nobody", "absent.csr", "--person", "x"),
    ("cert", "issue", "nobody"),
    ("cert", "request", "--key", "k", "--out", "k.csr", "--password-file", "short.txt"),
    ("cert", "show", "zz"),
    ("cert", "revoke", "12", "--yes"),
    ("crl", "show", "nobody"),
    ("ocsp", "ask", "12"),
]


def test_what_cannot_be_done_is_said_plainly(yima: Yima, folder: Path) -> None:
    (folder / "short.txt").write_text("1234567")
    for arguments in IMPOSSIBLE:
        done = yima(*arguments)
        assert done.code in (1, 2), arguments
        assert done.err
        assert "Traceback" not in done.err


def test_no_key_lies_in_the_repository_beside_the_profiles(deployment_settings: Settings) -> None:
    for file in README.parent.rglob("*"):
        assert not file.is_file() or b"PRIVATE KEY" not in file.read_bytes()


def test_a_certificate_that_ends_soon_is_listed_and_renewed(yima: Yima, folder: Path) -> None:
    number = _school_with_teacher(yima)[1]
    made = ("--password-file", "password.txt", "--json")
    old = yima("cert", "issue", "school", "--person", number, "--new-key", "a.key", *made).json["serial"]
    assert yima("cert", "list", "--expiring", "30", "--json").json == []
    # A teacher's certificate is good for two years, the root for ten.
    assert [row["serial"] for row in yima("cert", "list", "--expiring", "800", "--json").json] == [old]
    yima("cert", "request", "--key", "b.key", "--out", "b.csr", *made)
    done = yima("cert", "renew", old, "b.csr", "--supersede", "--out", "b.pem", "--json")
    assert done.json["state"] == "valid"
    assert (folder / "b.pem").read_text().count("BEGIN CERTIFICATE") == 2
    assert yima("cert", "show", old, "--json").json["reason"] == "superseded"
    refused = yima("cert", "renew", old, "--new-key", "c.key", *made)
    assert (refused.code, (folder / "c.key").exists()) == (1, False)
    assert yima("cert", "renew", old).code == 2
    assert yima("cert", "list", "--expiring", "0").code == 2


def test_the_doctor_says_what_ends_soon(yima: Yima, folder: Path) -> None:
    yima("ca", "init", "short", "--root", "--organisation", "教育部", "--days", "20")
    [listed] = yima("cert", "list", "--expiring", "30", "--json").json
    assert listed["authority"] == "short"
    findings = [one for one in yima("doctor", "--json").json["findings"] if "cert list --expiring" in one["advice"]]
    assert [one["state"] for one in findings] == ["look"]
    assert yima("cert", "renew", listed["serial"], "--new-key", "x.key", "--password-file", "password.txt").code == 1


def test_one_that_outlives_its_issuer_is_valid_with_a_note(yima: Yima, folder: Path) -> None:
    school = hierarchy.authority("school", None, None)
    good = hierarchy.leaf(school).certificate
    longer = replace(good.tbs, not_after=school.certificate.tbs.not_after + timedelta(days=1))
    (folder / "longer.pem").write_text(Certificate(signed(longer.encode(), school.signer)).to_pem())
    (folder / "good.pem").write_text(good.to_pem())
    (folder / "root.pem").write_text(school.certificate.to_pem())
    assert yima("cert", "verify", "longer.pem", "--trust", "root.pem", "--json").json["warnings"] == ["outlives_its_issuer"]
    assert "longer than the authority" in yima("cert", "verify", "longer.pem", "--trust", "root.pem").out
    assert yima("cert", "verify", "good.pem", "--trust", "root.pem", "--json").json["warnings"] == []


def test_a_list_is_not_written_over_a_newer_one(yima: Yima, folder: Path) -> None:
    yima("ca", "init", "ministry", "--root", "--organisation", "教育部")
    (folder / "list.crl").write_bytes(b"no list")
    for _ in range(2):
        assert yima("crl", "publish", "ministry", "--out", "list.crl").code == 0
    root = Certificate.from_pem(yima("ca", "show", "ministry", "--pem").out)
    kept = RevocationList((folder / "list.crl").read_bytes())
    later = list_extensions(kept.contents.number + 100_000_000, key_identifier(root.public_key))
    signer = generate_signer("SGD_SM3_SM2")  # whose it is does not count here: the file is the operator's own
    newer = signed(replace(kept.contents, extensions=later).encode(), signer)
    (folder / "list.crl").write_bytes(newer)
    assert yima("crl", "publish", "ministry", "--out", "list.crl").code == 1
    assert (folder / "list.crl").read_bytes() == newer


def test_an_app_of_the_register_is_certified_by_its_client_id(yima: Yima, folder: Path) -> None:
    school, number = _school_with_teacher(yima)
    said = ("--owner", school, "--contact", "lib@example.edu.cn", "--purpose", "借阅", "--redirect-uri", "http://localhost:9000/cb")
    app_id = yima("app", "register", "图书馆", *said, "--json").json["client_id"]
    (folder / "password.txt").write_text("violet-tram-93")
    issue = ("cert", "issue", "school", "--new-key", "app.key", "--password-file", "password.txt", "--out", "app.pem")
    assert yima(*issue, "--app", app_id, "--person", number).code == 2
    assert yima(*issue, "--app", "app_nobody").code == 1
    done = yima(*issue, "--app", app_id, "--json").json
    assert done["profile"] == "app"
    assert done["subject"].startswith(f"UID={app_id},CN=图书馆,")
    yima("app", "suspend", app_id)
