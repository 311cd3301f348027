"""A SAML identity provider's answers: what is believed, and everything that is not (SAML Profiles §4.1.4)."""

import base64

import pytest
from lxml import etree

from idp.sso.saml import bindings, encryption
from idp.upstream.errors import AnswerRefused, SignInDeclined
from idp.upstream.saml import decryption
from tests.identity_provider import PAIRWISE, SSO, SUBJECT, IdentityProvider, form
from tests.service_provider import NAMES, signed
from tests.unit.upstream.saml.conftest import ACS, US, Client


def test_the_request_is_signed_and_says_who_asks_and_where_the_answer_goes(client: Client) -> None:
    departure = client.depart(anew=True)
    assert departure.url.startswith(f"{SSO}?SAMLRequest=")
    ours = tuple(client.server.deployment.ring.published("saml", client.there.now)[0]["x5c"])  # type: ignore[arg-type]
    received = bindings.from_query(departure.url.partition("?")[2].encode(), "SAMLRequest")
    request = received.believed(ours, required=True)
    assert received.relay_state == "0" * 48
    assert request.findtext("saml:Issuer", namespaces=NAMES) == US
    assert (request.get("AssertionConsumerServiceURL"), request.get("Destination")) == (ACS, SSO)
    assert (request.get("ForceAuthn"), request.get("ID")) == ("true", departure.memory["request_id"])


def test_a_signed_assertion_brings_the_account_and_what_was_told_of_it(client: Client) -> None:
    client.changes = {"fields": {"local_number": "employeeNumber"}}
    arrived = client.arrive()
    assert arrived.subject == SUBJECT
    assert arrived.first("local_number") == "S001"
    assert arrived.first("acr").endswith("PasswordProtectedTransport")


def test_a_signed_frame_around_it_is_no_hindrance(client: Client) -> None:
    departure = client.depart()
    there = client.there
    whole = signed(there.response(departure.url, signed(there.assertion(departure.url), "idp")), "idp")
    assert client.bring(departure, form(whole)).subject == SUBJECT


@pytest.mark.parametrize("name", ["pairwise-id", "eduPersonPrincipalName", "eduPersonTargetedID"])
def test_an_account_can_be_known_by_an_attribute(client: Client, name: str) -> None:
    full = {
        "pairwise-id": PAIRWISE,
        "eduPersonPrincipalName": "urn:oid:1.3.6.1.4.1.5923.1.1.1.6",
        "eduPersonTargetedID": "urn:oid:1.3.6.1.4.1.5923.1.1.1.10",
    }[name]
    value = f"<saml:NameID>{SUBJECT}</saml:NameID>" if name == "eduPersonTargetedID" else "x@other.edu.cn"
    client.changes, client.there.attributes, client.there.name = {"subject": name}, {full: [value]}, ""
    assert client.arrive().subject in (SUBJECT, "x@other.edu.cn")
    client.there.assertion_id, client.there.attributes = "_2", {full: ["a@other.edu.cn", "b@other.edu.cn"]}
    with pytest.raises(AnswerRefused):
        client.arrive()
    # What the sender calls it beside its name means nothing.
    client.there.assertion_id, client.there.attributes = "_3", {"urn:oid:9.9": ["x@other.edu.cn"]}
    with pytest.raises(AnswerRefused):
        client.arrive()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "<saml:NameID>x</saml:NameID>",
        '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient">x</saml:NameID>',
        '<saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">a@b.edu.cn</saml:NameID>',
        '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"></saml:NameID>',
        '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">a<b/></saml:NameID>',
    ],
)
def test_a_name_that_is_nobodys_for_good_is_no_account(client: Client, name: str) -> None:
    client.there.name = name
    with pytest.raises(AnswerRefused):
        client.arrive()


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"issuer": "https://evil.example/idp"}, "Issuer of the assertion"),
        ({"audience": "https://other.example/sp"}, "Audience"),
        ({"audience": US + "x"}, "Audience"),
        ({"recipient": "https://other.example/acs"}, "SubjectConfirmation"),
        ({"in_response_to": "_another"}, "SubjectConfirmation"),
        ({"method": "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"}, "SubjectConfirmation"),
        ({"confirmed": "2026-09-01T07:54:00Z"}, "SubjectConfirmation"),
        ({"before": "2027-01-01T00:00:00Z"}, "time of Conditions"),
        ({"after": "2020-01-01T00:00:00Z"}, "time of Conditions"),
        ({"after": "soon"}, "a time that cannot be read"),
        ({"issued": "2020-01-01T00:00:00Z"}, "IssueInstant"),
        ({"issued": "2027-01-01T00:00:00Z"}, "IssueInstant"),
        ({"instant": "2027-01-01T00:00:00Z"}, "AuthnInstant, or a session that is over"),
        ({"more": "<saml:Condition/>"}, "a condition that we do not know"),
        ({"more": "<saml:AudienceRestriction><saml:Audience>x</saml:Audience></saml:AudienceRestriction>"}, "Audience"),
    ],
)
def test_an_assertion_that_is_not_for_us_here_and_now_is_refused(client: Client, changes: dict[str, str], detail: str) -> None:
    with pytest.raises(AnswerRefused) as caught:
        client.arrive(**changes)
    assert caught.value.detail == detail


def test_who_was_to_sign_in_anew_did_so_after_we_asked(client: Client) -> None:
    assert client.arrive(anew=True).subject == SUBJECT
    client.there.assertion_id = "_2"
    with pytest.raises(AnswerRefused, match="could not be accepted") as caught:
        client.arrive(anew=True, instant="2000-01-01T00:00:00Z")
    assert caught.value.detail == "not signed in anew"


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"Destination": "https://other.example/acs"}, "Destination"),
        ({"InResponseTo": "_another"}, "InResponseTo"),
        ({"InResponseTo": ""}, "InResponseTo"),
        ({"Version": "1.1"}, "no Response of SAML 2.0"),
    ],
)
def test_an_answer_to_something_else_is_refused(client: Client, changes: dict[str, str], detail: str) -> None:
    there = client.there
    assert client.refused(lambda url: there.response(url, signed(there.assertion(url), "idp"), **changes)) == detail


def test_an_assertion_is_taken_once_whatever_request_it_is_brought_for(client: Client) -> None:
    departure = client.depart()
    answer = client.there.answer(departure.url)
    assert client.bring(departure, answer).subject == SUBJECT
    with pytest.raises(AnswerRefused):
        client.bring(departure, answer)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("urn:oasis:names:tc:SAML:2.0:status:AuthnFailed", SignInDeclined),
        ("urn:oasis:names:tc:SAML:2.0:status:RequestDenied", SignInDeclined),
        ("urn:oasis:names:tc:SAML:2.0:status:Requester", AnswerRefused),
        ("", AnswerRefused),
    ],
)
def test_an_answer_without_a_sign_in_is_none(client: Client, status: str, error: type[Exception]) -> None:
    departure = client.depart()
    with pytest.raises(error):
        client.bring(departure, form(client.there.response(departure.url, "", status=status)))


def test_unsigned_or_signed_by_another_it_is_refused(client: Client) -> None:
    there = client.there
    assert "signature" in client.refused(lambda url: there.response(url, there.assertion(url)))
    assert "keys" in client.refused(lambda url: there.response(url, signed(there.assertion(url), "mallory")))
    # A signature of the frame alone: WantAssertionsSigned says what we want.
    assert "signature" in client.refused(lambda url: signed(there.response(url, there.assertion(url)), "idp"))
    assert "signature" in client.refused(
        lambda url: there.response(url, signed(there.assertion(url), "idp").replace("ds:Signature", "ds:Seal"))
    )


def test_what_was_changed_after_signing_is_refused(client: Client) -> None:
    there = client.there
    for before, after in (
        (SUBJECT, "YW5vdGhlcg=="),
        ("S001", "S002"),
        ("rsa-sha256", "rsa-sha1"),
        ("<ds:DigestValue>", "<ds:DigestValue>A"),
    ):
        assert client.refused(lambda url, b=before, a=after: there.response(url, signed(there.assertion(url), "idp").replace(b, a)))  # type: ignore[misc]


def _wrapped(there: IdentityProvider, url: str, layout: str) -> str:
    """Signature wrapping (Somorovsky and others, 2012): the signed assertion is moved aside, another stands in its place."""
    good = etree.fromstring(signed(there.assertion(url), "idp").encode())
    evil = etree.fromstring(there.assertion(url).replace(SUBJECT, "ZXZpbA==").replace("_assertion1", "_evil").encode())
    response = etree.fromstring(there.response(url, "").encode())
    mark = good.find("ds:Signature", NAMES)
    if layout == "both beside each other":
        response.extend([evil, good])
    elif layout == "the good one first":
        response.extend([good, evil])
    elif layout == "the good one in an extension":
        etree.SubElement(response, f"{{{NAMES['samlp']}}}Extensions").append(good)
        response.append(evil)
    elif layout == "the good one inside the evil one":
        etree.SubElement(evil, f"{{{NAMES['saml']}}}Advice").append(good)
        response.append(evil)
    elif layout == "its signature taken along":
        good.remove(mark)
        evil.insert(1, mark)
        etree.SubElement(mark, f"{{{NAMES['ds']}}}Object").append(good)
        response.append(evil)
    elif layout == "the same ID":
        evil.set("ID", "_assertion1")
        etree.SubElement(evil, f"{{{NAMES['saml']}}}Advice").append(good)
        response.append(evil)
    elif layout == "hidden one level down":
        etree.SubElement(response, f"{{{NAMES['samlp']}}}Extensions").append(good)
    elif layout == "the signature of the evil one names the good one":
        good.remove(mark)
        evil.insert(1, mark)
        response.append(evil)
    return etree.tostring(response).decode()


@pytest.mark.parametrize(
    "layout",
    [
        "both beside each other",
        "the good one first",
        "the good one in an extension",
        "the good one inside the evil one",
        "its signature taken along",
        "the same ID",
        "hidden one level down",
        "the signature of the evil one names the good one",
    ],
)
def test_wrapping_is_refused(client: Client, layout: str) -> None:
    detail = client.refused(lambda url: _wrapped(client.there, url, layout))
    assert detail in ("not one assertion", "an ID twice", "an object in the signature", "not one reference to the whole")


@pytest.mark.parametrize(
    "inside",
    ["<!-- -->", "<?x ?>"],
)
def test_a_comment_in_a_name_is_refused(client: Client, inside: str) -> None:
    there = client.there
    detail = client.refused(
        lambda url: there.response(url, signed(there.assertion(url), "idp").replace(SUBJECT, SUBJECT[:5] + inside + SUBJECT[5:]))
    )
    assert detail.startswith("a comment")


@pytest.mark.parametrize(
    "text", ["", "%%%", "x" * 200_000, base64.b64encode(b"<!DOCTYPE a><a/>").decode(), base64.b64encode(b"<a/>").decode()]
)
def test_what_is_no_answer_is_refused(client: Client, text: str) -> None:
    with pytest.raises(AnswerRefused):
        client.bring(client.depart(), {"SAMLResponse": text})
    with pytest.raises(AnswerRefused):
        client.bring(client.depart(), {})


def test_an_encrypted_assertion_is_opened_and_then_judged_as_any(client: Client) -> None:
    key = decryption.new_key()
    client.secrets = {"decryption_key": key}
    public = decryption.certificate(key, "campus", client.there.now)

    def encrypted(text: str) -> str:
        return etree.tostring(encryption.encrypted(etree.fromstring(text.encode()), public)).decode()

    there, departure = client.there, client.depart()
    good = there.response(departure.url, encrypted(signed(there.assertion(departure.url), "idp")))
    assert client.bring(departure, form(good)).subject == SUBJECT
    # Anybody can encrypt for us.
    assert "signature" in client.refused(lambda url: there.response(url, encrypted(there.assertion(url))))
    assert (
        client.refused(lambda url: there.response(url, encrypted(there.assertion(url)) + signed(there.assertion(url), "idp")))
        == "not one assertion"
    )
    for before, after in (
        ("aes256-gcm", "aes256-cbc"),
        ("rsa-oaep-mgf1p", "rsa-1_5"),
        ("<xenc:CipherValue>", "<xenc:CipherValue>AAAA"),
    ):
        assert client.refused(lambda url, b=before, a=after: there.response(url, encrypted(there.assertion(url)).replace(b, a)))  # type: ignore[misc]
    client.secrets = {"decryption_key": decryption.new_key()}
    assert client.refused(lambda url: there.response(url, encrypted(there.assertion(url)))) == "it does not open"
    client.secrets = {}
    assert client.refused(lambda url: there.response(url, encrypted(there.assertion(url)))) == "not one assertion"
