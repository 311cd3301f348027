"""BouncyCastle, which shares nothing with us or OpenSSL, checks the whole path by our lists, our answers, a time-stamp, and a signed message."""

import subprocess
from pathlib import Path

import pytest

from idp.certification import authorities
from idp.certification.status import lists, revocation
from idp.certification.status.responder import Reply, Responders, reply, sign_in_advance
from idp.certification.tables import IssuedCertificate
from idp.certification.timestamping import keys as timestamp_keys
from idp.certification.timestamping import stamps as timestamps
from idp.crypto.der import oids
from idp.crypto.jose.signer import generate_signer
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.cms.document import Document
from idp.crypto.x509.cms.signing import sign
from idp.crypto.x509.cms.syntax import INTERNATIONAL
from idp.crypto.x509.name import Name
from idp.crypto.x509.ocsp import CertID, OCSPRequest
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.request import create_request
from idp.crypto.x509.timestamp import MessageImprint, TimeStampRequest
from idp.deployment import open_deployment
from idp.settings import Settings
from tests.certificates_of_schools import Authorities, found_authorities
from tests.people import OPERATOR
from tests.services.processes import ROOT, needed

JARS = [Path(f"/usr/share/java/{name}.jar") for name in ("bcprov", "bcpkix", "bcutil")]
PROGRAM = ROOT / "tests" / "clients" / "bouncycastle" / "Verify.java"


def _written(schools: Authorities, row: IssuedCertificate, folder: Path) -> Path:
    folder.mkdir()
    chain = [Certificate(row.der), *schools.chain()]
    for number, one in enumerate(chain):
        (folder / f"chain-{number}.der").write_bytes(one.der)
    (folder / "request.csr").write_bytes(row.request)
    issuer = schools.chain()[0]
    asked = OCSPRequest((CertID.of(issuer.subject, issuer.public_key, int(row.serial, 16), oids.SHA1),)).encode()
    with schools.deployment.transaction(OPERATOR) as tx:
        for number, (name, shard) in enumerate((("school", row.shard), ("province", lists.ALL), ("ministry", lists.ALL))):
            authority = authorities.by_name(tx.session, name)
            lists.publish(tx, schools.office, authority)
            (folder / f"list-{number}.crl").write_bytes(lists.newest(tx.session, authority, shard).der)
        said = reply(tx.session, Responders(tx.session, schools.office), asked, tx.now)
        (folder / "answer.ocsp").write_bytes((said if isinstance(said, Reply) else sign_in_advance(tx, said)).der)
    return folder


@pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)
def test_bouncycastle_verifies_path_lists_answers_and_requests(deployment_settings: Settings, tmp_path: Path) -> None:
    java = needed("java", "apt-get install default-jdk-headless")
    for jar in JARS:
        if not jar.exists():
            needed(jar, "apt-get install libbcpkix-java")
    deployment = open_deployment(deployment_settings)
    schools = found_authorities(deployment)
    good, revoked = schools.issue(), schools.issue()
    with deployment.transaction(OPERATOR) as tx:
        revocation.revoke(tx, revoked, Reason.KEY_COMPROMISE)
        school = authorities.by_name(tx.session, "school")
        timestamp_keys.set_up(tx, schools.office, school, policy=None, accuracy_ms=1000)
        asked = TimeStampRequest(MessageImprint.of(b"x"), None, 77, certificate_wanted=True)
        stamp = timestamps.reply(tx, schools.office, school, asked)
    folders = [str(_written(schools, row, tmp_path / row.serial)) for row in (good, revoked)]
    (tmp_path / revoked.serial / "stamp.tsq").write_bytes(asked.encode())
    (tmp_path / revoked.serial / "stamp.tsr").write_bytes(stamp)
    signer = generate_signer("SGD_SM3_SM2")
    one = Certificate(schools.issue(create_request(Name.of(("C", "CN"), ("CN", "x")), signer)).der)
    message = sign(Document.of(b"x"), signer, one, at=one.tbs.not_before, attached=True, syntax=INTERNATIONAL)
    (tmp_path / revoked.serial / "message-0.p7").write_bytes(message)
    deployment.close()
    command = [java, "-XX:TieredStopAtLevel=1", "-cp", ":".join(map(str, JARS)), str(PROGRAM), *folders]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert said[:3] == ["path: good", "answer: good", "request: good"]
    assert "keyCompromise" in said[3]
    assert said[4:] == ["answer: revoked", "request: good", "stamp: good", "message: good 1.2.840.113549.1.7.1"]
