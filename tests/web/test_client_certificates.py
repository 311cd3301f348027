"""Mutual TLS (RFC 8705): apps that authenticate with a certificate, and tokens bound to it."""

import base64
import dataclasses
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Flask

from idp.apps.errors import InvalidRegistration
from idp.certification import authorities, ceremony, issuance, subjects
from idp.certification.issuance import Application
from idp.certification.office import office_of
from idp.certification.status import revocation
from idp.certification.tables import IssuedCertificate
from idp.crypto.jose import generate_signer
from idp.crypto.x509.certificate import Certificate
from idp.deployment import Deployment
from tests.certificates_of_schools import csr
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known
from tests.unit.crypto.x509.hierarchy import Hierarchy
from tests.web.certificates import HEADER, Authority, escaped, in_a_field, make_authority
from tests.web.conftest import app_with, sign_in_to
from tests.web.pages import HOST, Browser
from tests.web.relying_party import CALLBACK, Answer, RelyingParty, register_app

MTLS = "https://mtls.example.edu.cn"
NAMES = {
    "tls_client_auth_subject_dn": "CN=library",
    "tls_client_auth_san_dns": "library.example.edu.cn",
    "tls_client_auth_san_uri": "urn:example:library",
    "tls_client_auth_san_ip": "192.0.2.7",
    "tls_client_auth_san_email": "library@example.edu.cn",
}


@pytest.fixture
def authority(clock: SettableClock) -> Authority:
    return make_authority(clock.now())


@pytest.fixture
def behind(deployment: Deployment, authority: Authority, tmp_path: Path) -> Deployment:
    """The installation behind a proxy that hands certificates on."""
    changes = {
        "trusted_proxies": 1,
        "client_certificate_header": HEADER,
        "client_certificate_ca": authority.write(tmp_path),
        "mtls_url": MTLS,
    }
    return dataclasses.replace(deployment, settings=deployment.settings.model_copy(update=changes))


@pytest.fixture
def front(behind: Deployment) -> Flask:
    return app_with(behind)


@pytest.fixture
def browser(front: Flask) -> Browser:
    return Browser(front)


def call(party: RelyingParty, name: str, data: dict[str, str], certificate: str | None, **environ: str) -> Answer:
    headers = {HEADER: certificate} if certificate is not None else {}
    response = party.app.test_client().post(
        f"/oauth/{name}", data={"client_id": party.client_id, **data}, headers=headers, base_url=HOST, environ_overrides=environ
    )
    return Answer(response.status_code, response.get_json(), response.headers)


def own(party: RelyingParty, certificate: str | None, **environ: str) -> Answer:
    return call(party, "token", {"grant_type": "client_credentials"}, certificate, **environ)


def machine(front: Flask, behind: Deployment, school: str, **changes: object) -> RelyingParty:
    usual: dict[str, object] = {
        "token_endpoint_auth_method": "tls_client_auth",
        "grant_types": ("client_credentials",),
        "redirect_uris": (),
        "tls_client_auth_san_dns": "library.example.edu.cn",
    }
    return register_app(front, behind, school, **{**usual, **changes})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", [escaped, in_a_field])
def test_an_app_authenticates_by_a_certificate_with_the_name_it_registered(
    front: Flask, behind: Deployment, school: str, authority: Authority, clock: SettableClock, name: str, form: object
) -> None:
    party = machine(front, behind, school, **{"tls_client_auth_san_dns": None, name: NAMES[name]})
    shown = form(authority.issue(clock.now()))  # type: ignore[operator]
    assert own(party, shown).status == 200
    assert own(party, None).error == "invalid_client"


@pytest.fixture
def certified(behind: Deployment, school: str) -> Callable[[str], IssuedCertificate]:
    """Issues SM2 certificates to apps, by an authority of this installation."""
    office = office_of(behind.settings, behind.ring.authority_vault)
    with behind.transaction(OPERATOR) as tx:
        ceremony.found_root(tx, office, "school", subjects.institution_itself(tx.session, school, "证书认证"))

    def issue(app_id: str) -> IssuedCertificate:
        with behind.transaction(OPERATOR) as tx:
            holder = subjects.app_of(tx.session, app_id, school)
            above = authorities.by_name(tx.session, "school")
            return issuance.issue(tx, office, above, Application(office.profiles["app"], holder, csr()))

    return issue


def national(row: IssuedCertificate) -> str:
    return quote(Certificate(row.der).to_pem(), safe="")


def test_an_app_authenticates_by_an_sm2_certificate_of_our_authority(
    front: Flask, behind: Deployment, school: str, certified: Callable[[str], IssuedCertificate], clock: SettableClock
) -> None:
    party = machine(front, behind, school, tls_client_auth_san_dns=None)  # who says no name has that of the register
    own_certificate = certified(party.client_id)
    assert own(party, national(own_certificate)).status == 200
    other = machine(front, behind, school, tls_client_auth_san_dns=None, tls_client_auth_san_uri=f"urn:yima:app:{party.client_id}")
    assert own(other, national(own_certificate)).error == "invalid_client"  # whatever name it registered
    assert own(party, national(certified(other.client_id))).error == "invalid_client"  # issued to another app
    assert own(party, national_stranger()).error == "invalid_client"
    with behind.transaction(OPERATOR) as tx:
        revocation.hold(tx, tx.session.get_one(IssuedCertificate, own_certificate.id))
    assert own(party, national(own_certificate)).error == "invalid_client"
    with behind.transaction(OPERATOR) as tx:
        revocation.release(tx, tx.session.get_one(IssuedCertificate, own_certificate.id))
    assert own(party, national(own_certificate)).status == 200
    clock.forward(days=366)
    assert own(party, national(own_certificate)).error == "invalid_client"


def national_stranger() -> str:
    return quote(Hierarchy().leaf.certificate.to_pem(), safe="")


def test_a_certificate_for_another_name_of_another_authority_or_out_of_date_is_refused(
    front: Flask, behind: Deployment, school: str, authority: Authority, clock: SettableClock
) -> None:
    party = machine(front, behind, school, tls_client_auth_san_dns="grades.example.edu.cn")
    good = escaped(authority.issue(clock.now()))
    assert own(party, good).error == "invalid_client"
    right = machine(front, behind, school)
    assert own(right, good).status == 200
    assert own(right, escaped(make_authority(clock.now()).issue(clock.now()))).error == "invalid_client"
    clock.forward(days=31)
    assert own(right, good).error == "invalid_client"


@pytest.mark.parametrize(
    "shown", ["x", ":!:", ":" + base64.b64encode(b"0" * 40).decode() + ":", "-----BEGIN CERTIFICATE-----", "%ff", "A" * 20000]
)
def test_what_is_no_certificate_is_refused(front: Flask, behind: Deployment, school: str, shown: str) -> None:
    answer = own(machine(front, behind, school), shown)
    assert (answer.status, answer.error) == (401, "invalid_client")


def test_the_header_counts_only_when_it_comes_from_the_proxy(
    front: Flask, behind: Deployment, school: str, authority: Authority, clock: SettableClock, app: Flask
) -> None:
    party = machine(front, behind, school)
    shown = escaped(authority.issue(clock.now()))
    assert own(party, shown, REMOTE_ADDR="203.0.113.9").error == "invalid_client"
    assert own(party, shown, REMOTE_ADDR="").error == "invalid_client"
    assert own(party, shown, REMOTE_ADDR="::ffff:127.0.0.1").status == 200
    party.app = app  # an installation whose operator named no header
    assert own(party, shown).error == "invalid_client"


def listed(certificate: x509.Certificate) -> dict[str, object]:
    """A key set that holds this very certificate (RFC 8705 §2.2.2)."""
    numbers = generate_signer("ES256").public_jwk()
    return {"keys": [{**numbers, "x5c": [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()]}]}


def test_a_self_signed_certificate_counts_when_it_stands_in_the_apps_key_set(
    front: Flask, behind: Deployment, school: str, clock: SettableClock
) -> None:
    mine, other = make_authority(clock.now()).certificate, make_authority(clock.now()).certificate
    party = machine(
        front,
        behind,
        school,
        token_endpoint_auth_method="self_signed_tls_client_auth",
        tls_client_auth_san_dns=None,
        jwks=listed(mine),
    )
    assert own(party, escaped(mine)).status == 200
    assert own(party, escaped(other)).error == "invalid_client"


def test_a_token_is_bound_to_the_certificate_and_worth_nothing_with_another(
    front: Flask,
    behind: Deployment,
    school: str,
    authority: Authority,
    clock: SettableClock,
    browser: Browser,
    person: Known,
) -> None:
    party = register_app(
        front,
        behind,
        school,
        token_endpoint_auth_method="tls_client_auth",
        tls_client_auth_subject_dn="CN=library",
        tls_client_certificate_bound_access_tokens=True,
        access_token_format="jwt",
        trusted=True,
    )
    mine, other = escaped(authority.issue(clock.now())), escaped(authority.issue(clock.now()))
    code = sign_in_to(browser, party, person)
    data = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": party.verifier}
    answer = call(party, "token", data, mine).body
    assert answer["token_type"] == "Bearer"
    assert set(party.claims_of(answer["access_token"])["cnf"]) == {"x5t#S256"}

    def userinfo(certificate: str | None) -> int:
        headers = {"Authorization": f"Bearer {answer['access_token']}"} | ({HEADER: certificate} if certificate else {})
        return front.test_client().get("/oauth/userinfo", headers=headers, base_url=HOST).status_code

    assert [userinfo(mine), userinfo(other), userinfo(None)] == [200, 401, 401]
    told = call(party, "introspect", {"token": answer["access_token"]}, mine).body
    assert told["cnf"] == party.claims_of(answer["access_token"])["cnf"]
    assert call(party, "token", {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}, mine).status == 200


def test_a_public_clients_refresh_token_is_bound_to_the_certificate_too(
    front: Flask, behind: Deployment, school: str, authority: Authority, clock: SettableClock, browser: Browser, person: Known
) -> None:
    party = register_app(
        front, behind, school, token_endpoint_auth_method="none", tls_client_certificate_bound_access_tokens=True, trusted=True
    )
    mine, other = escaped(authority.issue(clock.now())), escaped(authority.issue(clock.now()))
    code = sign_in_to(browser, party, person)
    data = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": party.verifier}
    assert call(party, "token", data, None).error == "invalid_client"
    refresh = call(party, "token", data, mine).body["refresh_token"]
    again = {"grant_type": "refresh_token", "refresh_token": refresh}
    assert call(party, "token", again, other).error == "invalid_grant"
    assert call(party, "token", again, mine).status == 200


def test_the_discovery_document_promises_certificates_only_where_a_proxy_hands_them_on(front: Flask, app: Flask) -> None:
    document = front.test_client().get("/intl/.well-known/openid-configuration").get_json()
    assert "tls_client_auth" in document["token_endpoint_auth_methods_supported"]
    assert document["tls_client_certificate_bound_access_tokens"] is True
    assert document["mtls_endpoint_aliases"]["token_endpoint"] == f"{MTLS}/intl/oauth/token"
    without = app.test_client().get("/intl/.well-known/openid-configuration").get_json()
    assert "tls_client_auth" not in without["token_endpoint_auth_methods_supported"]
    assert "mtls_endpoint_aliases" not in without


@pytest.mark.parametrize(
    "changes",
    [
        {"tls_client_auth_subject_dn": "CN=library"},
        {"token_endpoint_auth_method": "self_signed_tls_client_auth"},
    ],
)
def test_a_registration_without_exactly_what_its_method_needs_is_refused(
    front: Flask, behind: Deployment, school: str, changes: dict[str, object]
) -> None:
    with pytest.raises(InvalidRegistration):
        machine(front, behind, school, **changes)


def test_where_no_proxy_hands_certificates_on_nobody_can_register_for_them(app: Flask, deployment: Deployment, school: str) -> None:
    with pytest.raises(InvalidRegistration):
        machine(app, deployment, school)
