"""``/samlValidate`` (§4.2): a ticket validated by a SAML 1.1 request over SOAP, answered by a SAML 1.1 assertion."""

import logging
import secrets
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET
from xml.parsers import expat

from idp.settings import is_loopback
from idp.sso.cas.answers import Validated, clean, xml_answer
from idp.sso.cas.errors import InvalidRequest, InvalidService, ValidationFailure
from idp.sso.cas.parameters import parse, required
from idp.sso.cas.server import CasServer
from idp.sso.cas.tickets import MAX_LENGTH, Ticket
from idp.sso.cas.validation import Question, validate
from idp.web.machine import MachineAnswer, MachineRequest

log = logging.getLogger("yima.cas")

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
PROTOCOL = "urn:oasis:names:tc:SAML:1.0:protocol"
ASSERTION = "urn:oasis:names:tc:SAML:1.0:assertion"
ATTRIBUTES = "http://www.ja-sig.org/products/cas/"
ARTIFACT = "urn:oasis:names:tc:SAML:1.0:cm:artifact"
TEXT_XML = "text/xml; charset=utf-8"
LIFETIME = timedelta(seconds=30)
MAX_DEPTH = 16
ET.register_namespace("SOAP-ENV", SOAP)
ET.register_namespace("saml1p", PROTOCOL)
ET.register_namespace("saml1", ASSERTION)


def saml_validate(cas: CasServer, request: MachineRequest) -> MachineAnswer:
    """The endpoint. A failure is a SAML response too, with the status that says so."""
    now, target = cas.deployment.clock.now(), ""
    try:
        target = required(parse(request.query), "TARGET")
        ticket, request_id = read_request(request.body)
        parts = urlsplit(target)
        # §4.2.1: attributes are not for a site without TLS; our policy: this machine is not the network.
        if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
            raise InvalidService(detail="not https")
        question = Question(ticket, target, attributes=True, address=request.address)
        validated, given = validate(cas, question)
    except ValidationFailure as error:
        log.info("samlValidate: %s %s", error.cas_code, error.detail or "")
        return _answer(_failure(error, target, now))
    except ValueError:  # an address that is none
        return _answer(_failure(InvalidRequest(), "", now))
    return _answer(_success(validated, given, cas.deployment.settings.public_url, request_id, now))


def read_request(body: bytes) -> tuple[str, str]:
    """Ticket and request id of the SOAP body. Raises :class:`InvalidRequest`.

    The document is a stranger's: one with a document type is refused, and so no entity is ever declared or fetched; nesting is
    bounded here, size by whoever read the request. Exactly one artifact counts.
    """
    reader = _Reader()
    try:
        reader.parser.Parse(body, True)
    except expat.ExpatError:
        raise InvalidRequest(detail="not XML") from None
    artifacts, ids = reader.artifacts, reader.ids
    if len(artifacts) != 1 or len(ids) != 1 or not 0 < len(artifacts[0].strip()) <= MAX_LENGTH:
        raise InvalidRequest(detail="not one artifact")
    return artifacts[0].strip(), ids[0][:128]


class _Reader:
    """Collects the artifacts of a document, and the ids of its requests."""

    def __init__(self) -> None:
        self.artifacts: list[str] = []
        self.ids: list[str] = []
        self._path: list[str] = []
        self.parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = self._refuse

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        if len(self._path) > MAX_DEPTH:
            raise InvalidRequest(detail="nested too deep")
        if name == f"{PROTOCOL} AssertionArtifact":
            self.artifacts.append("")
        elif name == f"{PROTOCOL} Request":
            self.ids.append(attributes.get("RequestID", ""))

    def _end(self, _name: str) -> None:
        self._path.pop()

    def _characters(self, text: str) -> None:
        if self._path[-1] == f"{PROTOCOL} AssertionArtifact":
            self.artifacts[-1] += text

    def _refuse(self, *_: object) -> None:
        raise InvalidRequest(detail="a document type")


def _success(validated: Validated, ticket: Ticket, issuer: str, request_id: str, now: datetime) -> ET.Element:
    response = _response(ticket.service, request_id, now, "Success")
    assertion = _sub(response, ASSERTION, "Assertion", **_head("AssertionID", now), Issuer=issuer)
    times = {"NotBefore": _moment(now), "NotOnOrAfter": _moment(now + LIFETIME)}
    audience = _sub(_sub(assertion, ASSERTION, "Conditions", **times), ASSERTION, "AudienceRestrictionCondition")
    _sub(audience, ASSERTION, "Audience").text = clean(ticket.service)
    known = {name: values for name, values in (validated.attributes or {}).items() if values}
    statement = _sub(assertion, ASSERTION, "AttributeStatement")
    _subject(statement, validated.user)
    for name, values in known.items():
        attribute = _sub(statement, ASSERTION, "Attribute", AttributeName=name, AttributeNamespace=ATTRIBUTES)
        for value in values:
            _sub(attribute, ASSERTION, "AttributeValue").text = clean(value)
    method = "password" if ticket.methods == ("pwd",) else "unspecified"
    said = {
        "AuthenticationInstant": _moment(ticket.auth_time),
        "AuthenticationMethod": f"urn:oasis:names:tc:SAML:1.0:am:{method}",
    }
    _subject(_sub(assertion, ASSERTION, "AuthenticationStatement", **said), validated.user)
    return response


def _failure(error: ValidationFailure, target: str, now: datetime) -> ET.Element:
    response = _response(target, "", now, "RequestDenied")
    status = response.find(f"{{{PROTOCOL}}}Status")
    assert status is not None  # noqa: S101 - made just now
    _sub(status, PROTOCOL, "StatusMessage").text = clean(f"{error.cas_code}: {error}")
    return response


def _response(recipient: str, request_id: str, now: datetime, status: str) -> ET.Element:
    named = {"InResponseTo": clean(request_id)} if request_id else {}
    response = ET.Element(f"{{{PROTOCOL}}}Response", {**_head("ResponseID", now), "Recipient": clean(recipient), **named})
    _sub(_sub(response, PROTOCOL, "Status"), PROTOCOL, "StatusCode", Value=f"saml1p:{status}")
    return response


def _subject(parent: ET.Element, user: str) -> None:
    subject = _sub(parent, ASSERTION, "Subject")
    _sub(subject, ASSERTION, "NameIdentifier").text = clean(user)
    _sub(_sub(subject, ASSERTION, "SubjectConfirmation"), ASSERTION, "ConfirmationMethod").text = ARTIFACT


def _head(id_name: str, now: datetime) -> dict[str, str]:
    return {id_name: f"_{secrets.token_hex(16)}", "IssueInstant": _moment(now), "MajorVersion": "1", "MinorVersion": "1"}


def _sub(parent: ET.Element, namespace: str, name: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, f"{{{namespace}}}{name}", attributes)


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _answer(response: ET.Element) -> MachineAnswer:
    envelope = ET.Element(f"{{{SOAP}}}Envelope")
    ET.SubElement(envelope, f"{{{SOAP}}}Header")
    ET.SubElement(envelope, f"{{{SOAP}}}Body").append(response)
    return xml_answer(envelope, TEXT_XML)
