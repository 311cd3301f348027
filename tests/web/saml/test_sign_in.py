"""Sign-in requests: what is asked, whom the answer goes to, what it says, and that it is given once (SAML Core §3.4)."""

import re

import pytest
from flask import Flask

from idp.apps import register as apps
from idp.apps.audience import Audience, set_audience
from idp.deployment import Deployment
from idp.registry import institutions
from tests.clocks import SettableClock
from tests.people import OPERATOR, PASSWORD, Known
from tests.service_provider import ACS, ENTITY, IDP, SSO, ServiceProvider, form, query, signed
from tests.web.conftest import Phone
from tests.web.pages import HOST, Browser
from tests.web.saml.conftest import Answer, Register, SamlApp

PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
MFA = "https://refeds.org/profile/mfa"
PPT = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"


def contexts(*classes: str, comparison: str = "exact") -> str:
    inside = "".join(f"<saml:AuthnContextClassRef>{one}</saml:AuthnContextClassRef>" for one in classes)
    return f'<samlp:RequestedAuthnContext Comparison="{comparison}">{inside}</samlp:RequestedAuthnContext>'


def test_the_answer_is_for_this_app_this_request_and_these_minutes(browser: Browser, library: SamlApp, person: Known) -> None:
    # SAML Profiles §4.1.4.2
    answer = library.answered(browser, person, relay_state="/books?q=1&x=é")
    form = answer.page.form("SAMLResponse")
    assert (form.action, form.method, form.fields["RelayState"]) == (ACS, "post", "/books?q=1&x=é")
    assert (answer.document.get("InResponseTo"), answer.document.get("Destination")) == ("_request1", ACS)
    assert answer.status == "Success"
    assert answer.text("Assertion/saml:Issuer") == IDP
    assert answer.text("Audience") == ENTITY
    data = "SubjectConfirmationData"
    assert (answer.get(data, "Recipient"), answer.get(data, "InResponseTo")) == (ACS, "_request1")
    assert answer.get(data, "NotOnOrAfter") == answer.get("Conditions", "NotOnOrAfter") == "2026-09-01T08:05:00.000Z"
    assert answer.get("Conditions", "NotBefore") == "2026-09-01T07:59:00.000Z"
    assert answer.get("AuthnStatement", "AuthnInstant") == "2026-09-01T08:00:00.000Z"
    assert answer.get("AuthnStatement", "SessionNotOnOrAfter") == "2026-09-01T20:00:00.000Z"
    assert answer.text("AuthnContextClassRef") == PPT
    assert len(answer.document.findall(".//{http://www.w3.org/2000/09/xmldsig#}Signature")) == 2
    assert "form-action 'self' https://sp.example.edu.cn;" in answer.page.headers["Content-Security-Policy"]


def test_what_any_app_of_the_federation_gets_tells_it_apart_and_nobody_else(
    browser: Browser, register: Register, person: Known, deployment: Deployment, school: str
) -> None:
    # CARSI: eduPersonScopedAffiliation and eduPersonTargetedID, never a number.
    with deployment.transaction(OPERATOR) as tx:
        institutions.set_domains(tx, school, ["xx.edu.cn"])
    first = register().answered(browser, person).attributes
    assert set(first) == {"eduPersonScopedAffiliation", "eduPersonTargetedID", "pairwise-id"}
    assert first["eduPersonScopedAffiliation"] == ["student@xx.edu.cn", "member@xx.edu.cn"]
    assert re.fullmatch(r"[a-z2-7]{52}@localhost", first["pairwise-id"][0])
    other = register(ServiceProvider(entity_id="https://other.example/sp", acs="https://other.example/acs"))
    assert other.answered(browser, person).attributes["pairwise-id"] != first["pairwise-id"]
    assert person.number not in str(first)
    assert "S001" not in str(first)


def test_entitlements_only_where_the_app_is_named_for_them(browser: Browser, register: Register, person: Known) -> None:
    app = register(entitlements=("urn:mace:dir:entitlement:common-lib-terms",))
    assert app.answered(browser, person).attributes["eduPersonEntitlement"] == ["urn:mace:dir:entitlement:common-lib-terms"]


def test_attributes_that_the_rules_name_and_an_administrator_allows(
    browser: Browser, register: Register, person: Known, deployment: Deployment
) -> None:
    app = register(attributes=("displayName", "mail", "employeeNumber", "uid", "o"))
    told = app.answered(browser, person).attributes
    assert told["employeeNumber"] == ["S001"]
    assert (told["displayName"], told["mail"], told["uid"]) == (["林小雨"], ["lin@example.edu.cn"], [person.number])
    with deployment.transaction(OPERATOR) as tx:
        apps.approve(tx, app.id, ["openid", "profile"])
    assert set(app.answered(browser, person, app.provider.request(ID="_2")).attributes) == {"displayName"}


def test_what_was_told_stands_in_the_record(browser: Browser, library: SamlApp, person: Known) -> None:
    library.answered(browser, person)
    (row,) = browser.client.get("/me/releases.json", base_url=HOST).json
    assert (row["place"], row["claims"]) == ("saml", ["affiliations", "sub"])


def test_people_are_asked_about_an_app_that_is_not_the_schools_own(browser: Browser, register: Register, person: Known) -> None:
    app = register(trusted=False)
    app.ask(browser)
    page = browser.sign_in(person.number, PASSWORD)
    assert "form-action 'self' https://sp.example.edu.cn;" in page.headers["Content-Security-Policy"]
    answer = Answer(browser.submit(decision="refuse"))
    assert answer.status == "RequestDenied"
    assert answer.document.find("{urn:oasis:names:tc:SAML:2.0:assertion}Assertion") is None
    assert app.answered(browser, person, app.provider.request(ID="_2")).status == "Success"


def test_somebody_whom_the_app_is_not_for_is_not_signed_in_to_it(
    browser: Browser, library: SamlApp, person: Known, deployment: Deployment
) -> None:
    with deployment.transaction(OPERATOR) as tx:
        set_audience(tx, library.id, Audience(roles={"teacher"}))
    assert library.answered(browser, person).status == "RequestDenied"


def test_the_start_page_opens_the_app(browser: Browser, library: SamlApp, person: Known) -> None:
    library.answered(browser, person)
    assert f"/saml2/start?app={library.id}" in browser.get(f"{HOST}/").text


def test_a_transient_name_is_another_each_time_and_a_persistent_one_the_same(
    browser: Browser, library: SamlApp, person: Known
) -> None:
    asked = [library.provider.request(f'<samlp:NameIDPolicy Format="{PERSISTENT}"/>', ID=f"_{n}") for n in range(2)]
    names = {library.answered(browser, person, text).text("NameID") for text in asked}
    assert len(names) == 1
    others = {library.answered(browser, person, library.provider.request(ID=f"_t{n}")).text("NameID") for n in range(2)}
    assert len(others) == 2


@pytest.mark.parametrize(
    ("inside", "attributes", "status"),
    [
        ('<samlp:NameIDPolicy Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"/>', {}, "InvalidNameIDPolicy"),
        ('<samlp:NameIDPolicy Format="urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos"/>', {}, "InvalidNameIDPolicy"),
        ('<samlp:NameIDPolicy SPNameQualifier="https://other.example"/>', {}, "RequestUnsupported"),
        ("<saml:Subject><saml:NameID>x</saml:NameID></saml:Subject>", {}, "RequestUnsupported"),
        ("", {"ProtocolBinding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"}, "RequestUnsupported"),
        (contexts("urn:oasis:names:tc:SAML:2.0:ac:classes:Kerberos"), {}, "NoAuthnContext"),
        (contexts("urn:yima:acr:4"), {}, "NoAuthnContext"),
        ("", {"IsPassive": "true"}, "NoPassive"),
    ],
)
def test_what_cannot_be_done_is_answered_and_nobody_is_asked_anything(
    browser: Browser, library: SamlApp, inside: str, attributes: dict[str, str], status: str
) -> None:
    answer = Answer(library.ask(browser, library.provider.request(inside, **attributes)))
    assert answer.status == status
    assert answer.document.get("InResponseTo") == "_request1"
    assert answer.document.find("{http://www.w3.org/2000/09/xmldsig#}Signature") is not None


def test_giving_up_and_a_level_that_cannot_be_met_are_told_to_the_app(browser: Browser, library: SamlApp, person: Known) -> None:
    library.ask(browser)
    cancel = next(one for one in browser.page.forms if one.action.endswith("/login/cancel"))
    assert Answer(browser.submit(form=cancel)).status == "AuthnFailed"


def test_a_second_factor_is_asked_for_by_context_and_said_in_the_answer(
    browser: Browser, library: SamlApp, person: Known, phone: Phone, clock: SettableClock
) -> None:
    library.provider.later(seconds=30)
    library.ask(browser, library.provider.request(contexts(MFA)))
    browser.sign_in(person.number, PASSWORD)
    answer = Answer(browser.submit(code=phone.code()))
    assert answer.text("AuthnContextClassRef") == MFA
    # More than was asked for is said as it was asked for.
    again = library.answered(browser, person, library.provider.request(contexts(PPT), ID="_2"))
    assert again.text("AuthnContextClassRef") == PPT
    own = library.provider.request(contexts("urn:yima:acr:1", comparison="minimum"), ID="_3")
    assert library.answered(browser, person, own).text("AuthnContextClassRef") == "urn:yima:acr:2"


def test_force_asks_again_and_passive_does_not_ask(browser: Browser, library: SamlApp, person: Known, clock: SettableClock) -> None:
    library.answered(browser, person)
    passive = library.answered(browser, person, library.provider.request(ID="_2", IsPassive="true"))
    assert passive.status == "Success"
    both = library.answered(browser, person, library.provider.request(ID="_3", IsPassive="true", ForceAuthn="true"))
    assert both.status == "NoPassive"
    clock.forward(seconds=5)
    page = library.ask(browser, library.provider.request(ID="_4", ForceAuthn="true"))
    assert "password" in page.form("account").fields
    answer = Answer(browser.sign_in(person.number, PASSWORD))
    assert answer.get("AuthnStatement", "AuthnInstant") == "2026-09-01T08:00:05.000Z"


def test_a_request_is_answered_once(browser: Browser, library: SamlApp, person: Known) -> None:
    library.answered(browser, person)
    page = library.ask(browser)
    assert (page.status, len(page.forms)) == (400, 1)


def test_a_request_that_is_too_old_is_refused(browser: Browser, library: SamlApp, clock: SettableClock) -> None:
    clock.forward(minutes=6)
    assert library.ask(browser).status == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"AssertionConsumerServiceURL": "https://evil.example/"},
        {"AssertionConsumerServiceURL": f"{ACS}/"},
        {"AssertionConsumerServiceURL": f"{ACS}?x"},
        {"AssertionConsumerServiceURL": None, "AssertionConsumerServiceIndex": "7"},
    ],
)
def test_an_answer_goes_nowhere_but_where_the_metadata_says(
    browser: Browser, library: SamlApp, person: Known, changes: dict[str, str | None]
) -> None:
    library.answered(browser, person)
    page = library.ask(browser, library.provider.request(ID="_2", **changes))
    assert (page.status, [form.action for form in page.forms if "SAMLResponse" in form.fields]) == (400, [])


def test_by_number_and_by_default(browser: Browser, register: Register, person: Known) -> None:
    second = (
        '<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" '
        'Location="https://sp.example.edu.cn/second" index="2"/>'
    )
    app = register(ServiceProvider(more=second))
    numbered = app.provider.request(AssertionConsumerServiceURL=None, AssertionConsumerServiceIndex="2")
    assert app.answered(browser, person, numbered).page.form("SAMLResponse").action == "https://sp.example.edu.cn/second"
    plain = app.provider.request(ID="_2", AssertionConsumerServiceURL=None)
    assert app.answered(browser, person, plain).page.form("SAMLResponse").action == ACS


def test_an_app_whose_metadata_says_that_it_signs_must_sign(browser: Browser, register: Register, person: Known) -> None:
    app = register(ServiceProvider(signs=True))
    assert app.ask(browser).status == 400
    assert app.ask(browser, signer="other").status == 400
    assert app.answered(browser, person, signer="sp").status == "Success"
    assert browser.post(SSO, form(app.provider.request(ID="_2"))).status == 400
    assert Answer(browser.post(SSO, form(signed(app.provider.request(ID="_2"))))).status == "Success"


def test_a_form_from_elsewhere_brings_no_cookies_and_the_session_is_found_all_the_same(
    app: Flask, browser: Browser, library: SamlApp, person: Known
) -> None:
    library.answered(browser, person)
    without = Browser(app)
    kept = without.client.post("/saml2/sso", data=form(library.provider.request(ID="_2")), base_url=HOST)
    assert kept.status_code == 303
    assert Answer(browser.get(kept.headers["Location"])).status == "Success"
    # It belongs to whoever took it up, and was spent.
    assert without.get(kept.headers["Location"]).status == 400


def test_an_answer_that_nobody_asked_for(browser: Browser, library: SamlApp, person: Known) -> None:
    # SAML Profiles §4.1.5: no InResponseTo anywhere.
    browser.get(f"{HOST}/saml2/start?app={library.id}&target=%2Fbooks")
    answer = Answer(browser.sign_in(person.number, PASSWORD))
    assert answer.page.form("SAMLResponse").fields["RelayState"] == "/books"
    assert answer.document.get("InResponseTo") is None
    assert answer.get("SubjectConfirmationData", "InResponseTo") is None
    assert Answer(browser.get(f"{HOST}/saml2/start?providerId={ENTITY}")).status == "Success"
    assert browser.get(f"{HOST}/saml2/start?providerId=https://evil.example").status == 400
    assert browser.get(f"{HOST}/saml2/start").status == 400


def test_an_app_that_is_suspended_or_unknown_sends_nobody_anywhere(
    browser: Browser, library: SamlApp, person: Known, deployment: Deployment
) -> None:
    library.answered(browser, person)
    unknown = ServiceProvider(entity_id="https://evil.example/sp").request(ID="_2")
    assert library.ask(browser, unknown).status == 400
    with deployment.transaction(OPERATOR) as tx:
        apps.suspend(tx, library.id)
    assert library.ask(browser, library.provider.request(ID="_3")).status == 400


@pytest.mark.parametrize("text", ["", "SAMLRequest=x", "SAMLRequest=%00", "SAMLResponse=x"])
def test_an_empty_or_broken_request_is_a_page_not_an_error_of_ours(browser: Browser, text: str) -> None:
    assert browser.get(f"{SSO}?{text}").status == 400
    assert browser.post(SSO, {"SAMLRequest": text}).status == 400


def test_two_messages_in_one_form_are_refused(browser: Browser, library: SamlApp) -> None:
    message = form(library.provider.request())["SAMLRequest"]
    answer = browser.client.post("/saml2/sso", data={"SAMLRequest": [message, message]}, base_url=HOST)
    assert answer.status_code == 400
    assert browser.get(f"{SSO}?{query(library.provider.request())}&SAMLRequest=x").status == 400
