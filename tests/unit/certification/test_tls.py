"""Certificates of ours in TLS by other hands: RFC 8998 and TLCP, one-sided and mutual, and what each of them refuses."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from idp.certification import authorities, double, subjects
from idp.certification.fronts import Front, Half, front_files
from idp.certification.status import lists, revocation
from idp.certification.tables import IssuedCertificate
from idp.crypto import sm2
from idp.crypto.jose import SoftwareSigner
from idp.crypto.jose.sm2_key import SM2Key
from idp.crypto.key_files import enveloped_key, write_private_key
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.name import Name
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.request import create_request
from idp.deployment import open_deployment
from idp.registry import institutions
from idp.settings import Settings
from tests.certificates_of_schools import Authorities, found_authorities
from tests.people import OPERATOR
from tests.services.processes import ROOT, needed_module

HOST = "id.school.edu.cn"
REVOKED, EXPIRED, UNKNOWN_ISSUER, WRONG_NAME, NO_LIST = 23, 10, {18, 19, 20, 21}, 62, 3
CONFIGURATION = """
openssl_conf = all
[all]
ssl_conf = tls
[tls]
system_default = national
[national]
Groups = curveSM2
SignatureAlgorithms = sm2sig_sm3
"""
Case = dict[str, Any]


@dataclass(frozen=True)
class Servers:
    """The files of a server, of an app with a certificate and of one whose certificate is revoked, the root and the lists."""

    folder: Path
    expires: int

    def own(self, name: str) -> dict[str, str]:
        return {
            kind: str(self.folder / name / file)
            for kind, file in (("sign", "sign.pem"), ("sign_key", "sign.key"), ("enc", "enc.pem"), ("enc_key", "enc.key"))
        }

    def case(self, **changes: Any) -> Case:
        root = str(self.folder / "server" / "root.pem")
        found = sorted(map(str, self.folder.glob("*.crl")))
        return {"server": self.own("server"), "root": root, "lists": found, "name": HOST, **changes}


def _request(key: sm2.PrivateKey):  # type: ignore[no-untyped-def]
    return create_request(Name.of(("CN", "x")), SoftwareSigner("SGD_SM3_SM2", SM2Key(key.public_key, key)))


def _pair(schools: Authorities, folder: Path, profile: str) -> IssuedCertificate:
    """A pair and its files, as ``yima cert export`` writes those of a server."""
    key = sm2.PrivateKey.generate()
    request = create_request(Name.of(("CN", "x")), SoftwareSigner("SGD_SM3_SM2", SM2Key(key.public_key, key)))
    with schools.deployment.transaction(OPERATOR) as tx:
        institutions.set_domains(tx, schools.school, ["school.edu.cn"])
        school = authorities.by_name(tx.session, "school")
        if profile == "tls-sign":
            holder = subjects.host_of(tx.session, (HOST,), schools.school)
        else:
            holder = subjects.institution_itself(tx.session, schools.school, "选课系统")
        made = double.issue_pair(tx, schools.office, school, schools.office.profiles[profile], holder, request)
        now, row = tx.now, made.signing
    opened = enveloped_key.open_enveloped(made.envelope, key)
    halves = [Half([Certificate(one.der), *schools.chain()], own) for one, own in ((made.signing, key), (made.encryption, opened))]
    folder.mkdir()
    if profile == "tls-sign":
        files = front_files(Front.ANGIE, *halves, now)
        written = {**files.public, **files.private}
    else:
        written = {}
        for name, half in zip(("sign", "enc"), halves, strict=True):
            written[f"{name}.pem"] = "".join(one.to_pem() for one in half.chain[:-1])
            written[f"{name}.key"] = write_private_key(half.key, None)
    for name, text in written.items():
        (folder / name).write_text(text)
    return row


@pytest.fixture(scope="module")
def servers(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Servers:
    folder = tmp_path_factory.mktemp("tls")
    shutil.copytree(sqlite_template, folder / "yima")
    shutil.copytree(sqlite_template, folder / "elsewhere")
    deployment = open_deployment(Settings(home=folder / "yima"))
    schools = found_authorities(deployment)
    row = _pair(schools, folder / "server", "tls-sign")
    _pair(schools, folder / "app", "client")
    revoked = _pair(schools, folder / "revoked", "client")
    with deployment.transaction(OPERATOR) as tx:
        revocation.revoke(tx, tx.session.get_one(IssuedCertificate, revoked.id), Reason.KEY_COMPROMISE)
        for name in ("ministry", "province", "school"):
            (folder / f"{name}.crl").write_bytes(lists.publish(tx, schools.office, authorities.by_name(tx.session, name)).der)
    deployment.close()
    other = open_deployment(Settings(home=folder / "elsewhere"))
    stranger = replace(found_authorities(other))
    _pair(stranger, folder / "stranger", "tls-sign")
    other.close()
    return Servers(folder, int((row.not_after + timedelta(days=1)).timestamp()))


def play(program: str, cases: list[Case], folder: Path) -> list[Case]:
    if program == "tlcp":
        needed_module("tongsuopy")
    (folder / "openssl.cnf").write_text(CONFIGURATION)
    environment = os.environ | {"OPENSSL_CONF": str(folder / "openssl.cnf" if program == "rfc8998" else "/dev/null")}
    command = [sys.executable, str(ROOT / "tests" / "clients" / f"{program}.py")]
    done = subprocess.run(command, input=json.dumps(cases), capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    found: list[Case] = json.loads(done.stdout)
    return found


def cases(servers: Servers) -> dict[str, tuple[Case, str, set[int | str]]]:
    """What must not come about: by name the case, who refuses, and with which errors of X.509 (RFC 5280 by OpenSSL's numbers)."""
    app, revoked, stranger = (servers.own(name) for name in ("app", "revoked", "stranger"))
    return {
        "a revoked client": (servers.case(client=revoked), "server", {REVOKED}),
        "no client certificate": (servers.case(client_needed=True), "server", set()),
        "a client of another root": (servers.case(client=stranger), "server", UNKNOWN_ISSUER),
        "a server of another root": (servers.case(server=stranger, client=app), "client", UNKNOWN_ISSUER),
        "a name that is not the server's": (servers.case(name="www.school.edu.cn"), "client", {WRONG_NAME, "name"}),
        # Lists end before certificates do, and would be found first.
        "a server whose certificate has expired": (servers.case(at=servers.expires, lists=[]), "client", {EXPIRED}),
        "a list that is missing": (servers.case(lists=servers.case()["lists"][:2]), "client", {NO_LIST}),
    }


def check_refusals(servers: Servers, program: str, **more: str) -> None:
    refused = cases(servers)
    found = play(program, [{**case, **more} for case, _, _ in refused.values()], servers.folder)
    for (name, (_, who, errors)), result in zip(refused.items(), found, strict=True):
        assert "said" not in result, name
        if errors:
            assert set(result["refused"].get(who, [])) & errors, (name, result)


def test_rfc_8998_one_sided_and_mutual(servers: Servers) -> None:
    plain, mutual = play("rfc8998", [servers.case(), servers.case(client=servers.own("app"))], servers.folder)
    shaken = {"suite": "TLS_SM4_GCM_SM3", "version": "TLSv1.3", "group": "curveSM2", "said": "你好"}
    assert plain == {**shaken, "server_sees": None}
    assert mutual == {**shaken, "server_sees": "CN=选课系统,O=第一中学,C=CN"}


def test_rfc_8998_refuses(servers: Servers) -> None:
    check_refusals(servers, "rfc8998")


@pytest.mark.parametrize("suite", ["ECC-SM2-SM4-CBC-SM3", "ECC-SM2-SM4-GCM-SM3"])
def test_tlcp_one_sided_and_mutual(servers: Servers, suite: str) -> None:
    """By the Tongsuo in the wheel tongsuopy (BabaSSL 8.3)."""
    both = [servers.case(suite=suite), servers.case(suite=suite, client=servers.own("app"))]
    plain, mutual = play("tlcp", both, servers.folder)
    shaken = {"suite": suite, "version": "NTLSv1.1", "said": "你好"}
    assert plain == {**shaken, "server_sees": None}
    assert mutual.pop("server_sees").startswith("/C=CN/O=")
    assert mutual == shaken


def test_tlcp_refuses(servers: Servers) -> None:
    check_refusals(servers, "tlcp", suite="ECC-SM2-SM4-GCM-SM3")
