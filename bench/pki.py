"""The certificate authority, on one core, beside ``openssl speed sm2``: requests to certificates, lists, OCSP, paths."""

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from bench.crypto import openssl_speed
from bench.measurement import Measurement
from idp.certification import authorities, issuance, subjects
from idp.certification.contents import IssuedBy, contents
from idp.certification.issuance import Application
from idp.certification.status import lists, responder
from idp.certification.status.responder import Reply, Responders
from idp.certification.subjects import Holder
from idp.crypto.x509.certificate import VERIFIED, Certificate
from idp.crypto.x509.crl import RevocationList, RevocationListContents, RevokedCertificate, list_extensions, sign_revocation_list
from idp.crypto.x509.lints import Issuer, RequestRules, lint_certificate, lint_request, sign_certificate
from idp.crypto.x509.ocsp import CertID, OCSPRequest
from idp.crypto.x509.path import PathRules, validate_path
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.request import CertificateRequest
from idp.deployment import SYSTEM, initialise
from idp.settings import Settings
from tests.certificates_of_schools import Authorities, csr, found_authorities

COUNT, ROUNDS = 1500, 3
ENTRIES = 100_000


def measure() -> Iterator[Measurement]:
    """Every figure of the authority, in one process."""
    with tempfile.TemporaryDirectory() as folder:
        deployment = initialise(Settings(home=Path(folder)))
        schools = found_authorities(deployment)
        requests = [csr().der for _ in range(2 * COUNT)]
        yield _in_turns("pki.issue", _in_process(schools), requests[:COUNT], "≥ 1,400 where openssl signs 4,158: 0.337")
        yield _in_turns("pki.issue.durable", _durable(schools), requests[COUNT:], "≥ 700 where openssl signs 4,158: 0.168")
        yield from _ocsp(schools)
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
            issuance.issue(tx, office, authorities.standing(tx.session, "school"), application)

    return issue


def _ocsp(schools: Authorities) -> Iterator[Measurement]:
    issuer, serial = schools.chain()[0], int(schools.issue().serial, 16)
    identifier = CertID.of(issuer.subject, issuer.public_key, serial)
    now = schools.deployment.clock.now()
    with schools.deployment.reading() as session:
        responders = Responders(session, schools.office)
        fresh = [OCSPRequest((identifier,), secrets.token_bytes(32)).encode() for _ in range(COUNT)]
        answer = partial(_answer, session, responders, now)
        yield _in_turns("pki.ocsp.nonce", answer, fresh, "≥ 3,000 where openssl signs 4,158: 0.72")
        plain = OCSPRequest((identifier,)).encode()
        found = responder.reply(session, responders, plain, now)
    if not isinstance(found, Reply):
        with schools.deployment.transaction(SYSTEM) as tx:
            responder.sign_in_advance(tx, found)
    with schools.deployment.reading() as session:
        answer = partial(_answer, session, responders, now)
        yield _in_turns("pki.ocsp.in_advance", answer, [plain] * 5 * COUNT, "≥ 15,000 where openssl signs 4,158: 3.6")


def _answer(session: Session, responders: Responders, now: datetime, question: bytes) -> object:
    return responder.reply(session, responders, question, now)


def _path(schools: Authorities) -> Iterator[Measurement]:
    *above, root = schools.chain()
    path, rules = [Certificate(schools.issue().der), *above], PathRules(at=datetime.now(UTC))

    def anew(_: object) -> None:
        VERIFIED.clear()
        validate_path(path, root, rules)

    goal = "≥ 1,250 (0.8 ms) where openssl signs 4,158: 0.30"
    yield _in_turns("pki.path.three_links.first_time", anew, [None] * COUNT, goal)
    yield _in_turns("pki.path.three_links.again", lambda _: validate_path(path, root, rules), [None] * 10 * COUNT)


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

    def write(_: object) -> bytes:
        what = RevocationListContents(issuer.subject, now, now + lists.VALID, entries, list_extensions(1, bytes(20)))
        return sign_revocation_list(what, signer, issuer)

    der, goal = write(None), "≥ 2 (0.5 s) where openssl signs 4,158: 0.00048"
    yield _in_turns("pki.crl.100000.write", write, [None] * ROUNDS, goal)
    yield _in_turns("pki.crl.100000.read", lambda _: RevocationList(der), [None] * ROUNDS)


def _in_turns(name: str, work: Callable[[Any], object], given: Sequence[object], goal: str = "") -> Measurement:
    """How often a second of processor time, ours and openssl's in turns: a machine that others use too is slower for both."""
    work(given[0])
    ours, theirs, share = 0.0, [], len(given[1:]) // ROUNDS or 1
    done = 0
    for turn in range(ROUNDS):
        theirs.append(openssl_speed(seconds=1)["openssl sign"])
        start = time.process_time()
        for one in given[1:][turn * share : (turn + 1) * share]:
            work(one)
            done += 1
        ours += time.process_time() - start
    return Measurement(name, done / ours, "1/s", sum(theirs) / ROUNDS, "openssl speed sm2, sign", goal)
