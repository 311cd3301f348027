"""The fixed vectors: each is refused by its error, and what other verifiers say of it is written down beside it."""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509 import load_der_x509_certificate
from OpenSSL import crypto as openssl4

from idp.crypto import pem, sm2
from idp.crypto.errors import CryptoError
from idp.crypto.jose.signer import SoftwareSigner
from idp.crypto.jose.sm2_key import SM2Key
from idp.crypto.key_files import read_private_key
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.crl import RevocationList
from idp.crypto.x509.errors import InvalidRevocationList, RequestRefused
from idp.crypto.x509.general_name import GeneralName
from idp.crypto.x509.lints import Issuer, RequestRules, lint_certificate, lint_request
from idp.crypto.x509.ocsp import OCSPRequest
from idp.crypto.x509.path import PathRules, validate_path, warnings
from idp.crypto.x509.request import CertificateRequest
from tests.services.processes import ROOT, needed, needed_module
from tests.vectors.x509.make import files
from tests.vectors.x509.parties import AT, HOST, SCHOOL

HERE = ROOT / "tests" / "vectors" / "x509"
EXPECTED: dict[str, dict[str, Any]] = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
JARS = [Path(f"/usr/share/java/{name}.jar") for name in ("bcprov", "bcpkix", "bcutil")]
DISTID = "distid:1234567812345678"


@cache
def authority(name: str) -> Certificate:
    return Certificate.from_pem((HERE / "authorities" / f"{name}.pem").read_bytes())


def ders(name: str) -> list[bytes]:
    """The leaf, and what stands between it and the school."""
    return pem.decode_all((HERE / "certificates" / f"{name}.pem").read_bytes(), "CERTIFICATE")


def check_certificate(name: str) -> None:
    path = [*map(Certificate, ders(name)), authority("school"), authority("province")]
    validate_path(path, authority("root"), PathRules(at=AT))
    assert [found.lint for found in warnings(path, authority("root"))] == EXPECTED["certificates"][name].get("warnings", [])
    private = sm2.PrivateKey(SCHOOL.scalar.to_bytes(32, "big"))
    signer = SoftwareSigner("SGD_SM3_SM2", SM2Key(private.public_key, private))
    lint_certificate(path[0].tbs, Issuer(signer, authority("school")))


def check_request(name: str) -> None:
    request = CertificateRequest.from_pem((HERE / "requests" / f"{name}.pem").read_bytes())
    lint_request(request, RequestRules(lambda key: False, frozenset({GeneralName.dns(HOST)})))


def check_list(name: str) -> None:
    RevocationList.from_pem((HERE / "lists" / f"{name}.pem").read_bytes()).check_signed_by(authority("school"))


def check_question(name: str) -> None:
    OCSPRequest.from_der((HERE / "questions" / f"{name}.der").read_bytes())


def check_key_file(name: str) -> None:
    blocks = json.loads((HERE / "key_files.json").read_text())[name]
    text = "".join(pem.encode(label, bytes.fromhex(der)) for label, der in blocks)
    read_private_key(text.encode(), b"password" if text.startswith("-----BEGIN ENCRYPTED") else None)


CHECKS = {
    "certificates": check_certificate,
    "requests": check_request,
    "lists": check_list,
    "questions": check_question,
    "key_files": check_key_file,
}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, held in EXPECTED.items() for name in held])
def test_each_is_refused_by_its_error(kind: str, name: str) -> None:
    error, lints = EXPECTED[kind][name]["ours"], EXPECTED[kind][name].get("lints")
    if error == "good":
        CHECKS[kind](name)
        return
    with pytest.raises(CryptoError) as refused:
        CHECKS[kind](name)
    assert refused.value.code == error
    if lints:
        assert isinstance(refused.value, RequestRefused)
        assert [finding.lint for finding in refused.value.findings] == lints  # type: ignore[attr-defined]


def test_a_list_does_not_take_the_place_of_a_newer_one() -> None:
    newer, older = (
        RevocationList.from_pem((HERE / "lists" / f"{name}.pem").read_bytes()) for name in ("number-7", "number-6-after-7")
    )
    newer.check_follows(older)
    newer.check_follows(newer)
    with pytest.raises(InvalidRevocationList):
        older.check_follows(newer)


def test_the_files_are_what_the_script_makes_and_each_has_its_verdict() -> None:
    made = files()
    assert {
        path.relative_to(HERE).as_posix(): path.read_bytes() for path in HERE.rglob("*.*") if path.suffix in (".pem", ".der")
    } == {name: content for name, content in made.items() if name != "key_files.json"}
    assert (HERE / "key_files.json").read_bytes() == made["key_files.json"]
    named = {(Path(name).parent.name, Path(name).stem) for name in made if "/" in name and not name.startswith("authorities")}
    named |= {("key_files", name) for name in json.loads(made["key_files.json"])}
    assert named == {(kind, name) for kind, held in EXPECTED.items() for name in held}


# --- What others say ----------------------------------------------------------------------------------------------------


def verdicts(verifier: str) -> dict[str, str]:
    return {name: held[verifier] for name, held in EXPECTED["certificates"].items() if verifier in held}


def test_openssl_3_says_what_is_written_down(tmp_path: Path) -> None:
    """By its command, one link, strictly, with the standard ID: it has it for the leaf only."""

    def verdict(name: str) -> str:
        leaf, *above = ders(name)
        (tmp_path / "leaf").write_text(pem.encode("CERTIFICATE", leaf))
        (tmp_path / "above").write_text(pem.encode("CERTIFICATE", above[0] if above else authority("school").der))
        command = ["openssl", "verify", "-x509_strict", "-vfyopt", DISTID, "-partial_chain", "-attime", str(int(AT.timestamp()))]
        done = subprocess.run([*command, "-trusted", tmp_path / "above", tmp_path / "leaf"], capture_output=True, check=False)
        return "refuses" if done.returncode else "accepts"

    assert {name: verdict(name) for name in verdicts("openssl-3.0")} == verdicts("openssl-3.0")


def test_openssl_4_says_what_is_written_down() -> None:
    """By pyOpenSSL, the whole path, strictly."""
    upper = [openssl4.X509.from_cryptography(load_der_x509_certificate(authority(name).der)) for name in ("school", "province")]
    store = openssl4.X509Store()
    store.add_cert(openssl4.X509.from_cryptography(load_der_x509_certificate(authority("root").der)))
    store.set_flags(openssl4.X509StoreFlags.X509_STRICT)
    store.set_time(AT.replace(tzinfo=None))

    def verdict(name: str) -> str:
        try:
            leaf, *above = (openssl4.load_certificate(openssl4.FILETYPE_ASN1, der) for der in ders(name))
            openssl4.X509StoreContext(store, leaf, [*above, *upper]).verify_certificate()
        except (openssl4.Error, openssl4.X509StoreContextError):
            return "refuses"
        return "accepts"

    assert {name: verdict(name) for name in verdicts("openssl-4.0")} == verdicts("openssl-4.0")


def written(names: list[str], folder: Path) -> list[list[Path]]:
    """The paths in files of DER, from the leaf to below the root; the root beside them."""
    (folder / "root.der").write_bytes(authority("root").der)
    found = []
    for name in names:
        (folder / name).mkdir()
        path = [folder / name / f"chain-{number}.der" for number in range(len(ders(name)) + 2)]
        for place, der in zip(path, [*ders(name), authority("school").der, authority("province").der], strict=True):
            place.write_bytes(der)
        found.append(path)
    return found


def test_bouncycastle_says_what_is_written_down(tmp_path: Path) -> None:
    java = needed("java", "apt-get install default-jdk-headless")
    for jar in JARS:
        if not jar.exists():
            needed(jar, "apt-get install libbcpkix-java")
    names = list(verdicts("bouncycastle-1.72"))
    folders = [path[0].parent for path in written(names, tmp_path)]
    program = ROOT / "tests" / "clients" / "bouncycastle" / "Judge.java"
    command = [java, "-XX:TieredStopAtLevel=1", "-cp", ":".join(map(str, JARS)), str(program), AT.strftime("%Y-%m-%dT%H:%M:%SZ")]
    said = subprocess.run([*command, tmp_path / "root.der", *folders], check=True, capture_output=True, text=True).stdout.split()
    assert dict(zip(names, said, strict=True)) == verdicts("bouncycastle-1.72")


def test_tongsuo_says_what_is_written_down(tmp_path: Path) -> None:
    """By the library in the wheel tongsuopy, the whole path, strictly."""
    needed_module("tongsuopy")
    names = list(verdicts("tongsuo-8.3"))
    paths = [list(map(str, path)) for path in written(names, tmp_path)]
    asked = {"at": int(AT.timestamp()), "root": str(tmp_path / "root.der"), "paths": paths}
    command = [sys.executable, str(ROOT / "tests" / "clients" / "tongsuo_verify.py")]
    done = subprocess.run(command, input=json.dumps(asked), check=True, capture_output=True, text=True)
    assert dict(zip(names, json.loads(done.stdout), strict=True)) == verdicts("tongsuo-8.3")


def test_the_page_has_the_same_verdicts() -> None:
    page = (ROOT / "docs" / "specs" / "x509.md").read_text(encoding="utf-8")
    rows = {cells[0].strip("` "): [cell.strip() for cell in cells[1:]] for cells in re.findall(ROW, page, re.MULTILINE)}
    words = {"accepts": "**accepts**", "refuses": "refuses", None: "–"}
    assert rows == {
        name: [held["ours"], *(words[held.get(verifier)] for verifier in VERIFIERS)]
        for name, held in EXPECTED["certificates"].items()
    }


VERIFIERS = ("openssl-3.0", "openssl-4.0", "tongsuo-8.3", "bouncycastle-1.72")
ROW = r"^\| (`[a-z0-9-]+`) \| `?([a-z0-9_. ]+?)`? \| (\S+) \| (\S+) \| (\S+) \| (\S+) \|$"
