"""Our own metadata: what an app needs to know of us (SAML Metadata), signed."""

from datetime import datetime

from lxml import etree
from lxml.etree import _Element as Element
from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.registry.institutions import InstitutionStatus
from idp.registry.tables import Institution
from idp.sso.saml import names, response, xml
from idp.sso.saml.names import q
from idp.sso.saml.server import SamlServer


def document(saml: SamlServer, session: Session, now: datetime) -> bytes:
    """The ``EntityDescriptor``. Every key that signs, signed, or will sign next is in it, so that a rotation needs nobody.

    It says how long it may be kept and not until when it holds: schools put it into files, which must not go out of date.
    """
    nsmap = {"md": names.METADATA, "ds": names.SIGNATURE, "shibmd": names.SHIBBOLETH_METADATA, "mdui": names.USER_INTERFACE}
    root = etree.Element(q("md:EntityDescriptor"), nsmap=nsmap)
    root.set("ID", response.new_id())
    root.set("entityID", saml.entity_id)
    root.set("cacheDuration", "P1D")
    role = etree.SubElement(root, q("md:IDPSSODescriptor"), protocolSupportEnumeration=names.PROTOCOL)
    role.set("WantAuthnRequestsSigned", "false")
    _extensions(role, saml, session)
    for certificate in saml.certificates(now).values():
        descriptor = etree.SubElement(role, q("md:KeyDescriptor"), use="signing")
        data = etree.SubElement(etree.SubElement(descriptor, q("ds:KeyInfo")), q("ds:X509Data"))
        etree.SubElement(data, q("ds:X509Certificate")).text = certificate
    for binding, location in ((names.REDIRECT, saml.slo), (names.POST, saml.slo), (names.SOAP_BINDING, saml.soap)):
        etree.SubElement(role, q("md:SingleLogoutService"), Binding=binding, Location=location)
    for name_format in (names.TRANSIENT, names.PERSISTENT, names.EMAIL):
        etree.SubElement(role, q("md:NameIDFormat")).text = name_format
    for binding in (names.REDIRECT, names.POST):
        etree.SubElement(role, q("md:SingleSignOnService"), Binding=binding, Location=saml.sso)
    saml.sign(root, now)
    return xml.serialise(root)


def _extensions(role: Element, saml: SamlServer, session: Session) -> None:
    """The domains that scoped values of ours may have (Shibboleth metadata extensions), and our name."""
    extensions = etree.SubElement(role, q("md:Extensions"))
    active = select(Institution.domains).where(Institution.status == InstitutionStatus.ACTIVE.value)
    scopes = {domains[0] for domains in session.scalars(active) if domains} | {saml.scope}
    for scope in sorted(scopes):
        etree.SubElement(extensions, q("shibmd:Scope"), regexp="false").text = scope
    information = etree.SubElement(extensions, q("mdui:UIInfo"))
    for language, name in (("zh", "一码"), ("en", "Yima")):
        etree.SubElement(information, q("mdui:DisplayName"), {f"{{{names.XML}}}lang": language}).text = name
