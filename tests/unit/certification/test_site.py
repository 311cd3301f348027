"""``/ocsp`` and ``/ca`` over HTTP: by GET and POST, with caches in mind, and by the client of OpenSSL."""

import base64
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from idp.app import create_app
from idp.certification import authorities
from idp.certification.status import lists, revocation
from idp.certification.tables import IssuedCertificate
from idp.certification.timestamping import keys as timestamp_keys
from idp.crypto import pem, sm3
from idp.crypto.x509.certificate import PEM_LABEL, Certificate
from idp.crypto.x509.crl import RevocationList
from idp.crypto.x509.ocsp import CertID, OCSPRequest, OCSPResponse, ResponseStatus
from idp.crypto.x509.ocsp.verify import check_response
from idp.crypto.x509.path import PathRules
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.timestamp import TimeStampRequest, TimeStampResponse
from idp.crypto.x509.timestamp import verify as stamp_verify
from idp.deployment import open_deployment
from idp.settings import Settings
from tests.certificates_of_schools import Authorities, found_authorities
from tests.people import OPERATOR
from tests.services.processes import free_port

TYPE = {"Content-Type": "application/ocsp-request"}


@dataclass(frozen=True)
class Site:
    """A served installation with two certificates, one of them revoked."""

    url: str
    schools: Authorities
    good: IssuedCertificate
    revoked: IssuedCertificate

    def question(self, row: IssuedCertificate, nonce: bytes | None = None) -> bytes:
        issuer = self.schools.chain()[0]
        return OCSPRequest((CertID.of(issuer.subject, issuer.public_key, int(row.serial, 16)),), nonce).encode()

    def believed(self, row: IssuedCertificate, answer: httpx.Response, nonce: bytes | None = None) -> Reason | None:
        assert answer.headers["Content-Type"] == "application/ocsp-response"
        now = self.schools.deployment.clock.now()
        response = OCSPResponse.from_der(answer.content)
        return check_response(response, Certificate(row.der), self.schools.chain()[0], now, nonce=nonce).state.reason


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's name
        pass


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home, port = tmp_path_factory.mktemp("site") / "yima", free_port()
    shutil.copytree(sqlite_template, home)
    deployment = open_deployment(Settings(home=home, bind=f"localhost:{port}", public_url=f"http://localhost:{port}"))
    schools = found_authorities(deployment)
    good, revoked = schools.issue(), schools.issue()
    with deployment.transaction(OPERATOR) as tx:
        revocation.revoke(tx, revoked, Reason.KEY_COMPROMISE)
        school = authorities.by_name(tx.session, "school")
        lists.publish(tx, schools.office, school)
        timestamp_keys.set_up(tx, schools.office, school, policy="1.2.156.5", accuracy_ms=1000)
    server = make_server("localhost", port, create_app(deployment), threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Site(f"http://localhost:{port}", schools, good, revoked)
    server.shutdown()
    thread.join()
    server.server_close()
    deployment.close()


def test_a_question_is_answered_by_post_with_its_nonce(site: Site) -> None:
    for row, reason in ((site.good, None), (site.revoked, Reason.KEY_COMPROMISE)):
        answer = httpx.post(f"{site.url}/ocsp", content=site.question(row, b"n" * 32), headers=TYPE)
        assert site.believed(row, answer, b"n" * 32) is reason
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_question_is_answered_by_get_and_may_be_kept(site: Site) -> None:
    for row, reason in ((site.good, None), (site.revoked, Reason.KEY_COMPROMISE)):
        text = quote(base64.b64encode(site.question(row)).decode(), safe="")
        answers = [httpx.get(f"{site.url}/ocsp/{text}") for _ in range(2)]
        assert [site.believed(row, answer) for answer in answers] == [reason, reason]
        assert answers[0].content == answers[1].content
        assert answers[0].headers["Cache-Control"].startswith("max-age=3600,")
        assert answers[0].headers["ETag"] == answers[1].headers["ETag"]


@pytest.mark.parametrize(
    ("method", "path", "body", "content_type", "status"),
    [
        ("POST", "/ocsp", b"x", "text/plain", 415),
        ("POST", "/ocsp", b"x" * 9000, "application/ocsp-request", 413),
        ("PUT", "/ocsp", b"x", "application/ocsp-request", 405),
        ("POST", "/ca/school.crt", b"", "text/plain", 405),
        ("GET", "/ca/school/tsa", b"", "", 405),
        ("POST", "/ca/school/tsa", b"x", "text/plain", 415),
        ("POST", "/ca/school/tsa", b"x" * 5000, "application/timestamp-query", 413),
        ("POST", "/ca/province/tsa", b"x", "application/timestamp-query", 404),
        ("POST", "/ca/nobody/tsa", b"x", "application/timestamp-query", 404),
        ("GET", "/ca/nobody.crt", b"", "", 404),
        ("GET", "/ca/school-7.crl", b"", "", 404),
        ("GET", "/ca/school-0.crt", b"", "", 404),
        ("GET", "/ca/..%2fmaster.key", b"", "", 404),
    ],
)
def test_what_is_no_question_is_refused_by_http(
    site: Site, method: str, path: str, body: bytes, content_type: str, status: int
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    assert httpx.request(method, site.url + path, content=body, headers=headers).status_code == status


def test_what_is_no_question_in_itself_is_refused_by_ocsp(site: Site) -> None:
    answers = [
        httpx.post(f"{site.url}/ocsp", content=body, headers=TYPE) for body in (b"", b"0\x80", site.question(site.good) + b"x")
    ]
    answers += [httpx.get(f"{site.url}/ocsp{path}") for path in ("", "/", "/not-base64", "/QUJD")]
    assert {OCSPResponse.from_der(answer.content).status for answer in answers} == {ResponseStatus.MALFORMED_REQUEST}


def test_the_client_of_openssl_asks_and_understands(site: Site, tmp_path: Path) -> None:
    (tmp_path / "school.pem").write_text(site.schools.chain()[0].to_pem())
    for row, due in ((site.good, "good"), (site.revoked, "revoked")):
        (tmp_path / "cert.pem").write_text(Certificate(row.der).to_pem())
        ask = ("-issuer", "school.pem", "-cert", "cert.pem", "-url", f"{site.url}/ocsp", "-noverify")
        done = subprocess.run(["openssl", "ocsp", *ask], cwd=tmp_path, check=True, capture_output=True, text=True)
        assert f"cert.pem: {due}" in done.stdout
        assert "no nonce in response" not in done.stderr


def test_openssl_asks_for_a_time_stamp_and_reads_it(site: Site, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"diploma")

    def openssl(*words: str) -> str:
        return subprocess.run(["openssl", "ts", *words], cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    openssl("-query", "-data", "file", "-sm3", "-cert", "-tspolicy", "1.2.156.5", "-out", "q.tsq")
    query = (tmp_path / "q.tsq").read_bytes()
    answer = httpx.post(f"{site.url}/ca/school/tsa", content=query, headers={"Content-Type": "application/timestamp-query"})
    assert answer.headers["Content-Type"] == "application/timestamp-reply"
    assert answer.headers["Cache-Control"] == "no-store"
    (tmp_path / "r.tsr").write_bytes(answer.content)
    shown = openssl("-reply", "-in", "r.tsr", "-text")
    for line in ("Status: Granted.", "Policy OID: 1.2.156.5", "Hash Algorithm: sm3", "Accuracy: 0x01 seconds"):
        assert line in shown
    asked, rules = TimeStampRequest.from_der(query), PathRules(at=site.schools.deployment.clock.now())
    info = stamp_verify.check_response(TimeStampResponse.from_der(answer.content), asked, site.schools.chain()[-1], rules)
    assert info.imprint.digest == sm3.digest(b"diploma")
    refused = httpx.post(f"{site.url}/ca/school/tsa", content=b"0", headers={"Content-Type": "application/timestamp-query"})
    (tmp_path / "no.tsr").write_bytes(refused.content)
    assert "data submitted has the wrong format" in openssl("-reply", "-in", "no.tsr", "-text")


def test_certificates_chains_and_lists_lie_where_certificates_say(site: Site) -> None:
    certificate = httpx.get(f"{site.url}/ca/school.crt")
    assert certificate.headers["Content-Type"] == "application/pkix-cert"
    assert Certificate(certificate.content) == site.schools.chain()[0]
    chain = pem.decode_all(httpx.get(f"{site.url}/ca/school.pem").content, PEM_LABEL)
    assert [Certificate(der) for der in chain] == site.schools.chain()
    for path in ("/ca/school.crl", "/ca/school-0.crl"):
        answer = httpx.get(site.url + path)
        found = RevocationList(answer.content)
        assert answer.headers["Content-Type"] == "application/pkix-crl"
        assert found.entry(int(site.revoked.serial, 16)) is not None
        assert found.is_about(Certificate(site.good.der))
    assert httpx.head(f"{site.url}/ca/school.crl").content == b""


def test_the_page_names_every_authority_and_its_fingerprint(site: Site) -> None:
    page = httpx.get(f"{site.url}/ca/").text
    for name in ("ministry", "province", "school"):
        assert site.schools.chain(name)[0].fingerprint.hex() in page
    assert "不是依法取得许可的电子认证服务" in page
    assert "个人签名" in page
