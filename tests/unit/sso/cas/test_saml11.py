"""``/samlValidate``: CAS Protocol 3.0 §4.2. The request is a stranger's XML."""

from xml.etree import ElementTree as ET

import pytest

from idp.sso.cas.endpoints import machine_endpoints
from idp.sso.cas.errors import InvalidRequest
from idp.sso.cas.saml11 import read_request
from idp.web.machine import MachineRequest
from tests.unit.sso.people import ADDRESS, Campus

REQUEST = """<?xml version="1.0" encoding="UTF-8"?>{doctype}
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Header/><SOAP-ENV:Body>
<samlp:Request xmlns:samlp="urn:oasis:names:tc:SAML:1.0:protocol" MajorVersion="1" MinorVersion="1"
 RequestID="_1" IssueInstant="2026-09-01T08:00:00Z"><samlp:AssertionArtifact>{ticket}</samlp:AssertionArtifact></samlp:Request>
</SOAP-ENV:Body></SOAP-ENV:Envelope>"""
P, A = "{urn:oasis:names:tc:SAML:1.0:protocol}", "{urn:oasis:names:tc:SAML:1.0:assertion}"


def body(ticket: str, doctype: str = "") -> bytes:
    return REQUEST.format(ticket=ticket, doctype=doctype).encode()


def ask(campus: Campus, ticket: str, target: str = ADDRESS) -> ET.Element:
    methods, endpoint = machine_endpoints(campus.cas, ("/cas",))["/cas/samlValidate"]
    assert methods == ("POST",)
    request = MachineRequest(
        method="POST",
        body=body(ticket),
        content_type="text/xml",
        query=f"TARGET={target}".encode(),
        authorization="",
        accept="",
        dpop="",
        certificate="",
        address=None,
    )
    answer = endpoint(request)
    assert (answer.status, answer.content_type) == (200, "text/xml; charset=utf-8")
    return ET.fromstring(answer.encoded())


def status(document: ET.Element) -> str:
    return document.find(f".//{P}StatusCode").get("Value", "").partition(":")[2]  # type: ignore[union-attr]


def test_a_ticket_is_answered_by_an_assertion_for_the_service(campus: Campus) -> None:
    campus.register(attributes={"cn": "name", "role": "role"})
    ticket = campus.ticket()
    document = ask(campus, ticket)
    assert status(document) == "Success"
    assert document.find(f".//{P}Response").get("InResponseTo") == "_1"  # type: ignore[union-attr]
    assert {found.text for found in document.iter(f"{A}NameIdentifier")} == {"S001"}
    assert document.findtext(f".//{A}Audience") == ADDRESS
    conditions = document.find(f".//{A}Conditions")
    assert conditions is not None
    assert (conditions.get("NotBefore"), conditions.get("NotOnOrAfter")) == ("2026-09-01T08:00:00.000Z", "2026-09-01T08:00:30.000Z")
    told = {found.get("AttributeName"): found.findtext(f"{A}AttributeValue") for found in document.iter(f"{A}Attribute")}
    assert (told["cn"], told["role"], told["isFromNewLogin"]) == ("林小雨", "student", "false")
    assert status(ask(campus, ticket)) == "RequestDenied"


def test_the_status_is_a_name_whose_prefix_the_document_declares(campus: Campus) -> None:
    campus.register()
    text = ET.tostring(ask(campus, campus.ticket()), encoding="unicode")
    assert 'Value="saml1p:Success"' in text


def test_a_ticket_for_another_service_is_denied(campus: Campus) -> None:
    campus.register()
    document = ask(campus, campus.ticket(), f"{ADDRESS}x")
    assert status(document) == "RequestDenied"
    assert document.find(f".//{A}Assertion") is None


@pytest.mark.parametrize("target", ["http://old.example.edu.cn/", "", "https://[", "x"])
def test_nothing_is_told_to_a_site_without_tls(campus: Campus, target: str) -> None:
    # §4.2.1
    campus.register("http://old.example.edu.cn/", plain_http=True)
    ticket = campus.ticket("http://old.example.edu.cn/")
    assert status(ask(campus, ticket, target)) == "RequestDenied"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"x",
        b"<a/>",
        b"<a>" * 20 + b"</a>" * 20,
        body("&x;", '<!DOCTYPE a [<!ENTITY x "ST-1">]>'),
        body("&x;", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        body("ST-1", '<!DOCTYPE a SYSTEM "https://evil.example/a.dtd">'),
        body("ST-1", "<!DOCTYPE a>"),
        REQUEST.format(ticket="ST-1", doctype='<!DOCTYPE a [<!ENTITY x "y">]>').replace("UTF-8", "UTF-16").encode("utf-16"),
        body("&undeclared;"),
        body(""),
        body("x" * 257),
        body("ST-1</samlp:AssertionArtifact><samlp:AssertionArtifact>ST-2"),
        body("ST-1").replace(b"SAML:1.0:protocol", b"SAML:2.0:protocol"),
        body("ST-1")[:-20],
        body("ST-1") + body("ST-2"),
        b"\xff\xfe\xff",
    ],
)
def test_what_is_not_one_request_is_refused(document: bytes) -> None:
    with pytest.raises(InvalidRequest):
        read_request(document)


def test_a_comment_does_not_cut_the_ticket_short() -> None:
    assert read_request(body("ST-<!-- x -->1")) == ("ST-1", "_1")
