"""``yima cert export``: the files of a server as its program reads them, and what to paste."""

from pathlib import Path

import pytest

from idp.crypto import pem
from idp.crypto.key_files import read_private_key
from idp.crypto.x509.certificate import Certificate
from tests.unit.certification.test_tls import play
from tests.unit.cli.conftest import Yima

pytestmark = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)
PASSWORD = ("--password-file", "password.txt")
HOST = "id.school.edu.cn"


@pytest.fixture
def folder(yima: Yima, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a server's pair and key lie, as ``yima cert issue --pair`` wrote them."""
    place = tmp_path / "files"
    place.mkdir()
    monkeypatch.chdir(place)
    Path("password.txt").write_text("violet-tram-93\n")
    school = yima("school", "issue", "--category", "31", "--province", "33", "第一中学", "--json").json["code"]
    yima("school", "domains", school, "school.edu.cn")
    yima("ca", "init", "ministry", "--root", "--organisation", "教育部")
    yima("ca", "init", "school", "--parent", "ministry", "--school", school)
    issue = ("cert", "issue", "school", "--profile", "tls-sign", "--host", HOST, "--pair")
    done = yima(*issue, "--new-key", "server.key", "--out", "server.pem", *PASSWORD)
    assert done.code == 0, done.err
    return place


def chain(path: str) -> list[Certificate]:
    return [Certificate(der) for der in pem.decode_all(Path(path).read_bytes(), "CERTIFICATE")]


def export(yima: Yima, front: str, out: str = "", **changes: str) -> tuple[str, ...]:
    key, file = changes.get("key", "server.key"), changes.get("file", "server.pem")
    return ("cert", "export", file, "--for", front, "--key", key, "--out", out or front, *PASSWORD)


@pytest.mark.parametrize(
    ("front", "directive", "files"),
    [
        ("angie", "ssl_ntls            on;", {"sign.pem", "sign.key", "enc.pem", "enc.key", "root.pem"}),
        ("tengine", "ssl_enc_certificate_key  ", {"sign.pem", "sign.key", "enc.pem", "enc.key", "root.pem"}),
        ("openssl", "-groups curveSM2", {"sign.pem", "sign.key", "root.pem"}),
        ("gmssl", "tlcp_server -port 443", {"sign.pem", "sign.key", "enc.pem", "enc.key", "double.pem", "root.pem"}),
    ],
)
def test_every_program_gets_its_files_and_its_words(yima: Yima, folder: Path, front: str, directive: str, files: set[str]) -> None:
    done = yima(*export(yima, front))
    assert done.code == 0, done.err
    assert directive in done.out
    assert f"{folder}/{front}/sign.key" in done.out
    assert {path.name for path in (folder / front).iterdir()} == files
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder / front).glob("*.key"))
    signing = chain(f"{front}/sign.pem")
    assert [one.subject for one in signing[1:]] == [one.issuer for one in signing[:-1]]  # each certified by the next, no root
    assert not any(one.is_self_issued for one in signing)
    password = b"violet-tram-93" if front == "gmssl" else None
    for half in ("sign", "enc") if front != "openssl" else ("sign",):
        key = read_private_key((folder / front / f"{half}.key").read_bytes(), password)
        assert key.public_key == chain(f"{front}/{half}.pem")[0].public_key
    if front == "gmssl":
        assert [one.der for one in chain("gmssl/double.pem")] == [
            signing[0].der,
            chain("gmssl/enc.pem")[0].der,
            *(one.der for one in signing[1:]),
        ]


def test_a_server_and_a_client_shake_hands_with_these_very_files(yima: Yima, folder: Path) -> None:
    assert yima(*export(yima, "tengine")).code == 0
    names = {"sign": "sign.pem", "sign_key": "sign.key", "enc": "enc.pem", "enc_key": "enc.key"}
    server = {kind: str(folder / "tengine" / name) for kind, name in names.items()}
    case = {"server": server, "root": str(folder / "tengine" / "root.pem"), "name": HOST, "suite": "ECC-SM2-SM4-GCM-SM3"}
    for program in ("tlcp", "rfc8998"):
        (found,) = play(program, [case], folder)
        assert found["said"] == "你好"


def test_what_makes_no_server_is_refused_and_nothing_is_written(yima: Yima, folder: Path) -> None:
    yima("cert", "request", "--key", "other.key", "--out", "other.csr", *PASSWORD)
    Path("alone.pem").write_bytes(Path("server.pem").read_bytes())
    cases = {
        "does not belong": export(yima, "openssl", key="other.key", file="alone.pem"),
        "encryption certificate": export(yima, "angie", file="alone.pem"),
        "cannot be read": export(yima, "angie", file="nothing.pem"),
    }
    for words, command in cases.items():
        done = yima(*command)
        assert (done.code, words in done.err) == (1, True), (words, done.err)
    assert not Path("angie").exists()
    Path("openssl").mkdir()
    assert "exists already" in yima(*export(yima, "openssl", file="alone.pem")).err
