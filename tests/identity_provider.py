"""A SAML identity provider as the tests play it: its metadata and its answers, well made or badly. Signed by signxml."""

import base64
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from lxml import etree

from tests.service_provider import NAMES, der, signed

IDP = "https://idp.other.edu.cn/idp/shibboleth"
SSO = "https://idp.other.edu.cn/idp/profile/SAML2/Redirect/SSO"
SUBJECT = "cGVyc2lzdGVudA=="
EMPLOYEE_NUMBER = "urn:oid:2.16.840.1.113730.3.1.3"
PAIRWISE = "urn:oasis:names:tc:SAML:attribute:pairwise-id"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"


def asked(url: str) -> Any:
    """The request in an address of the redirect binding."""
    packed = parse_qs(urlsplit(url).query)["SAMLRequest"][0]
    return etree.fromstring(zlib.decompress(base64.b64decode(packed), -15))


@dataclass
class IdentityProvider:
    """One provider. What a test needs otherwise it changes here, or in the text that comes out."""

    now: datetime
    entity_id: str = IDP
    key: str = "idp"
    name: str = f'<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{SUBJECT}</saml:NameID>'
    context: str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
    attributes: dict[str, list[str]] = field(default_factory=lambda: {EMPLOYEE_NUMBER: ["S001"]})
    assertion_id: str = "_assertion1"

    def metadata(self, *, sso: str = SSO, more: str = "", key: str | None = None) -> str:
        return (
            f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="{NAMES["ds"]}" ID="_metadata" '
            f'entityID="{self.entity_id}" {more}><md:IDPSSODescriptor protocolSupportEnumeration="{NAMES["samlp"]}">'
            f'<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{der(key or self.key)}'
            "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService "
            f'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{sso}"/></md:IDPSSODescriptor>'
            "</md:EntityDescriptor>"
        )

    def assertion(self, url: str, **changes: str) -> str:
        """Unsigned. ``changes`` are made to the values by name."""
        request = asked(url)
        said = {
            "issuer": self.entity_id,
            "audience": request.findtext("saml:Issuer", namespaces=NAMES),
            "recipient": request.get("AssertionConsumerServiceURL"),
            "in_response_to": request.get("ID"),
            "issued": self._at(0),
            "before": self._at(-60),
            "after": self._at(300),
            "confirmed": self._at(300),
            "instant": self._at(-1),
            "more": "",
            "method": "urn:oasis:names:tc:SAML:2.0:cm:bearer",
            **changes,
        }
        values = "".join(
            f'<saml:Attribute Name="{name}" FriendlyName="anything">'
            + "".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in found)
            + "</saml:Attribute>"
            for name, found in self.attributes.items()
        )
        return (
            f'<saml:Assertion xmlns:saml="{NAMES["saml"]}" ID="{self.assertion_id}" Version="2.0" IssueInstant="{said["issued"]}">'
            f"<saml:Issuer>{said['issuer']}</saml:Issuer><saml:Subject>{self.name}"
            f'<saml:SubjectConfirmation Method="{said["method"]}"><saml:SubjectConfirmationData '
            f'InResponseTo="{said["in_response_to"]}" NotOnOrAfter="{said["confirmed"]}" Recipient="{said["recipient"]}"/>'
            f'</saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{said["before"]}" '
            f'NotOnOrAfter="{said["after"]}"><saml:AudienceRestriction><saml:Audience>{said["audience"]}</saml:Audience>'
            f"</saml:AudienceRestriction>{said['more']}</saml:Conditions>"
            f'<saml:AuthnStatement AuthnInstant="{said["instant"]}"><saml:AuthnContext><saml:AuthnContextClassRef>{self.context}'
            "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
            f"<saml:AttributeStatement>{values}</saml:AttributeStatement></saml:Assertion>"
        )

    def response(self, url: str, inside: str, *, status: str = SUCCESS, **changes: str) -> str:
        """The frame around an assertion."""
        request = asked(url)
        said = {
            "Destination": request.get("AssertionConsumerServiceURL"),
            "InResponseTo": request.get("ID"),
            "Version": "2.0",
            **changes,
        }
        given = " ".join(f'{name}="{value}"' for name, value in said.items())
        return (
            f'<samlp:Response xmlns:samlp="{NAMES["samlp"]}" xmlns:saml="{NAMES["saml"]}" ID="_response1" '
            f'IssueInstant="{self._at(0)}" {given}><saml:Issuer>{self.entity_id}</saml:Issuer><samlp:Status>'
            f'<samlp:StatusCode Value="{status}"/></samlp:Status>{inside}</samlp:Response>'
        )

    def answer(self, url: str, **changes: str) -> dict[str, str]:
        """The form that a browser brings: signed assertion, unsigned frame."""
        return form(self.response(url, signed(self.assertion(url, **changes), self.key)), url)

    def _at(self, seconds: int) -> str:
        return (self.now + timedelta(seconds=seconds)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def form(response: str, url: str = "") -> dict[str, str]:
    """The fields of the POST binding."""
    relay = parse_qs(urlsplit(url).query).get("RelayState")
    return {"SAMLResponse": base64.b64encode(response.encode()).decode()} | ({"RelayState": relay[0]} if relay else {})
