"""A SAML service provider as the tests play it: its key, its metadata, its requests, well made or badly."""

import base64
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import quote_plus, urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import XMLSigner
from signxml.algorithms import CanonicalizationMethod, SignatureMethod

IDP = "http://localhost:8000/saml2/metadata"
SSO = "http://localhost:8000/saml2/sso"
SLO = "http://localhost:8000/saml2/slo"
ENTITY = "https://sp.example.edu.cn/shibboleth"
ACS = "https://sp.example.edu.cn/Shibboleth.sso/SAML2/POST"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
NAMES = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}


@cache
def key(name: str = "sp") -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificate(name: str = "sp", *, bits: int = 2048) -> x509.Certificate:
    """Out of date, because nothing in SAML rests on its dates."""
    signer = key(name) if bits == 2048 else rsa.generate_private_key(public_exponent=65537, key_size=bits)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder(issuer_name=subject, subject_name=subject, public_key=signer.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2021, 1, 1, tzinfo=UTC))
        .sign(signer, hashes.SHA256())
    )


def der(name: str = "sp", **more: int) -> str:
    return base64.b64encode(certificate(name, **more).public_bytes(serialization.Encoding.DER)).decode()


def pem(name: str = "sp") -> tuple[str, str]:
    """Key and certificate."""
    private = key(name).private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private.decode(), certificate(name).public_bytes(serialization.Encoding.PEM).decode()


@dataclass
class ServiceProvider:
    """One app. What a test needs otherwise it changes here, or in the text that comes out."""

    entity_id: str = ENTITY
    acs: str = ACS
    signs: bool = False
    signing: str | None = "sp"
    encryption: str | None = None
    soap: str | None = None
    redirect_slo: str | None = "https://sp.example.edu.cn/Shibboleth.sso/SLO/Redirect"
    more: str = ""
    now: datetime = field(default_factory=lambda: datetime(2026, 9, 1, 8, 0, tzinfo=UTC))

    def metadata(self) -> str:
        keys = [(use, name) for use, name in (("signing", self.signing), ("encryption", self.encryption)) if name]
        described = "".join(
            f'<md:KeyDescriptor use="{use}"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{der(name)}</ds:X509Certificate>'
            "</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            for use, name in keys
        )
        slo = ""
        for binding, location in (("SOAP", self.soap), ("HTTP-Redirect", self.redirect_slo)):
            if location:
                slo += f'<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:{binding}" Location="{location}"/>'
        return (
            f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="{NAMES["ds"]}" '
            f'entityID="{self.entity_id}"><md:SPSSODescriptor AuthnRequestsSigned="{str(self.signs).lower()}" '
            f'protocolSupportEnumeration="{NAMES["samlp"]}">{described}{slo}'
            '<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" '
            f'Location="{self.acs}" index="1" isDefault="true"/>{self.more}</md:SPSSODescriptor></md:EntityDescriptor>'
        )

    def request(self, inside: str = "", **attributes: str | None) -> str:
        """An ``AuthnRequest``; an attribute that is ``None`` is left out."""
        said: dict[str, Any] = {
            "ID": "_request1",
            "Version": "2.0",
            "IssueInstant": self.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "Destination": SSO,
            "AssertionConsumerServiceURL": self.acs,
            **attributes,
        }
        given = " ".join(f'{name}="{value}"' for name, value in said.items() if value is not None)
        return (
            f'<samlp:AuthnRequest xmlns:samlp="{NAMES["samlp"]}" xmlns:saml="{NAMES["saml"]}" {given}>'
            f"<saml:Issuer>{self.entity_id}</saml:Issuer>{inside}</samlp:AuthnRequest>"
        )

    def logout_request(self, name: str, index: str | None, *, request_id: str = "_logout1", destination: str = SLO) -> str:
        session = f"<samlp:SessionIndex>{index}</samlp:SessionIndex>" if index else ""
        moment = self.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        return (
            f'<samlp:LogoutRequest xmlns:samlp="{NAMES["samlp"]}" xmlns:saml="{NAMES["saml"]}" ID="{request_id}" Version="2.0" '
            f'IssueInstant="{moment}" Destination="{destination}"><saml:Issuer>{self.entity_id}</saml:Issuer>'
            f"<saml:NameID>{name}</saml:NameID>{session}</samlp:LogoutRequest>"
        )

    def logout_response(self, request_id: str, status: str, *, destination: str = SLO) -> str:
        """``status`` is the last part of the code's name."""
        moment = self.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        return (
            f'<samlp:LogoutResponse xmlns:samlp="{NAMES["samlp"]}" xmlns:saml="{NAMES["saml"]}" ID="_response1" Version="2.0" '
            f'IssueInstant="{moment}" Destination="{destination}" InResponseTo="{request_id}">'
            f"<saml:Issuer>{self.entity_id}</saml:Issuer><samlp:Status>"
            f'<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{status}"/></samlp:Status></samlp:LogoutResponse>'
        )

    def later(self, **time: float) -> "ServiceProvider":
        self.now += timedelta(**time)
        return self


def signed(text: str, name: str = "sp", **options: Any) -> str:
    """By signxml's signer, which is not what signs in the product."""
    root = etree.fromstring(text.encode())
    chosen = {
        "c14n_algorithm": CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
        "signature_algorithm": SignatureMethod.RSA_SHA256,
        "digest_algorithm": "sha256",
        **options,
    }
    private, public = pem(name)
    done = XMLSigner(**chosen).sign(root, key=private, cert=public, reference_uri=root.get("ID"), id_attribute="ID")
    return etree.tostring(done).decode()


def packed(text: str) -> str:
    packer = zlib.compressobj(wbits=-15)
    return base64.b64encode(packer.compress(text.encode()) + packer.flush()).decode()


def query(text: str, relay_state: str | None = None, *, signer: str | None = None, name: str = "SAMLRequest") -> str:
    """The query of the redirect binding."""
    given = {name: packed(text)} | ({"RelayState": relay_state} if relay_state is not None else {})
    if signer is None:
        return urlencode(given)
    plain = urlencode({**given, "SigAlg": RSA_SHA256})
    value = key(signer).sign(plain.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{plain}&Signature={quote_plus(base64.b64encode(value))}"


def form(text: str, relay_state: str | None = None) -> dict[str, str]:
    """The fields of the POST binding."""
    return {"SAMLRequest": base64.b64encode(text.encode()).decode()} | ({"RelayState": relay_state} if relay_state else {})
