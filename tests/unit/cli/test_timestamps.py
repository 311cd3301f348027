"""``yima timestamp`` and ``yima ca timestamp``: from a file to a stamp that holds."""

from pathlib import Path

import pytest

from idp.certification import authorities
from idp.certification.office import office_of
from idp.certification.timestamping import stamps as timestamps
from idp.crypto.x509.timestamp import FailureInfo, TimeStampRequest
from idp.crypto.x509.timestamp.response import refusal
from idp.deployment import open_deployment
from idp.settings import Settings
from tests.people import OPERATOR
from tests.unit.cli.conftest import Yima

pytestmark = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)


def test_a_file_is_stamped_and_the_stamp_verified_by_files(
    yima: Yima, deployment_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("diploma.pdf").write_text("毕业证书")
    yima("ca", "init", "ministry", "--root", "--organisation", "教育部")
    Path("root.pem").write_text(yima("ca", "show", "ministry", "--pem").out)
    service = yima("ca", "timestamp", "ministry", "--json").json
    assert service["url"].endswith("/ca/ministry/tsa")
    assert service["policy"].startswith("2.25.")
    asked = yima("timestamp", "request", "diploma.pdf", "--out", "diploma.tsq", "--url", service["url"], "--json").json
    assert service["url"] in asked["send"]
    deployment = open_deployment(deployment_settings)
    with deployment.transaction(OPERATOR) as tx:
        office = office_of(deployment.settings, deployment.ring.authority_vault)
        question = TimeStampRequest.from_der(Path("diploma.tsq").read_bytes())
        Path("diploma.tsr").write_bytes(timestamps.reply(tx, office, authorities.by_name(tx.session, "ministry"), question))
    deployment.close()
    verify = ("timestamp", "verify", "diploma.tsr", "diploma.pdf", "--trust", "root.pem")
    done = yima(*verify, "--request", "diploma.tsq", "--json")
    assert (done.json["status"], done.json["digest"], done.json["policy"]) == ("good", asked["digest"], service["policy"])
    assert not done.json["revocation_checked"]
    yima("crl", "publish", "ministry", "--out", "ministry.crl")
    assert yima(*verify, "--crl", "ministry.crl", "--json").json["revocation_checked"]
    yima("cert", "revoke", service["serial"], "--reason", "keyCompromise", "--yes")
    yima("crl", "publish", "ministry", "--out", "ministry.crl")
    assert "keyCompromise" in yima(*verify, "--crl", "ministry.crl").err
    assert yima("timestamp", "show", "diploma.tsr", "--json").json["at"] == done.json["at"]
    assert yima("ca", "timestamp", "ministry", "--policy", "1.2.156.5", "--json").json["given"] == 1
    Path("diploma.pdf").write_text("毕业证书!")
    assert yima(*verify).code == 1
    Path("no.tsr").write_bytes(refusal(FailureInfo.BAD_ALG))
    assert yima("timestamp", "verify", "no.tsr", "diploma.pdf", "--trust", "root.pem").code == 1
    assert yima("timestamp", "show", "no.tsr", "--json").json == {"status": "refused", "failures": ["BAD_ALG"]}
    assert yima("timestamp", "request", "diploma.pdf", "--policy", "x", "--out", "x.tsq").code == 1
    assert yima("timestamp", "request", "nothing.pdf", "--out", "x.tsq").code == 1
    assert yima("ca", "timestamp", "nobody").code == 1
    assert yima("ca", "timestamp", "ministry", "--accuracy", "10").code == 2
