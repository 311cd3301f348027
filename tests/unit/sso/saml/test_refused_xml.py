"""What strangers send: refused before anything of it is used, with the sentence that says why."""

import base64
import zlib
from datetime import UTC, datetime

import pytest
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod

from idp.sso.saml import authn_request, bindings, logout, signature, xml
from idp.sso.saml.bindings import Received
from idp.sso.saml.errors import MessageRefused, SignatureRefused
from tests.service_provider import NAMES, RSA_SHA256, SSO, ServiceProvider, der, form, packed, query, signed

SP = ServiceProvider()
NOW = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


def refused(data: bytes) -> str:
    with pytest.raises(MessageRefused) as caught:
        xml.parse(data)
    return str(caught.value.detail)


def believed(text: str, *certificates: str, required: bool = True) -> etree._Element:
    return bindings.from_form(form(text)["SAMLRequest"], None).believed(certificates or (der(),), required=required)


def not_believed(text: str, *certificates: str) -> str:
    with pytest.raises(SignatureRefused) as caught:
        believed(text, *certificates)
    return str(caught.value.detail)


@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a SYSTEM "https://evil.example/a.dtd">',
        '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;">]>',
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "https://evil.example/p"> %p;]>',
        "<!DOCTYPE a>",
        "<!doctype a>",
    ],
)
def test_a_document_type_is_refused_whatever_it_says(prolog: str) -> None:
    assert refused(f'{prolog}<a b="&x;">&y;</a>'.encode()) == "a document type"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-7"])
def test_a_document_type_does_not_hide_in_another_encoding(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'
    with pytest.raises(MessageRefused):
        xml.parse(text.encode(encoding))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<a>admin<!-- -->@evil.example</a>", "a comment, processing instruction or entity"),
        ("<a><?php ?></a>", "a comment, processing instruction or entity"),
        ("<!-- --><a/>", "something beside the document element"),
        ("<a/><?x?>", "something beside the document element"),
        ("<a>&x;</a>", "not well-formed"),
        ("<a", "not well-formed"),
        ("", "not well-formed"),
        ("<a/><a/>", "not well-formed"),
        ('<a ID="x"><b ID="x"/></a>', "an ID twice"),
        ('<a ID="x"><b Id="x"/></a>', "an ID twice"),
        ('<a ID="x"><b xml:id="x"/></a>', "an ID twice"),
        ('<a ID="x"><b AssertionID="x"/></a>', "an ID twice"),
        ("<a>" * 70 + "</a>" * 70, "too deep"),
        ("<a>\x00</a>", "not well-formed"),
    ],
)
def test_a_message_has_elements_attributes_and_text_and_each_id_once(text: str, why: str) -> None:
    assert refused(text.encode()) == why


def test_what_is_not_utf_8_or_too_large_is_refused() -> None:
    assert refused(b"<a>\xff</a>") == "not UTF-8"
    assert refused(b"<a>" + b"x" * xml.MAX_BYTES + b"</a>") == "too large"


def test_a_few_bytes_do_not_become_gigabytes() -> None:
    packer = zlib.compressobj(wbits=-15)
    bomb = b"".join([*(packer.compress(b" " * 1_000_000) for _ in range(50)), packer.flush()])
    with pytest.raises(MessageRefused, match="cannot read") as caught:
        bindings.from_query(f"SAMLRequest={base64.b64encode(bomb).decode().replace('+', '%2B')}".encode(), "SAMLRequest")
    assert "too large" in str(caught.value.detail)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "RelayState=x",
        "SAMLRequest=",
        "SAMLRequest=%%%",
        "SAMLRequest=aGVsbG8=",
        "SAMLRequest=%ff",
        "SAMLEncoding=urn:x&SAMLRequest=" + packed("<a/>").replace("+", "%2B"),
        "SAMLRequest=" + packed("<a/>").replace("+", "%2B") + "&RelayState=a%0d%0aSet-Cookie",
        "SAMLRequest=" + packed("<a/>").replace("+", "%2B") + "&RelayState=" + "a" * 3000,
        "SAMLRequest=" + packed("<a/>").replace("+", "%2B") + "&SAMLRequest=x",
        "SAMLRequest=" + packed("<a/>").replace("+", "%2B") + "&SAML%52equest=x",
        "SAMLRequest=" + packed("<a/>").replace("+", "%2B") + "&RelayState=%ff",
        "SAMLRequest=é",
    ],
)
def test_a_query_that_can_be_read_in_two_ways_or_none_is_refused(text: str) -> None:
    with pytest.raises(MessageRefused):
        bindings.from_query(text.encode(), "SAMLRequest")


def test_a_signature_of_the_whole_by_a_key_of_the_app_is_believed() -> None:
    found = believed(signed(SP.request()), der("other"), der())
    assert found.get("ID") == "_request1"
    assert authn_request.issuer_of(found) == SP.entity_id


def test_where_none_is_needed_an_unsigned_request_passes_and_a_broken_signature_does_not() -> None:
    assert believed(SP.request(), required=False).get("ID") == "_request1"
    broken = signed(SP.request()).replace("AssertionConsumerServiceURL=", 'ForceAuthn="true" AssertionConsumerServiceURL=')
    with pytest.raises(SignatureRefused):
        believed(broken, required=False)


def test_an_unsigned_request_is_refused_where_one_is_needed() -> None:
    assert not_believed(SP.request()) == "not signed"


def test_a_key_in_the_message_is_not_a_key_of_the_app() -> None:
    # KeyInfo names the key that signed, and anybody can name their own.
    assert not_believed(signed(SP.request(), "mallory")) == "by none of the app's keys"


def test_no_keys_believe_nobody() -> None:
    with pytest.raises(SignatureRefused):
        bindings.from_form(form(signed(SP.request()))["SAMLRequest"], None).believed((), required=False)


def _wrapped(layout: str) -> str:
    """Signature wrapping (Somorovsky and others, 2012): the signed element is moved aside, and another stands in its place."""
    good = etree.fromstring(signed(SP.request()).encode())
    evil = etree.fromstring(SP.request(ID="_evil", AssertionConsumerServiceURL="https://evil.example/").encode())
    mark = good.find("ds:Signature", NAMES)
    if layout == "inside an extension":
        etree.SubElement(evil, "{urn:oasis:names:tc:SAML:2.0:protocol}Extensions").append(good)
    elif layout == "signature taken along":
        good.remove(mark)
        evil.insert(1, mark)
        etree.SubElement(evil, "{urn:oasis:names:tc:SAML:2.0:protocol}Extensions").append(good)
    elif layout == "in an object of the signature":
        good.remove(mark)
        evil.insert(1, mark)
        etree.SubElement(mark, f"{{{NAMES['ds']}}}Object").append(good)
    elif layout == "the same ID":
        good.remove(mark)
        evil.set("ID", "_request1")
        evil.insert(1, mark)
        mark.append(good)
    elif layout == "two signatures":
        again = etree.fromstring(signed(SP.request(ID="_evil"), "mallory").encode())
        again.append(mark)
        return etree.tostring(again).decode()
    return etree.tostring(evil).decode()


@pytest.mark.parametrize(
    "layout", ["inside an extension", "signature taken along", "in an object of the signature", "two signatures"]
)
def test_wrapping_is_refused(layout: str) -> None:
    assert "whole" in not_believed(_wrapped(layout)) or "object" in not_believed(_wrapped(layout))


def test_wrapping_under_the_same_id_is_refused_before_a_signature_is_looked_at() -> None:
    assert refused(_wrapped("the same ID").encode()) == "an ID twice"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('URI="#_request1"', 'URI=""'),
        ('URI="#_request1"', 'URI="#_other"'),
        ('URI="#_request1"', 'URI="https://evil.example/"'),
        ('URI="#_request1"', "URI=\"#xpointer(id('_request1'))\""),
        ("http://www.w3.org/2000/09/xmldsig#enveloped-signature", "http://www.w3.org/TR/1999/REC-xslt-19991116"),
        ("http://www.w3.org/2000/09/xmldsig#enveloped-signature", "http://www.w3.org/TR/1999/REC-xpath-19991116"),
        (RSA_SHA256, "http://www.w3.org/2000/09/xmldsig#hmac-sha1"),
        (RSA_SHA256, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"),
        (RSA_SHA256, "urn:none"),
        (SP.entity_id, "https://other.example.edu.cn/shibboleth"),
        ("<ds:SignatureValue>", "<ds:SignatureValue>AAAA"),
        ("<ds:DigestValue>", "<ds:DigestValue>AAAA"),
    ],
)
def test_a_signature_that_was_changed_is_refused(before: str, after: str) -> None:
    text = signed(SP.request())
    assert before in text
    not_believed(text.replace(before, after))


def test_sha_1_is_refused() -> None:
    text = signed(SP.request()).replace(RSA_SHA256, "http://www.w3.org/2000/09/xmldsig#rsa-sha1")
    assert not_believed(text) == "by none of the app's keys"


def test_inclusive_canonical_form_is_refused() -> None:
    text = signed(SP.request(), c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_1)
    assert not_believed(text) == "other transforms than SAML has"


@pytest.mark.parametrize(
    ("method", "digest"),
    [(SignatureMethod.RSA_SHA384, DigestAlgorithm.SHA384), (SignatureMethod.RSA_SHA512, DigestAlgorithm.SHA512)],
)
def test_longer_digests_are_believed(method: SignatureMethod, digest: DigestAlgorithm) -> None:
    believed(signed(SP.request(), signature_algorithm=method, digest_algorithm=digest))


def test_only_what_was_signed_comes_back() -> None:
    # What a reader sees in the document it was given may differ: whitespace, prefixes, attributes put in by a parser.
    given = etree.fromstring(signed(SP.request()).encode())
    found = signature.verified(given, (der(),))
    assert found is not given
    assert found.getroottree().getroot() is found


def test_the_signature_of_a_query_covers_the_octets_as_they_came() -> None:
    good = query(SP.request(), "/a b", signer="sp")
    assert bindings.from_query(good.encode(), "SAMLRequest").believed((der(),), required=True).get("ID") == "_request1"
    shuffled = "&".join(reversed(good.split("&")))
    assert bindings.from_query(shuffled.encode(), "SAMLRequest").believed((der(),), required=True) is not None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("RelayState=%2Fa", "RelayState=%2Fb"),
        ("RelayState=%2Fa", "RelayState=%2fa"),
        ("RelayState=%2Fa&", ""),
        ("rsa-sha256", "rsa-sha1"),
        ("rsa-sha256", "rsa-sha512"),
        ("Signature=", "Signature=AAAA"),
        ("Signature=", "Signature=%21"),
    ],
)
def test_a_query_that_was_changed_is_refused(before: str, after: str) -> None:
    text = query(SP.request(), "/a", signer="sp").replace(before, after)
    with pytest.raises(SignatureRefused):
        bindings.from_query(text.encode(), "SAMLRequest").believed((der(),), required=True)


@pytest.mark.parametrize("dropped", ["Signature", "SigAlg"])
def test_half_a_signature_is_not_none(dropped: str) -> None:
    text = "&".join(part for part in query(SP.request(), signer="sp").split("&") if not part.startswith(f"{dropped}="))
    with pytest.raises(SignatureRefused):
        bindings.from_query(text.encode(), "SAMLRequest")


def test_a_query_and_its_message_are_not_both_signed() -> None:
    text = query(signed(SP.request(), "mallory"), signer="sp")
    with pytest.raises(SignatureRefused):
        bindings.from_query(text.encode(), "SAMLRequest").believed((der(),), required=True)


@pytest.mark.parametrize(
    "envelope",
    [
        "<a/>",
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>',
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><a/><b/></s:Body></s:Envelope>',
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><a/></s:Body><s:Body><a/></s:Body></s:Envelope>',
    ],
)
def test_a_soap_body_holds_one_message(envelope: str) -> None:
    with pytest.raises(MessageRefused):
        logout.from_envelope(envelope.encode())


@pytest.mark.parametrize(
    "changes",
    [
        {"ID": None},
        {"ID": ""},
        {"ID": "1abc"},
        {"ID": "_" + "a" * 300},
        {"ID": "a b"},
        {"Version": "1.1"},
        {"Version": None},
        {"IssueInstant": None},
        {"IssueInstant": "now"},
        {"IssueInstant": "2026-09-01T07:54:59Z"},
        {"IssueInstant": "2026-09-01T08:05:01Z"},
        {"Destination": "https://other.example.edu.cn/sso"},
        {"ForceAuthn": "yes"},
        {"IsPassive": ""},
        {"AssertionConsumerServiceIndex": "1"},
        {"AssertionConsumerServiceIndex": "-1", "AssertionConsumerServiceURL": None},
        {"AssertionConsumerServiceIndex": "x", "AssertionConsumerServiceURL": None},
    ],
)
def test_a_request_says_what_the_specification_demands(changes: dict[str, str | None]) -> None:
    element = Received(etree.fromstring(SP.request(**changes).encode()), None).element
    with pytest.raises(MessageRefused):
        authn_request.read(element, SSO, NOW, signed=False)


def test_a_signed_request_says_where_it_goes_and_another_may_leave_it_out() -> None:
    element = etree.fromstring(SP.request(Destination=None).encode())
    assert authn_request.read(element, SSO, NOW, signed=False).request_id == "_request1"
    with pytest.raises(MessageRefused):
        authn_request.read(element, SSO, NOW, signed=True)


@pytest.mark.parametrize(
    "issuer",
    ["", '<saml:Issuer Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">a@b</saml:Issuer>', "<saml:Issuer/>"],
)
def test_a_message_says_whose_it_is(issuer: str) -> None:
    text = SP.request().replace(f"<saml:Issuer>{SP.entity_id}</saml:Issuer>", issuer)
    with pytest.raises(MessageRefused):
        authn_request.issuer_of(etree.fromstring(text.encode()))
