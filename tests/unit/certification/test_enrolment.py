"""Certificates over HTTP (RFC 7030): who may ask, how often, what an officer decides, and what every other request is told."""

import base64
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import func, select
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client, TestResponse

from idp.audit.tables import AuditEvent
from idp.certification import authorities
from idp.certification.enrolment import requests, rights
from idp.certification.enrolment.messages import MAX_BODY, REQUEST_TYPE
from idp.certification.enrolment.rights import Allowed, Wanted
from idp.certification.enrolment.site import EnrolmentSite
from idp.certification.errors import EnrolmentRefused, HolderNotFitting, InvalidEnrolment, NotWaiting
from idp.certification.status import revocation
from idp.certification.tables import Enrolment, IssuedCertificate
from idp.crypto import pem
from idp.crypto.der import oids
from idp.crypto.jose.signer import generate_signer
from idp.crypto.x509.certificate import PEM_LABEL, Certificate
from idp.crypto.x509.extensions import BasicConstraints, Extensions
from idp.crypto.x509.name import Name
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.request import CertificateRequest, create_request
from idp.registry import institutions
from tests.certificates_of_schools import Authorities, csr
from tests.clocks import SettableClock
from tests.people import OPERATOR
from tests.services.processes import free_port

BASE = "/.well-known/est/school"


def allow(here: Authorities, profile: str = "client", **wanted: Any) -> Allowed:
    with here.deployment.transaction(OPERATOR) as tx:
        asked = Wanted(here.office.profiles[profile], **{"school": here.school, "name": "选课系统", **wanted})
        return rights.allow(tx, authorities.by_name(tx.session, "school"), asked)


def client(here: Authorities) -> Client:
    def nothing(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("418 I'm a teapot", [])
        return []

    return Client(EnrolmentSite(nothing, here.deployment))


def ask(
    here: Authorities, allowed: Allowed | None, request: CertificateRequest | None = None, *, body: bytes | None = None, **more: Any
) -> TestResponse:
    data = body if body is not None else base64.encodebytes((request or csr()).der)
    auth = (allowed.row.handle, allowed.secret) if allowed is not None else None
    given = {"content_type": REQUEST_TYPE, **more}
    return client(here).post(given.pop("path", f"{BASE}/simpleenroll"), data=data, auth=auth, **given)


def certificates(answer: TestResponse) -> list[Certificate]:
    """By OpenSSL, out of the message."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/pkcs7-mime; smime-type=certs-only"
    command = ["openssl", "pkcs7", "-inform", "DER", "-print_certs"]
    said = subprocess.run(command, input=base64.b64decode(answer.data), capture_output=True, check=True).stdout
    return [Certificate(der) for der in pem.decode_all(said, PEM_LABEL)]


def count(here: Authorities) -> tuple[int, int]:
    """How many certificates there are, and how many of the enrolments' are used."""
    with here.deployment.reading() as session:
        issued = session.scalar(select(func.count()).select_from(IssuedCertificate)) or 0
        return issued, session.scalar(select(func.sum(Enrolment.used))) or 0


def test_the_authorities_and_what_is_asked_of_requests_are_told_to_anybody(here: Authorities) -> None:
    # The order of a SET is that of the encodings, so the root need not be the last.
    told = certificates(client(here).get(f"{BASE}/cacerts"))
    assert {one.der for one in told} == {one.der for one in here.chain()}
    attributes = client(here).get(f"{BASE}/csrattrs")
    assert attributes.headers["Content-Type"] == "application/csrattrs"
    said = subprocess.run(
        ["openssl", "asn1parse", "-inform", "DER"],
        input=base64.b64decode(attributes.data),
        capture_output=True,
        check=True,
        text=False,
    ).stdout.decode()
    assert ":id-ecPublicKey" in said
    assert ":sm2" in said
    assert ":SM2-with-SM3" in said


def test_a_request_with_the_credential_becomes_the_certificate_of_its_holder(here: Authorities) -> None:
    allowed, request = allow(here), csr()
    found = certificates(ask(here, allowed, request))
    assert [one.public_key for one in found] == [request.public_key]
    assert found[0].subject.get(oids.COMMON_NAME) == "选课系统"
    found[0].check_signed_by(here.chain()[0].public_key)
    with here.deployment.reading() as session:
        event = session.scalars(select(AuditEvent).order_by(AuditEvent.seq.desc())).first()
        assert event is not None
        assert (event.actor_kind, event.actor_id, event.action) == (
            "enrolment",
            allowed.row.handle,
            "certification.certificate.issued",
        )


def test_a_person_and_a_server_are_named_by_the_register(here: Authorities) -> None:
    person = certificates(ask(here, allow(here, "person-sign", person=here.teacher.number)))[0]
    assert person.subject.get(oids.COMMON_NAME) == "林小雨"
    with here.deployment.transaction(OPERATOR) as tx:
        institutions.set_domains(tx, here.school, ["school.edu.cn"])
    server = certificates(ask(here, allow(here, "tls-sign", hosts=("id.school.edu.cn",))))[0]
    assert server.subject.get(oids.COMMON_NAME) == "id.school.edu.cn"


def test_the_same_request_again_is_answered_as_the_first_time_and_costs_nothing(here: Authorities) -> None:
    allowed, request = allow(here, certificates=2), csr()
    first = ask(here, allowed, request)
    before = count(here)
    assert ask(here, allowed, request).data == first.data
    assert count(here) == before
    assert ask(here, allowed).status_code == 200
    assert ask(here, allowed).status_code == 403
    assert ask(here, allowed, request).data == first.data


@pytest.mark.parametrize(
    "wrong", ["nobody", "handle", "secret", "empty", "bearer", "no base64", "no colon", "authority", "late", "stopped"]
)
def test_whoever_has_no_credential_is_told_nothing_else(here: Authorities, clock: SettableClock, wrong: str) -> None:
    allowed = allow(here)
    pair = f"{allowed.row.handle}:{allowed.secret}"
    texts = {
        "handle": f"0000000000:{allowed.secret}",
        "secret": f"{allowed.row.handle}:{allowed.secret[:-1]}",
        "empty": f"{allowed.row.handle}:",
        "no colon": allowed.row.handle,
    }
    header = "Basic " + base64.b64encode(texts.get(wrong, pair).encode()).decode()
    headers = {"nobody": {}, "bearer": {"Authorization": f"Bearer {pair}"}, "no base64": {"Authorization": "Basic %%"}}
    if wrong == "late":
        clock.forward(days=7)
    if wrong == "stopped":
        with here.deployment.transaction(OPERATOR) as tx:
            rights.stop(tx, allowed.row.handle)
    path = f"/.well-known/est/{'province' if wrong == 'authority' else 'school'}/simpleenroll"
    before = count(here)
    answer = ask(here, None, path=path, headers=headers.get(wrong, {"Authorization": header}))
    assert (answer.status_code, answer.data) == (401, b"")
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert count(here) == before


def changed(request: CertificateRequest) -> bytes:
    der = bytearray(request.der)
    der[-1] ^= 1
    return base64.b64encode(bytes(der))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"%%%", 400),
        (base64.b64encode(b"0"), 400),
        (base64.b64encode(csr().der + b"\0"), 400),
        (csr().der, 400),  # RFC 7030 §4.2.1: base64, always
        (csr().to_pem().encode(), 400),
        (changed(csr()), 400),
        (b"A" * (MAX_BODY + 1), 413),
        (
            base64.b64encode(
                create_request(
                    Name.of(("CN", "x")), generate_signer("SGD_SM3_SM2"), Extensions.of((BasicConstraints(True), True))
                ).der
            ),
            400,
        ),
    ],
)
def test_what_is_no_request_is_refused_and_spends_nothing(here: Authorities, body: bytes, status: int) -> None:
    allowed = allow(here)
    before = count(here)
    assert ask(here, allowed, body=body).status_code == status
    assert count(here) == before
    assert ask(here, allowed).status_code == 200


def test_other_types_methods_and_addresses_are_refused(here: Authorities) -> None:
    allowed = allow(here)
    assert ask(here, allowed, content_type="text/plain").status_code == 415
    assert client(here).get(f"{BASE}/simpleenroll").status_code == 405
    assert client(here).post(f"{BASE}/cacerts").headers["Allow"] == "GET"
    assert client(here).get("/.well-known/est/nobody/cacerts").status_code == 404
    for elsewhere in (f"{BASE}/serverkeygen", "/.well-known/est/cacerts", f"{BASE}/cacerts/"):
        assert client(here).get(elsewhere).status_code == 418


def test_a_key_that_is_certified_already_is_refused(here: Authorities) -> None:
    request = csr()
    here.issue(request)
    answer = ask(here, allow(here), request)
    assert (answer.status_code, b"key" in answer.data) == (400, True)


def test_who_has_left_the_school_is_certified_no_more(here: Authorities) -> None:
    allowed = allow(here, "person-sign", person=here.teacher.number)
    with here.deployment.transaction(OPERATOR) as tx:
        from idp.registry import persons

        persons.by_number(tx.session, here.teacher.number).status = "disabled"
    assert ask(here, allowed).status_code == 403
    assert count(here)[1] == 0


def test_a_request_waits_until_an_officer_approves_it(here: Authorities) -> None:
    allowed, request = allow(here, approval=True), csr()
    for _ in range(2):
        answer = ask(here, allowed, request)
        assert (answer.status_code, answer.headers["Retry-After"]) == (202, "300")
    assert ask(here, allowed).status_code == 403  # the one it may lead to waits
    with here.deployment.transaction(OPERATOR) as tx:
        ((waits, _),) = requests.waiting(tx.session)
        requests.approve(tx, here.office, waits.id)
        assert requests.waiting(tx.session) == []
        with pytest.raises(NotWaiting):
            requests.refuse(tx, waits.id, "too late")
    assert certificates(ask(here, allowed, request))[0].public_key == request.public_key


def test_a_request_that_is_refused_stays_refused_and_another_key_may_try(here: Authorities) -> None:
    allowed, request = allow(here, approval=True), csr()
    ask(here, allowed, request)
    with here.deployment.transaction(OPERATOR) as tx:
        ((waits, _),) = requests.waiting(tx.session)
        requests.refuse(tx, waits.id, "the fingerprint is another")
    assert ask(here, allowed, request).status_code == 403
    assert ask(here, allowed).status_code == 202


def test_what_could_never_be_issued_does_not_wait(here: Authorities) -> None:
    allowed = allow(here, approval=True)
    request = create_request(Name.of(("CN", "x" * 80)), generate_signer("SGD_SM3_SM2"))
    assert ask(here, allowed, request).status_code == 400
    with here.deployment.reading() as session:
        assert requests.waiting(session) == []


@pytest.mark.parametrize(
    ("profile", "wanted", "error"),
    [
        ("sub-ca", {}, InvalidEnrolment),
        ("ocsp", {}, InvalidEnrolment),
        ("client", {"certificates": 0}, InvalidEnrolment),
        ("client", {"days": 367}, InvalidEnrolment),
        ("person-sign", {}, HolderNotFitting),
        ("tls-sign", {}, HolderNotFitting),
        ("tls-sign", {"hosts": ("id.elsewhere.cn",)}, HolderNotFitting),
    ],
)
def test_what_could_never_be_issued_is_not_allowed(
    here: Authorities, profile: str, wanted: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        allow(here, profile, **wanted)


def test_an_enrolment_is_stopped_once(here: Authorities) -> None:
    allowed = allow(here)
    with here.deployment.transaction(OPERATOR) as tx:
        rights.stop(tx, allowed.row.handle)
        for handle in (allowed.row.handle, "nobody"):
            with pytest.raises(EnrolmentRefused):
                rights.stop(tx, handle)


@pytest.fixture
def behind(here: Authorities) -> Authorities:
    """Behind a proxy that hands on certificates."""
    settings = here.deployment.settings.model_copy(
        update={"client_certificate_header": "X-Client-Cert", "trusted_proxies": 1, "proxy_addresses": "127.0.0.0/8"}
    )
    return replace(here, deployment=replace(here.deployment, settings=settings))


def renew(here: Authorities, certificate: Certificate, **more: Any) -> TestResponse:
    header = {"X-Client-Cert": quote(certificate.to_pem())}
    where = {"path": f"{BASE}/simplereenroll", "environ_base": {"REMOTE_ADDR": "127.0.0.1"}, "headers": header}
    return ask(here, None, **{**where, **more})


def test_a_certificate_that_was_shown_to_the_proxy_leads_to_its_successor(behind: Authorities) -> None:
    old = Certificate(behind.issue().der)
    rfc9440 = {"X-Client-Cert": f":{base64.b64encode(old.der).decode()}:"}
    for answer in (renew(behind, old), renew(behind, old, headers=rfc9440)):
        new = certificates(answer)[0]
        assert (new.subject, new.public_key == old.public_key) == (old.subject, False)


@pytest.mark.parametrize("wrong", ["revoked", "over", "authority", "another's", "not from the proxy", "no certificate"])
def test_another_certificate_leads_to_none(behind: Authorities, clock: SettableClock, wrong: str) -> None:
    row = behind.issue()
    old = Certificate(row.der)
    more: dict[str, Any] = {}
    match wrong:
        case "revoked":
            with behind.deployment.transaction(OPERATOR) as tx:
                revocation.revoke(tx, tx.session.get_one(IssuedCertificate, row.id), Reason.SUPERSEDED)
        case "over":
            clock.forward(days=(old.tbs.not_after - clock.now() + timedelta(days=1)).days)
        case "authority":
            more["path"] = "/.well-known/est/province/simplereenroll"
        case "another's":
            old = behind.chain("ministry")[0]
        case "not from the proxy":
            more["environ_base"] = {"REMOTE_ADDR": "192.0.2.1"}
        case "no certificate":
            more["headers"] = {"X-Client-Cert": "-----BEGIN"}
    before = count(behind)
    assert renew(behind, old, **more).status_code == (403 if wrong == "revoked" else 401)
    assert count(behind) == before


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's name
        pass


@pytest.fixture
def served(here: Authorities) -> Iterator[str]:
    port = free_port()
    server = make_server("localhost", port, EnrolmentSite(client(here).application, here.deployment), request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{port}{BASE}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_openssl_and_curl_enrol_as_the_command_line_says(here: Authorities, served: str, tmp_path: Path) -> None:
    allowed = allow(here)
    script = f"""
        openssl genpkey -algorithm SM2 -out key.pem
        openssl req -new -key key.pem -subj /CN=me -sm3 -sigopt distid:1234567812345678 -outform DER | base64 > request.b64
        curl -fsS -u {allowed.row.handle}:{allowed.secret} -H 'Content-Type: application/pkcs10' --data-binary @request.b64 \\
            {served}/simpleenroll | base64 -d | openssl pkcs7 -inform DER -print_certs -out certificate.pem
        curl -fsS {served}/cacerts | base64 -d | openssl pkcs7 -inform DER -print_certs -out above.pem
        openssl verify -vfyopt distid:1234567812345678 -partial_chain -trusted above.pem certificate.pem
    """
    done = subprocess.run(["sh", "-ec", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.strip().endswith("certificate.pem: OK"), done.stderr
