"""``yima ca tokens``, ``yima key request`` and ``certificate``, ``yima token verify``: recognition at the command line."""

import json
import time
from pathlib import Path

import pytest

from idp.crypto.jose import jwt
from idp.deployment import open_deployment
from idp.settings import Settings
from tests.unit.cli.conftest import Yima

pytestmark = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)
ISSUER = "http://localhost:8000"


def write_token(settings: Settings, **changes: object) -> None:
    """A token of now, and the key set that goes with it."""
    deployment = open_deployment(settings)
    now = deployment.clock.now()
    said = {"iss": ISSUER, "sub": "x", "aud": "app_1", "exp": int(time.time()) + 300, **changes}
    Path("token.txt").write_text(jwt.encode(said, deployment.ring.signer("SGD_SM3_SM2", now)) + "\n")
    Path("keys.json").write_text(json.dumps({"keys": deployment.ring.published("sm", now)}))
    deployment.close()


def test_tokens_are_verified_by_files_up_to_the_ministry(
    yima: Yima, deployment_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert yima("ca", "tokens", "--json").json == {**yima("ca", "tokens", "--json").json, "authority": None}
    yima("ca", "init", "ministry", "--root", "--organisation", "教育部")
    yima("ca", "init", "other", "--root", "--organisation", "教育部")
    for name in ("ministry", "other"):
        Path(f"{name}.pem").write_text(yima("ca", "show", name, "--pem").out)
    verify = ("token", "verify", "token.txt", "--keys", "keys.json", "--trust")
    write_token(deployment_settings)
    assert yima(*verify, "ministry.pem").code == 1  # nobody has certified the keys yet
    shown = yima("ca", "tokens", "ministry", "--json").json
    assert shown["authority"] == "ministry"
    assert [key["certificates"] for key in shown["keys"]] == [1, 1]  # the root is left out
    write_token(deployment_settings)
    done = yima(*verify, "ministry.pem", "--json").json
    assert (done["issuer"], done["claims"]["aud"], done["revocation_checked"]) == (ISSUER, "app_1", False)
    assert "--crl" in yima(*verify, "ministry.pem").out
    yima("crl", "publish", "ministry", "--out", "ministry.crl")
    assert yima(*verify, "ministry.pem", "--crl", "ministry.crl", "--json").json["revocation_checked"]
    assert yima(*verify, "other.pem").code == 1
    for changes in ({"iss": "https://id.other.edu.cn"}, {"exp": 1}, {"iss": None}, {"exp": "soon"}):
        write_token(deployment_settings, **changes)
        assert yima(*verify, "ministry.pem").code == 1
    for text in ("", "a.b.c", "毕业", "e30.e30.e30"):
        Path("token.txt").write_text(text)
        assert yima(*verify, "ministry.pem").code == 1
    write_token(deployment_settings)
    for text in ("[]", "{}", '{"keys": 1}', '{"keys": []}', "no"):
        Path("keys.json").write_text(text)
        assert yima(*verify, "ministry.pem").code == 1
    assert "yima ca tokens" not in yima("doctor").out
    active = next(key for key in shown["keys"] if key["state"] == "active")
    yima("cert", "revoke", active["serial"], "--yes")
    yima("crl", "publish", "ministry", "--out", "ministry.crl")
    write_token(deployment_settings)
    assert "unspecified" in yima(*verify, "ministry.pem", "--crl", "ministry.crl").err
    assert yima("ca", "tokens", "--off", "--json").json["authority"] is None
    assert yima("ca", "tokens", "nobody").code == 1
    assert yima("ca", "tokens", "ministry", "--off").code == 2


def test_a_key_is_certified_by_files_where_the_authority_is_elsewhere(
    yima: Yima, deployment_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    address = "https://id.first.edu.cn"
    monkeypatch.setenv("YIMA_PUBLIC_URL", address)
    kid = next(key["kid"] for key in yima("ca", "tokens", "--json").json["keys"] if key["state"] == "active")
    asked = yima("key", "request", kid, "--out", "key.csr", "--json").json
    assert asked["issuer"] == address
    assert f"--profile token --issuer {address}" in asked["next"]
    code = yima("school", "issue", "--category", "31", "--province", "33", "第一中学", "--json").json["code"]
    yima("school", "domains", code, "first.edu.cn")
    yima("ca", "init", "school", "--root", "--school", code)
    issue = ("cert", "issue", "school", "key.csr", "--profile", "token", "--out", "key.pem")
    assert yima(*issue, "--issuer", "https://id.other.edu.cn").code == 1
    assert yima(*issue, "--name", "id.first.edu.cn").code == 1
    assert yima(*issue, "--issuer", address).code == 0
    accepted = yima("key", "certificate", kid, "key.pem", "--json").json
    assert accepted["issuer"] == address
    assert next(key["certificates"] for key in yima("ca", "tokens", "--json").json["keys"] if key["kid"] == kid) == 1
    Path("root.pem").write_text(yima("ca", "show", "school", "--pem").out)
    write_token(deployment_settings, iss=address)
    assert yima("token", "verify", "token.txt", "--keys", "keys.json", "--trust", "root.pem").code == 0
    for wrong in (("certificate", kid, "root.pem"), ("certificate", "nobody", "key.pem"), ("request", "nobody", "--out", "x.csr")):
        assert yima("key", *wrong).code == 1
