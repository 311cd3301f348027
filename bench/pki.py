"""The certificate authority, on one core, beside ``openssl speed sm2``: requests to certificates, lists, OCSP, paths."""

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.crypto import openssl_speed
from bench.measurement import Measurement
from idp.certification import authorities, issuance, lists, responder, subjects
from idp.certification.contents import IssuedBy, contents
from idp.certification.issuance import Application
from idp.certification.responder import Reply, Responders
from idp.certification.subjects import Holder
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.crl import RevocationList, RevocationListContents, RevokedCertificate, list_extensions, sign_revocation_list
from idp.crypto.x509.lints import Issuer, RequestRules, lint_certificate, lint_request, sign_certificate
from idp.crypto.x509.ocsp import CertID, OCSPRequest
from idp.crypto.x509.path import PathRules, validate_path
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.request import CertificateRequest
from idp.deployment import SYSTEM, initialise
from idp.settings import Settings
from tests.certificates_of_schools import Authorities, csr, found_authorities

COUNT = 1500
ENTRIES = 100_000


def measure() -> Iterator[Measurement]:
    """Every figure of the authority, in one process."""
    signing = openssl_speed()["openssl sign"]
    with tempfile.TemporaryDirectory() as folder:
        deployment = initialise(Settings(home=Path(folder)))
        schools = found_authorities(deployment)
        requests = [csr().der for _ in range(2 * COUNT)]
        rate = _rate(_in_process(schools), requests[:COUNT], time.process_time)
        yield Measurement("pki.issue", rate, "1/s", signing, "openssl speed sm2, sign", "≥ 1,400")
        rate = _rate(_durable(schools), requests[COUNT:], time.perf_counter)
        yield Measurement("pki.issue.durable", rate, "1/s", signing, "openssl speed sm2, sign", "≥ 700")
        yield from _ocsp(schools, signing)
        yield from _path(schools)
        yield from _list(schools)
        deployment.close()


def _in_process(schools: Authorities) -> Callable[[bytes], object]:
    office, row, now = schools.office, schools.named("school"), datetime.now(UTC)
    above, profile = schools.chain()[0], office.profiles["client"]
    issuer, holder = Issuer(office.signer(row), above), Holder("第一中学", "选课系统")
    name, rules = subjects.subject(profile, holder), RequestRules(lambda _key: False)

    def issue(der: bytes) -> Certificate:
        linted = lint_request(CertificateRequest.from_der(der), rules)
        tbs = contents(office, profile, holder, linted.request.public_key, name, IssuedBy("school", above), now)
        return sign_certificate(lint_certificate(tbs, issuer))

    return issue


def _durable(schools: Authorities) -> Callable[[bytes], object]:
    deployment, office = schools.deployment, schools.office

    def issue(der: bytes) -> None:
        with deployment.transaction(SYSTEM) as tx:
            holder = subjects.person_at(tx.session, schools.teacher.number, schools.school, tx.now.date())
            application = Application(office.profiles["person-sign"], holder, CertificateRequest.from_der(der))
            issuance.issue(tx, office, authorities.by_name(tx.session, "school"), application)

    return issue


def _ocsp(schools: Authorities, signing: float) -> Iterator[Measurement]:
    issuer, serial = schools.chain()[0], int(schools.issue().serial, 16)
    identifier = CertID.of(issuer.subject, issuer.public_key, serial)
    now = schools.deployment.clock.now()
    with schools.deployment.reading() as session:
        responders = Responders(session, schools.office)
        fresh = [OCSPRequest((identifier,), secrets.token_bytes(32)).encode() for _ in range(COUNT)]
        rate = _rate(lambda question: responder.reply(session, responders, question, now), fresh, time.process_time)
        yield Measurement("pki.ocsp.nonce", rate, "1/s", signing, "openssl speed sm2, sign", "≥ 3,000")
        plain = OCSPRequest((identifier,)).encode()
        found = responder.reply(session, responders, plain, now)
    if not isinstance(found, Reply):
        with schools.deployment.transaction(SYSTEM) as tx:
            responder.sign_in_advance(tx, found)
    with schools.deployment.reading() as session:
        rate = _rate(lambda question: responder.reply(session, responders, question, now), [plain] * COUNT, time.process_time)
    yield Measurement("pki.ocsp.in_advance", rate, "1/s", signing, "openssl speed sm2, sign", "≥ 15,000")


def _path(schools: Authorities) -> Iterator[Measurement]:
    *above, root = schools.chain()
    path, rules = [Certificate(schools.issue().der), *above], PathRules(at=datetime.now(UTC))
    rate = _rate(lambda _: validate_path(path, root, rules), [None] * 500, time.process_time)
    yield Measurement("pki.path.three_links", 1000 / rate, "ms", goal="≤ 0.8")


def _list(schools: Authorities) -> Iterator[Measurement]:
    issuer, signer, now = (
        schools.chain()[0],
        schools.office.signer(schools.named("school")),
        datetime.now(UTC).replace(microsecond=0),
    )
    reasons = [Reason.SUPERSEDED, Reason.KEY_COMPROMISE, Reason.CERTIFICATE_HOLD]
    entries = [
        RevokedCertificate(1 << 158 | secrets.randbits(158), now - timedelta(minutes=number), reasons[number % 3])
        for number in range(ENTRIES)
    ]
    start = time.process_time()
    what = RevocationListContents(issuer.subject, now, now + lists.VALID, entries, list_extensions(1, bytes(20)))
    der = sign_revocation_list(what, signer, issuer)
    yield Measurement("pki.crl.100000.write", time.process_time() - start, "s", goal="≤ 0.5")
    start = time.process_time()
    RevocationList(der)
    yield Measurement("pki.crl.100000.read", time.process_time() - start, "s")


def _rate(work: Callable[..., object], given: Sequence[object], clock: Callable[[], float]) -> float:
    start = clock()
    for one in given:
        work(one)
    return len(given) / (clock() - start)
