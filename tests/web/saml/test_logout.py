"""Single logout: SAML Core §3.7, Profiles §4.4. Every app that was told who somebody is, whatever ended the session."""

import base64
import zlib
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from lxml import etree

from idp import housekeeping, session_end
from idp.deployment import Deployment
from idp.outbox import worker
from idp.sso.saml import logout, names, signature
from idp.sso.saml.server import make_server
from tests.clocks import SettableClock
from tests.people import Known
from tests.service_provider import NAMES, SLO, ServiceProvider, form, query, signed
from tests.services.receiver import Receiver
from tests.web.cas.test_logout import sign_out, waiting
from tests.web.pages import HOST, Browser, Page
from tests.web.saml.conftest import Answer, Register, SamlApp

SOAP = "http://localhost:8000/saml2/slo/soap"


@pytest.fixture
def handlers(deployment: Deployment) -> Iterator[dict[str, worker.Handler]]:
    settings = deployment.settings.model_copy(update={"allow_private_fetches": True})
    saml = make_server(replace(deployment, settings=settings))
    yield {logout.KIND: logout.sender(saml)}
    saml.outgoing.close()


@pytest.fixture
def told(register: Register, receiver: Receiver) -> SamlApp:
    """An app that is told by SOAP."""
    return register(ServiceProvider(soap=f"{receiver.url}/soap"))


def ended(browser: Browser) -> bool:
    """Whether nobody is signed in here."""
    return any("password" in one.fields for one in browser.get(f"{HOST}/login").forms)


def named(answer: Answer) -> tuple[str, str]:
    """The name and the session index that an app got."""
    return str(answer.text("NameID")), str(answer.get("AuthnStatement", "SessionIndex"))


def ask(browser: Browser, app: SamlApp, name: str, index: str | None, **more: str) -> Page:
    return browser.get(f"{SLO}?{query(app.provider.logout_request(name, index, **more), '/bye', signer='sp')}")


def test_an_app_is_told_by_soap_with_the_name_and_the_session_it_knows(
    browser: Browser, told: SamlApp, person: Known, deployment: Deployment, receiver: Receiver, handlers: dict[str, worker.Handler]
) -> None:
    name, index = named(told.answered(browser, person))
    sign_out(browser)
    (message,) = waiting(deployment)
    assert name not in str(message.payload)
    worker.run_due(deployment, handlers)
    path, kind, body = receiver.received[0]
    assert (path, kind) == ("/soap", "text/xml; charset=utf-8")
    found = logout.from_envelope(body)
    saml = make_server(deployment)
    found = signature.verified(found, tuple(saml.certificates(deployment.clock.now()).values()))
    assert found.findtext("saml:NameID", namespaces=NAMES) == name
    assert found.findtext("samlp:SessionIndex", namespaces=NAMES) == index


def test_an_app_that_does_not_answer_as_saml_does_is_told_again(
    browser: Browser,
    told: SamlApp,
    person: Known,
    deployment: Deployment,
    receiver: Receiver,
    handlers: dict[str, worker.Handler],
    clock: SettableClock,
) -> None:
    told.answered(browser, person)
    clock.forward(seconds=deployment.settings.session_idle)
    housekeeping.end_expired_sessions(deployment, session_end.endings(deployment))
    worker.run_due(deployment, handlers)
    clock.forward(seconds=10)
    worker.run_due(deployment, handlers)
    assert len(receiver.received) == 2
    assert [message.last_error for message in waiting(deployment)] == ["no SAML answer"]


def test_without_soap_the_farewell_page_opens_the_app_with_a_signed_request(
    browser: Browser, library: SamlApp, person: Known, deployment: Deployment
) -> None:
    name, index = named(library.answered(browser, person))
    page = sign_out(browser)
    (url,) = [part.split('"')[0].replace("&amp;", "&") for part in page.text.split('data-src="')[1:]]
    given = parse_qs(urlsplit(url).query)
    assert given["SigAlg"] == [names.RSA_SHA256]
    document = etree.fromstring(zlib.decompress(base64.b64decode(given["SAMLRequest"][0]), -15))
    assert document.findtext("saml:NameID", namespaces=NAMES) == name
    assert document.findtext("samlp:SessionIndex", namespaces=NAMES) == index
    assert waiting(deployment) == []


POSTING = '<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://b.example/slo"/>'


def by_form_alone() -> ServiceProvider:
    """An app that takes sign-outs by the POST binding and no other."""
    return ServiceProvider(entity_id="https://b.example/sp", acs="https://b.example/acs", redirect_slo=None, more=POSTING)


def test_an_app_that_takes_forms_alone_gets_a_signed_form_in_its_frame(
    app: Flask, browser: Browser, register: Register, person: Known, deployment: Deployment
) -> None:
    # Bindings §3.5
    posting = register(by_form_alone())
    name, _index = named(posting.answered(browser, person))
    page = sign_out(browser)
    (url,) = [part.split('"')[0] for part in page.text.split('data-src="')[1:]]
    assert "frame-src 'self' http://localhost:8000 https://b.example;" in page.headers["Content-Security-Policy"]
    framed = browser.get(url)
    sent = framed.form("SAMLRequest")
    assert sent.action == "https://b.example/slo"
    assert "form-action 'self' https://b.example;" in framed.headers["Content-Security-Policy"]
    document = etree.fromstring(base64.b64decode(sent.fields["SAMLRequest"]))
    found = signature.verified(document, tuple(make_server(deployment).certificates(deployment.clock.now()).values()))
    assert found.get("Destination") == "https://b.example/slo"
    assert found.findtext("saml:NameID", namespaces=NAMES) == name
    answer = signed(posting.provider.logout_response(str(found.get("ID")), "Success"))
    assert browser.post(SLO, {"SAMLResponse": form(answer)["SAMLRequest"]}).status == 200
    assert states(browser, page) == ["done"]
    # Nobody else's browser says to the app in this person's name that they go.
    assert Browser(app).get(url).status == 400


def test_a_program_learns_that_an_app_could_not_be_told_without_a_browser(
    browser: Browser, register: Register, library: SamlApp, person: Known
) -> None:
    # Core §3.7.3.2
    register(by_form_alone()).answered(browser, person)
    name, index = named(library.answered(browser, person))
    text = signed(library.provider.logout_request(name, index, destination=SOAP))
    answer = browser.client.post("/saml2/slo/soap", data=logout.in_envelope(etree.fromstring(text)), base_url=HOST)
    codes = [one.get("Value") for one in logout.from_envelope(answer.data).findall(".//samlp:StatusCode", NAMES)]
    assert codes == [names.SUCCESS, names.PARTIAL_LOGOUT]
    assert ended(browser)


def asked_in_frame(page: Page) -> str:
    """The ID of the request in the one frame of the page."""
    (url,) = [part.split('"')[0].replace("&amp;", "&") for part in page.text.split('data-src="')[1:]]
    message = parse_qs(urlsplit(url).query)["SAMLRequest"][0]
    return str(etree.fromstring(zlib.decompress(base64.b64decode(message), -15)).get("ID"))


def states(browser: Browser, page: Page) -> list[str]:
    answer = browser.client.get(f"{urlsplit(page.url).path}/state", base_url=HOST)
    return [one["state"] for one in answer.get_json()["apps"]]


def test_what_the_app_answers_in_its_frame_stands_on_the_page(browser: Browser, library: SamlApp, person: Known) -> None:
    # Profiles §4.4.3.4
    library.answered(browser, person)
    page = sign_out(browser)
    asked, app = asked_in_frame(page), library.provider
    number = browser.client.get(f"{urlsplit(page.url).path}/state", base_url=HOST).get_json()["apps"][0]["app"]
    token = page.text.split('data-token="')[1].split('"')[0]
    # That something has loaded in the frame says nothing of an app that answers by itself.
    assert browser.post(f"{page.url}/loaded", {"app": str(number), "csrf_token": token}).status == 204
    assert states(browser, page) == ["waiting"]
    answer = browser.get(f"{SLO}?{query(app.logout_response(asked, 'Responder'), signer='sp', name='SAMLResponse')}")
    assert (answer.status, states(browser, page)) == (200, ["no_answer"])
    assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
    form_fields = {"SAMLResponse": form(signed(app.logout_response(asked, "Success")))["SAMLRequest"]}
    assert browser.post(SLO, form_fields).status == 200
    assert states(browser, page) == ["done"]
    browser.get(f"{SLO}?{query(app.logout_response(asked, 'Responder'), signer='sp', name='SAMLResponse')}")
    assert states(browser, page) == ["done"]


@pytest.mark.parametrize(
    "wrong", ["unsigned", "another key", "another app", "another request", "destination", "a request", "twice"]
)
def test_an_answer_that_is_not_the_apps_own_to_this_request_is_refused(
    browser: Browser, library: SamlApp, register: Register, person: Known, wrong: str
) -> None:
    library.answered(browser, person)
    page = sign_out(browser)
    asked, app = asked_in_frame(page), library.provider
    if wrong == "another app":
        app = register(ServiceProvider(entity_id="https://b.example/sp", acs="https://b.example/acs")).provider
    text = app.logout_response("_nobody.1" if wrong == "another request" else asked, "Success")
    if wrong == "destination":
        text = app.logout_response(asked, "Success", destination="https://other.example/slo")
    if wrong == "a request":
        text = app.logout_request("_name", None)
    signer = {"unsigned": None, "another key": "mallory"}.get(wrong, "sp")
    sent = query(text, signer=signer, name="SAMLResponse")
    assert browser.get(f"{SLO}?{sent}{'&' + sent if wrong == 'twice' else ''}").status == 400
    assert states(browser, page) == ["waiting"]


def test_an_app_that_is_answered_by_form_only_gets_its_answer_after_the_others_pages(
    browser: Browser, register: Register, person: Known
) -> None:
    asking, library = register(by_form_alone(), logout="none"), register()
    library.answered(browser, person)
    name, index = named(asking.answered(browser, person))
    page = ask(browser, asking, name, index)
    assert states(browser, page) == ["waiting"]
    sent = page.form("SAMLResponse")
    assert (sent.action, sent.fields["RelayState"]) == ("https://b.example/slo", "/bye")
    document = etree.fromstring(base64.b64decode(sent.fields["SAMLResponse"]))
    assert document.get("InResponseTo") == "_logout1"
    assert "form-action 'self' https://b.example;" in page.headers["Content-Security-Policy"]
    assert ended(browser)


def test_an_app_ends_the_session_and_every_other_app_is_told(
    browser: Browser, register: Register, person: Known, deployment: Deployment, receiver: Receiver
) -> None:
    other = register(ServiceProvider(entity_id="https://b.example/sp", acs="https://b.example/acs", soap=f"{receiver.url}/soap"))
    library = register()
    other.answered(browser, person)
    name, index = named(library.answered(browser, person))
    page = ask(browser, library, name, index)
    assert page.location.startswith("https://sp.example.edu.cn/Shibboleth.sso/SLO/Redirect?SAMLResponse=")
    assert page.query["RelayState"] == "/bye"
    document = etree.fromstring(zlib.decompress(base64.b64decode(page.query["SAMLResponse"]), -15))
    assert document.get("InResponseTo") == "_logout1"
    assert document.find(".//samlp:StatusCode", NAMES).get("Value") == names.SUCCESS
    assert ended(browser)
    assert [message.subject for message in waiting(deployment)] == [f"app:{other.id}"]


def test_by_soap_too(browser: Browser, library: SamlApp, person: Known) -> None:
    name, index = named(library.answered(browser, person))
    text = signed(library.provider.logout_request(name, index, destination=SOAP))
    answer = browser.client.post("/saml2/slo/soap", data=logout.in_envelope(etree.fromstring(text)), base_url=HOST)
    assert answer.status_code == 200
    assert logout.from_envelope(answer.data).find(".//samlp:StatusCode", NAMES).get("Value") == names.SUCCESS
    assert ended(browser)


def test_by_form_and_without_an_index_every_session_of_the_person_ends(
    app: Flask, browser: Browser, register: Register, person: Known
) -> None:
    library = register(name_id="persistent")
    name, _index = named(library.answered(browser, person))
    elsewhere = Browser(app)
    library.answered(elsewhere, person, library.provider.request(ID="_2"))
    browser.post(SLO, form(signed(library.provider.logout_request(name, None))))
    assert ended(browser)
    assert ended(elsewhere)


@pytest.mark.parametrize("wrong", ["name", "index", "unsigned", "another key", "replayed", "destination"])
def test_a_request_that_is_not_the_apps_own_or_not_about_it_ends_nothing(
    browser: Browser, library: SamlApp, person: Known, wrong: str
) -> None:
    name, index = named(library.answered(browser, person))
    given = "_nobody" if wrong == "name" else name
    text = library.provider.logout_request(given, "_other" if wrong == "index" else index)
    if wrong == "destination":
        text = library.provider.logout_request(name, index, destination="https://other.example/slo")
    if wrong == "replayed":
        ask(browser, library, "_nobody", index)
    signer = {"unsigned": None, "another key": "mallory"}.get(wrong, "sp")
    page = browser.get(f"{SLO}?{query(text, signer=signer)}")
    # Somebody unknown has no session any more, which is what was asked for (§3.7.3.2).
    assert page.status == (303 if wrong in ("name", "index") else 400)
    assert not ended(browser)


def test_one_app_cannot_end_a_session_by_the_index_of_another(browser: Browser, register: Register, person: Known) -> None:
    library, other = register(), register(ServiceProvider(entity_id="https://b.example/sp", acs="https://b.example/acs"))
    name, index = named(library.answered(browser, person))
    ask(browser, other, name, index)
    assert not ended(browser)


def test_taking_back_a_consent_tells_the_app(
    browser: Browser, register: Register, person: Known, deployment: Deployment, receiver: Receiver
) -> None:
    app = register(ServiceProvider(soap=f"{receiver.url}/soap"), trusted=False)
    app.answered(browser, person)
    browser.get(f"{HOST}/me")
    browser.submit(form=next(one for one in browser.page.forms if one.action.endswith("/me/consents/revoke")), app=app.id)
    assert [message.subject for message in waiting(deployment)] == [f"app:{app.id}"]
