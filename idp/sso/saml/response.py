"""What an app gets: a ``Response`` with an assertion, or with the reason why there is none (SAML Profiles §4.1.4.2)."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from lxml import etree
from lxml.etree import _Element as Element

from idp.sso.saml import encryption, names
from idp.sso.saml.attributes import ATTRIBUTES
from idp.sso.saml.authn_request import Asked
from idp.sso.saml.errors import Refusal
from idp.sso.saml.names import q
from idp.sso.saml.providers import Provider
from idp.sso.saml.server import SamlServer

# How long an assertion may be presented: the time of a redirect, and of two clocks that differ.
LIFETIME = timedelta(minutes=5)
EARLY = timedelta(minutes=1)


@dataclass(frozen=True)
class Statement:
    """What is said: the name and its format, the session, how it was proven and when, until when it lasts, the attributes."""

    name: str
    name_format: str
    session_index: str
    context: str
    auth_time: datetime
    session_ends: datetime
    attributes: dict[str, tuple[str, ...]]


def success(saml: SamlServer, provider: Provider, asked: Asked, statement: Statement, now: datetime) -> Element:
    """The answer with the assertion, signed and encrypted as the app and its rules want it."""
    response = _response(saml, asked, now)
    add_status(response, names.SUCCESS)
    assertion = _assertion(saml, provider, asked, statement, now)
    signed = provider.rules.sign
    if signed != "response" or provider.described.assertions_signed:
        saml.sign(assertion, now, after=q("saml:Issuer"))
    keys = provider.described.encryption
    response.append(encryption.encrypted(assertion, keys[0]) if keys and provider.rules.encrypt else assertion)
    if signed != "assertion":
        saml.sign(response, now, after=q("saml:Issuer"))
    return response


def failure(saml: SamlServer, asked: Asked, refusal: Refusal, now: datetime) -> Element:
    """The answer without one, signed."""
    response = _response(saml, asked, now)
    add_status(response, refusal.status, refusal.second)
    saml.sign(response, now, after=q("saml:Issuer"))
    return response


def message(saml: SamlServer, tag: str, destination: str, now: datetime, *, in_response_to: str | None = None) -> Element:
    """The frame of every message of ours."""
    found = etree.Element(q(tag), nsmap={"samlp": names.PROTOCOL, "saml": names.ASSERTION})
    found.set("ID", new_id())
    found.set("Version", "2.0")
    found.set("IssueInstant", stamp(now))
    found.set("Destination", destination)
    if in_response_to is not None:
        found.set("InResponseTo", in_response_to)
    etree.SubElement(found, q("saml:Issuer")).text = saml.entity_id
    return found


def new_id() -> str:
    """§1.3.4: not to be guessed, and no digit first."""
    return f"_{secrets.token_hex(20)}"


def stamp(moment: datetime) -> str:
    """§1.3.3: in UTC."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _response(saml: SamlServer, asked: Asked, now: datetime) -> Element:
    return message(saml, "samlp:Response", asked.consumer, now, in_response_to=asked.request_id)


def add_status(response: Element, status: str, second: str | None = None) -> None:
    """How it went (§3.2.2)."""
    code = etree.SubElement(etree.SubElement(response, q("samlp:Status")), q("samlp:StatusCode"), Value=status)
    if second is not None:
        etree.SubElement(code, q("samlp:StatusCode"), Value=second)


def _assertion(saml: SamlServer, provider: Provider, asked: Asked, said: Statement, now: datetime) -> Element:
    found = etree.Element(q("saml:Assertion"), nsmap={"saml": names.ASSERTION})
    found.set("ID", new_id())
    found.set("Version", "2.0")
    found.set("IssueInstant", stamp(now))
    etree.SubElement(found, q("saml:Issuer")).text = saml.entity_id
    subject = etree.SubElement(found, q("saml:Subject"))
    name_id(subject, saml, provider.described.entity_id, said.name, said.name_format)
    confirmation = etree.SubElement(subject, q("saml:SubjectConfirmation"), Method=names.BEARER)
    # Profiles §4.1.4.2: for this app, at this address, for these minutes, and as the answer to this request.
    data = etree.SubElement(confirmation, q("saml:SubjectConfirmationData"))
    data.set("NotOnOrAfter", stamp(now + LIFETIME))
    data.set("Recipient", asked.consumer)
    if asked.request_id is not None:
        data.set("InResponseTo", asked.request_id)
    conditions = etree.SubElement(found, q("saml:Conditions"))
    conditions.set("NotBefore", stamp(now - EARLY))
    conditions.set("NotOnOrAfter", stamp(now + LIFETIME))
    audience = etree.SubElement(etree.SubElement(conditions, q("saml:AudienceRestriction")), q("saml:Audience"))
    audience.text = provider.described.entity_id
    statement = etree.SubElement(found, q("saml:AuthnStatement"))
    statement.set("AuthnInstant", stamp(said.auth_time))
    statement.set("SessionIndex", said.session_index)
    statement.set("SessionNotOnOrAfter", stamp(said.session_ends))
    context = etree.SubElement(statement, q("saml:AuthnContext"))
    etree.SubElement(context, q("saml:AuthnContextClassRef")).text = said.context
    _attributes(found, saml, provider, said)
    return found


def _attributes(assertion: Element, saml: SamlServer, provider: Provider, said: Statement) -> None:
    if not said.attributes:
        return
    statement = etree.SubElement(assertion, q("saml:AttributeStatement"))
    for friendly, values in said.attributes.items():
        one = etree.SubElement(statement, q("saml:Attribute"), Name=ATTRIBUTES[friendly].name, NameFormat=names.URI_NAME)
        one.set("FriendlyName", friendly)
        for value in values:
            holder = etree.SubElement(one, q("saml:AttributeValue"))
            if friendly == "eduPersonTargetedID":
                # eduPerson: the value is a persistent name, as an element.
                name_id(holder, saml, provider.described.entity_id, value, names.PERSISTENT)
            else:
                holder.text = value


def name_id(parent: Element, saml: SamlServer, entity_id: str, name: str, name_format: str) -> None:
    """§8.3.7, §8.3.8: whose name, for whom."""
    found = etree.SubElement(parent, q("saml:NameID"), Format=name_format)
    if name_format in (names.PERSISTENT, names.TRANSIENT):
        found.set("NameQualifier", saml.entity_id)
        found.set("SPNameQualifier", entity_id)
    found.text = name
