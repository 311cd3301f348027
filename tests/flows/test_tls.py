"""A provider as in production: behind nginx, by HTTPS under two names, with apps that authenticate by certificate."""

import base64
import json
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc.jwk import ECKey
from playwright.sync_api import Browser, Page

from idp.deployment import open_deployment
from tests.flows.conftest import Site, agree, sign_in
from tests.people import make_school
from tests.services.openid_client import Apps, run_openid_client, running_openid_client
from tests.services.processes import needed
from tests.services.provider import running_provider
from tests.services.tls_front import (
    HEADER,
    MTLS_HOST,
    ClientCertificate,
    TlsFront,
    issue,
    make_tls_front,
    running_tls_front,
)

pytestmark = pytest.mark.xdist_group("flows-tls")
NAME = "library.example.edu.cn"


@dataclass
class Secured:
    """The provider behind the proxy, the app in front of it, and the certificates."""

    site: Site
    front: TlsFront
    apps: Apps
    certificates: dict[str, ClientCertificate]


@pytest.fixture(scope="module")
def secured(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """Provider, proxy and app, started once."""
    folder = tmp_path_factory.mktemp("tls")
    front, authority = make_tls_front(folder)
    shutil.copytree(sqlite_template, folder / "yima")
    settings = front.settings(home=folder / "yima")
    deployment = open_deployment(settings)
    school = make_school(deployment)
    site = Site(deployment, front.url, school, "", "", "sqlite")
    # As docs/specs/certification.md has it, so that a suite of tests could register its apps.
    settings = settings.model_copy(update={"registration": "open", "registration_owner": school})
    certificates = {
        "certified": issue(authority, folder, NAME),
        "other": issue(authority, folder, "other.example.edu.cn"),
        "self-signed": self_signed(folder),
    }
    apps = Apps(f"{front.url}/intl")
    with ExitStack() as stack:
        stack.callback(deployment.close)
        stack.enter_context(running_provider(settings, folder / "provider.log"))
        stack.enter_context(running_tls_front(front))
        register_apps(site, front, apps, certificates["self-signed"])
        told = {name: {"certificate": str(one.certificate), "key": str(one.key)} for name, one in certificates.items()}
        stack.enter_context(
            running_openid_client(
                apps,
                "code",
                "certificate",
                log=folder / "node.log",
                CERTIFICATES=json.dumps(told),
                NODE_EXTRA_CA_CERTS=str(front.authority),
            )
        )
        yield Secured(site, front, apps, certificates)


def self_signed(folder: Path) -> ClientCertificate:
    made = ClientCertificate(folder / "self-signed.pem", folder / "self-signed.key")
    command = (needed("openssl", "apt install openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    names = ("-nodes", "-days", "7", "-subj", "/CN=library")
    subprocess.run([*command, *names, "-keyout", made.key, "-out", made.certificate], check=True, capture_output=True)
    return made


def key_set(made: ClientCertificate) -> dict[str, object]:
    """The certificate as an app publishes it (RFC 8705 §2.2.2)."""
    der = x509.load_pem_x509_certificate(made.certificate.read_bytes()).public_bytes(Encoding.DER)
    public = ECKey.import_key(made.key.read_bytes()).as_dict(private=False)
    return {"keys": [{**public, "x5c": [base64.b64encode(der).decode()]}]}


def register_apps(site: Site, front: TlsFront, apps: Apps, own: ClientCertificate) -> None:
    places = (f"{apps.url}/callback", f"{apps.url}/bye")
    bound = {"tls_client_certificate_bound_access_tokens": True, "id_token_signed_response_alg": "ES256"}
    apps.add("plain", site.register("Node", *places, issuer="intl", required_level=2))
    certified = site.register(
        "Library",
        *places,
        issuer="intl",
        profile="fapi2",
        trusted=True,
        token_endpoint_auth_method="tls_client_auth",
        tls_client_auth_san_dns=NAME,
        require_pushed_authorization_requests=True,
        **bound,
    )
    (front.app_folder / "keys").write_text(json.dumps(key_set(own)), encoding="utf-8")
    machine = site.register(
        "Shelves",
        *places,
        issuer="intl",
        grant_types=("client_credentials",),
        token_endpoint_auth_method="self_signed_tls_client_auth",
        jwks_uri=f"{front.app_url}/keys",
        **bound,
    )
    for name, made in (("certified", certified), ("self-signed", machine)):
        apps.add(name, made)
        apps.told[name]["metadata"]["use_mtls_endpoint_aliases"] = True


@pytest.fixture
def tls_page(chromium: Browser) -> Iterator[Page]:
    """A browser that takes the test's certificate; that it is genuine is for openid-client to check, which trusts the authority."""
    context = chromium.new_context(locale="zh-CN", ignore_https_errors=True)
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def read(page: Page) -> dict[str, object]:
    text = page.inner_text("body")
    assert text.startswith("{"), text
    found: dict[str, object] = json.loads(text)
    return found


def test_a_person_signs_in_by_https_and_the_cookies_are_for_https_and_this_host_alone(secured: Secured, tls_page: Page) -> None:
    person = secured.site.newcomer(totp=True)
    tls_page.goto(f"{secured.apps.url}/start/code")
    sign_in(tls_page, person)
    agree(tls_page)
    found = read(tls_page)
    assert found["claims"]["iss"] == f"{secured.front.url}/intl"  # type: ignore[index]
    assert found["userinfo"]["name"] == person.name  # type: ignore[index]
    assert found["replay"] == "invalid_grant"
    ours = [cookie for cookie in tls_page.context.cookies(secured.front.url) if cookie["secure"]]
    assert ours
    assert all(cookie["name"].startswith("__Host-") for cookie in ours)


def test_a_fapi2_app_authenticates_by_certificate_and_nobody_without_it_can_use_its_token(secured: Secured, tls_page: Page) -> None:
    person = secured.site.newcomer()
    tls_page.goto(f"{secured.apps.url}/start/certificate")
    sign_in(tls_page, person)
    tls_page.wait_for_url(f"{secured.apps.url}/callback*")
    found = read(tls_page)
    assert found["unknown"] == "invalid_client"
    assert found["token_endpoint"] == f"{secured.front.mtls_url}/intl/oauth/token"
    assert found["userinfo"]["name"] == person.name  # type: ignore[index]
    assert found["cnf"] == ["x5t#S256"]
    assert found["stolen"] == ["invalid_token", "invalid_token"]
    assert str(found["refreshed"]).lower() == "bearer"


def test_an_app_with_a_certificate_of_its_own_making_is_known_by_the_key_set_at_its_address(secured: Secured) -> None:
    httpx.get(f"{secured.apps.url}/start/selfSigned", trust_env=False)
    told = httpx.get(f"{secured.apps.url}/result/selfSigned", trust_env=False)
    assert told.json() == {"active": True, "cnf": ["x5t#S256"]}, told.text


def test_where_registration_is_open_an_app_registers_itself_by_https_without_a_token(secured: Secured) -> None:
    found = run_openid_client("machine", secured.apps, NODE_EXTRA_CA_CERTS=str(secured.front.authority))
    assert found["again"] == "accepted"
    assert (found["known"]["active"], found["known"]["sub"]) == (True, found["client_id"])
    assert (found["revoked"], found["stranger"]) == (False, "invalid_client")


def ask(secured: Secured, host: str, context: ssl.SSLContext, **headers: str) -> httpx.Response:
    """A token for the certified app, at one of the two names."""
    data = {"grant_type": "client_credentials", "client_id": secured.apps.told["certified"]["id"]}
    with httpx.Client(verify=context, trust_env=False) as client:
        return client.post(
            f"https://127.0.0.1:{secured.front.port}/intl/oauth/token",
            data=data,
            headers={"Host": f"{host}:{secured.front.port}", **headers},
            extensions={"sni_hostname": host},
        )


@pytest.mark.parametrize("host", ["localhost", MTLS_HOST])
def test_a_certificate_that_somebody_only_writes_into_the_header_never_arrives(secured: Secured, host: str) -> None:
    path = secured.certificates["certified"].certificate
    text = httpx.QueryParams({"": path.read_text()})
    answer = ask(secured, host, secured.front.trusting, **{HEADER: str(text).removeprefix("=")})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_certificate_counts_only_at_the_name_that_asks_for_it(secured: Secured) -> None:
    context = secured.front.trusting
    shown = secured.certificates["certified"]
    context.load_cert_chain(shown.certificate, shown.key)
    # The app is known, and may only not have this grant.
    assert ask(secured, MTLS_HOST, context).json()["error"] == "unauthorized_client"
    assert ask(secured, "localhost", context).json()["error"] == "invalid_client"


def test_every_endpoint_that_is_named_for_certificates_is_served_at_that_name_and_no_page_is(secured: Secured) -> None:
    context, front = secured.front.trusting, secured.front
    with httpx.Client(verify=context, trust_env=False) as client:
        document = client.get(f"{front.url}/intl/.well-known/openid-configuration").json()

        def status(path: str) -> int:
            return client.post(
                f"https://127.0.0.1:{front.port}{path}",
                headers={"Host": f"{MTLS_HOST}:{front.port}"},
                extensions={"sni_hostname": MTLS_HOST},
            ).status_code

        paths = [url.removeprefix(front.mtls_url) for url in document["mtls_endpoint_aliases"].values()]
        assert len(paths) >= 7
        assert 404 not in [status(path) for path in paths]
        assert status("/login") == 404


def test_a_persons_certificate_arrives_through_nginx_and_is_judged_by_us(secured: Secured) -> None:
    """One on P-256, which is all that nginx can ask for here; SM2 through a proxy that can is in ``test_certificate_sign_in.py``."""
    bare, context, shown = secured.front.trusting, secured.front.trusting, secured.certificates["certified"]
    context.load_cert_chain(shown.certificate, shown.key)

    def page(how: ssl.SSLContext, host: str) -> httpx.Response:
        with httpx.Client(verify=how, trust_env=False) as client:
            url = f"https://127.0.0.1:{secured.front.port}/login/certificate?challenge=x&lang=en"
            return client.get(url, headers={"Host": f"{host}:{secured.front.port}"}, extensions={"sni_hostname": host})

    assert "Your browser showed no certificate" in page(bare, MTLS_HOST).text
    assert "not issued by an authority of this installation" in page(context, MTLS_HOST).text
    assert "Your browser showed no certificate" in page(context, "localhost").text  # nobody is asked there


def test_nobody_is_served_under_another_name(secured: Secured) -> None:
    with httpx.Client(verify=False, trust_env=False) as client, pytest.raises(httpx.ConnectError):
        client.get(f"https://127.0.0.1:{secured.front.port}/", extensions={"sni_hostname": "other.example.edu.cn"})
