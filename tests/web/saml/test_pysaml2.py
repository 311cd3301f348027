"""pysaml2 as service provider: metadata, requests by both bindings, answers signed and encrypted, sign-out."""

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.metadata import entity_descriptor
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

from idp.apps.register import Particulars
from idp.deployment import Deployment
from idp.sso.saml import metadata, registration
from idp.sso.saml.registration import Registration
from idp.sso.saml.rules import Rules
from tests.clocks import SettableClock
from tests.people import OPERATOR, PASSWORD, Known
from tests.service_provider import ACS, IDP, pem
from tests.services.processes import needed
from tests.web.pages import Browser

ENTITY = "https://sp.example.edu.cn/saml/metadata"
SLO = "https://sp.example.edu.cn/saml/slo"


@pytest.fixture
def clock() -> SettableClock:
    """Today: pysaml2 knows no other day."""
    clock = SettableClock()
    clock.moment = datetime.now(UTC)
    return clock


@pytest.fixture
def client(browser: Browser, tmp_path: Path) -> Saml2Client:
    """Configured with our metadata as it is served, its signature verified, and nothing else of ours."""
    private, public = pem()
    for name, text in (("key.pem", private), ("cert.pem", public)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "idp.xml").write_text(browser.get(IDP).text, encoding="utf-8")
    paths = {"key_file": str(tmp_path / "key.pem"), "cert_file": str(tmp_path / "cert.pem")}
    settings = {
        "entityid": ENTITY,
        "xmlsec_binary": needed("xmlsec1", "apt install xmlsec1"),
        "metadata": {"local": [str(tmp_path / "idp.xml")]},
        **paths,
        "encryption_keypairs": [paths],
        "service": {
            "sp": {
                "endpoints": {
                    "assertion_consumer_service": [(ACS, BINDING_HTTP_POST)],
                    "single_logout_service": [(SLO, BINDING_HTTP_REDIRECT)],
                },
                # Its defaults are SHA-1 to this day.
                "signing_algorithm": SIG_RSA_SHA256,
                "digest_algorithm": DIGEST_SHA256,
                "authn_requests_signed": True,
                "logout_requests_signed": True,
                "want_assertions_signed": True,
                "want_response_signed": True,
                "want_assertions_or_response_signed": True,
                "allow_unsolicited": False,
            }
        },
    }
    return Saml2Client(config=SPConfig().load(settings))


@pytest.fixture
def registered(client: Saml2Client, deployment: Deployment, school: str, app: Flask) -> str:
    """Registered by the metadata that pysaml2 writes of itself."""
    described = metadata.read(str(entity_descriptor(client.config)).encode())
    assert described.requests_signed
    assert described.encryption
    rules = Rules.of(attributes=("displayName", "pairwise-id", "eduPersonScopedAffiliation"), trusted=True, name_id="persistent")
    particulars = Particulars("图书馆", school, "it@example.edu.cn", "借书", rules.scopes)
    with deployment.transaction(OPERATOR) as tx:
        return registration.add(tx, Registration(particulars, described, rules))[0].id


@pytest.mark.parametrize("binding", [BINDING_HTTP_REDIRECT, BINDING_HTTP_POST])
def test_a_signed_request_is_answered_signed_and_encrypted_and_a_sign_out_ends_the_session(
    browser: Browser, client: Saml2Client, registered: str, person: Known, binding: str
) -> None:
    request_id, sent = client.prepare_for_authenticate(entityid=IDP, relay_state="/books", binding=binding, sign=True)
    if binding == BINDING_HTTP_REDIRECT:
        browser.get(dict(sent["headers"])["Location"])
    else:
        browser.page = type(browser.page)(FormPage(sent["data"]), IDP)
        browser.submit(form=browser.page.forms[0])
    page = browser.sign_in(person.number, PASSWORD)
    form = page.form("SAMLResponse")
    assert (form.action, form.fields["RelayState"]) == (ACS, "/books")
    answer = client.parse_authn_request_response(form.fields["SAMLResponse"], BINDING_HTTP_POST, {request_id: "/books"})
    assert answer.ava["displayName"] == ["林小雨"]
    assert answer.ava["eduPersonScopedAffiliation"] == ["student@localhost", "member@localhost"]
    assert answer.name_id.format.endswith(":persistent")
    assert b"EncryptedAssertion" in base64.b64decode(form.fields["SAMLResponse"])

    client.users.add_information_about_person(answer.session_info())
    asked = client.do_logout(answer.name_id, [IDP], "", None, expected_binding=BINDING_HTTP_REDIRECT)
    ((_, (_, sent)),) = asked.items()
    page = browser.get(dict(sent["headers"])["Location"])
    assert page.location.startswith(f"{SLO}?SAMLResponse=")
    taken = client.parse_logout_request_response(page.query["SAMLResponse"], BINDING_HTTP_REDIRECT)
    assert taken.status_ok()
    assert "password" in browser.get("http://localhost:8000/login").form("account").fields


class FormPage:
    """The page that pysaml2 makes for the POST binding."""

    status_code = 200

    def __init__(self, text: str) -> None:
        self._text = text
        self.headers: dict[str, str] = {}

    def get_data(self, as_text: bool) -> str:
        return self._text
