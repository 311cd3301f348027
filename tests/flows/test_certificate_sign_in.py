"""A certificate of the school's authority signs a teacher in: RFC 8998 with the certificate, before ``yima serve`` as it is run."""

import html
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from idp.apps.register import Particulars
from idp.certification import authorities, issuance, subjects
from idp.certification.issuance import Application
from idp.certification.office import office_of
from idp.certification.status import revocation
from idp.certification.tables import IssuedCertificate
from idp.crypto import sm2
from idp.crypto.jose import SoftwareSigner
from idp.crypto.jose.sm2_key import SM2Key
from idp.crypto.key_files import write_private_key
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.name import Name
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.request import create_request
from idp.deployment import Deployment, open_deployment
from idp.oidc.clients import registration
from idp.registry import institutions
from idp.registry.affiliations import Role
from idp.settings import Settings
from tests.certificates_of_schools import found_authorities
from tests.people import OPERATOR, PASSWORD, Known, make_person
from tests.registrations import registration_of
from tests.services.processes import free_port
from tests.services.provider import running_provider
from tests.services.sm_front import HEADER, SUITE, Identity, Reply, fetch, running_sm_front

pytestmark = pytest.mark.xdist_group("flows-certificate")
HOST = "mtls.school.edu.cn"
CHINESE = {"Accept-Language": "zh-CN", "Connection": "close"}


@dataclass(repr=False)
class Country:
    """The provider, the proxy before its other name, and what the school has issued."""

    deployment: Deployment
    school: str
    folder: Path
    url: str
    front: int = 0
    rows: dict[str, int] = field(default_factory=dict)

    def issue(self, name: str, profile: str, holder: subjects.Holder) -> Identity:
        """A key and its certificate, as files."""
        key = sm2.PrivateKey.generate()
        request = create_request(Name.of(("CN", "x")), SoftwareSigner("SGD_SM3_SM2", SM2Key(key.public_key, key)))
        office = office_of(self.deployment.settings, self.deployment.ring.authority_vault)
        with self.deployment.transaction(OPERATOR) as tx:
            above = authorities.by_name(tx.session, "school")
            row = issuance.issue(tx, office, above, Application(office.profiles[profile], holder, request))
            chain = [Certificate(row.der), *authorities.chain_of(above)]
            self.rows[name] = row.id
        identity = Identity(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        identity.chain.write_text("".join(one.to_pem() for one in chain))
        identity.key.write_text(write_private_key(key, None))
        return identity

    def of_person(self, name: str, person: Known) -> Identity:
        """A certificate of a teacher."""
        with self.deployment.reading() as session:
            holder = subjects.person_at(session, person.number, self.school, self.deployment.clock.now().date())
        return self.issue(name, "person-sign", holder)

    def show(self, page: str, identity: Identity | None, **headers: str) -> Reply:
        """Where the page sends the browser, at the name that asks for a certificate."""
        found = re.search(rf'href="https://{re.escape(HOST)}:?\d*([^"]*)"', page)
        assert found is not None, page
        return fetch(self.front, html.unescape(found[1]), host=HOST, identity=identity, **headers)


@pytest.fixture(scope="module")
def country(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    """Started once."""
    folder = tmp_path_factory.mktemp("certificates")
    shutil.copytree(sqlite_template, folder / "yima")
    port = free_port()
    settings = Settings.model_validate(
        {
            "home": folder / "yima",
            "bind": f"127.0.0.1:{port}",
            "public_url": f"http://localhost:{port}",
            "trusted_proxies": 1,
            "client_certificate_header": HEADER,
            "mtls_url": f"https://{HOST}",
            "certificate_sign_in": "first",
        }
    )
    deployment = open_deployment(settings)
    found = found_authorities(deployment)
    here = Country(deployment, found.school, folder, settings.public_url)
    with deployment.transaction(OPERATOR) as tx:
        institutions.set_domains(tx, found.school, ["school.edu.cn"])
    with deployment.reading() as session:
        server = subjects.host_of(session, (HOST,), found.school)
    with ExitStack() as stack:
        stack.callback(deployment.close)
        stack.enter_context(running_provider(settings, folder / "provider.log"))
        here.front = stack.enter_context(running_sm_front(here.issue("front", "tls-sign", server), port))
        yield here


class Browser:
    """Keeps cookies of the first name; nothing of it is known at the other."""

    def __init__(self, country: Country) -> None:
        self.client = httpx.Client(base_url=country.url, follow_redirects=True, headers=CHINESE)

    def get(self, address: str) -> str:
        parts = urlsplit(address)
        return self.client.get(f"{parts.path}?{parts.query}").text

    def sign_in(self, person: Known) -> str:
        page = self.get("/login")
        hidden = dict(re.findall(r'name="(csrf_token|flow)" value="([^"]*)"', page))
        return self.client.post("/login/password", data={**hidden, "account": person.number, "password": PASSWORD}).text


def test_a_teacher_signs_in_by_rfc_8998_with_the_schools_certificate(country: Country) -> None:
    teacher = make_person(country.deployment, country.school, name="王老师", document="E1111111", role=Role.TEACHER)
    mine = country.of_person("teacher", teacher)
    first = Browser(country)
    first.sign_in(teacher)
    shown = country.show(first.get("/me/factors/certificate"), mine)
    assert (shown.status, shown.suite) == (303, SUITE.decode())
    first.get(shown.headers["location"])
    assert 'name="factor"' in first.get("/me")

    alone = Browser(country)
    back = country.show(alone.get("/login"), mine)
    assert back.status == 303
    assert "王老师" in alone.get(back.headers["location"])

    beside = Browser(country)
    back = country.show(beside.sign_in(teacher), mine)
    assert "王老师" in beside.get(back.headers["location"])

    nothing = country.show(Browser(country).get("/login"), None)
    assert (nothing.status, "浏览器没有出示证书" in nothing.text) == (403, True)
    # What a client says under the header is not what the proxy has seen.
    pem = mine.chain.read_text().partition("-----END CERTIFICATE-----\n")[0] + "-----END CERTIFICATE-----\n"
    forged = country.show(Browser(country).get("/login"), None, X_Client_Certificate=pem.replace("\n", "%0A"))
    assert (forged.status, "浏览器没有出示证书" in forged.text) == (403, True)
    with country.deployment.transaction(OPERATOR) as tx:
        revocation.revoke(tx, tx.session.get_one(IssuedCertificate, country.rows["teacher"]), Reason.KEY_COMPROMISE)
    gone = country.show(Browser(country).get("/login"), mine)
    assert (gone.status, "它已被吊销" in gone.text) == (403, True)


def test_an_app_gets_a_token_by_rfc_8998_with_its_certificate(country: Country) -> None:
    wanted = registration_of(
        Particulars("图书馆", country.school, "it@example.edu.cn", "借书", ()),
        token_endpoint_auth_method="tls_client_auth",
        grant_types=("client_credentials",),
        tls_client_certificate_bound_access_tokens=True,
    )
    with country.deployment.transaction(OPERATOR) as tx:
        app_id = registration.add(tx, wanted, country.deployment.settings).app.id
    with country.deployment.reading() as session:
        holder = subjects.app_of(session, app_id, country.school)
    mine = country.issue("app", "app", holder)
    form = f"grant_type=client_credentials&client_id={app_id}"
    given = fetch(country.front, "/oauth/token", host=HOST, identity=mine, form=form)
    assert (given.status, given.suite, "access_token" in given.text) == (200, SUITE.decode(), True)
    assert fetch(country.front, "/oauth/token", host=HOST, form=form).status == 401
    with country.deployment.transaction(OPERATOR) as tx:
        revocation.revoke(tx, tx.session.get_one(IssuedCertificate, country.rows["app"]), Reason.KEY_COMPROMISE)
    assert fetch(country.front, "/oauth/token", host=HOST, identity=mine, form=form).status == 401
