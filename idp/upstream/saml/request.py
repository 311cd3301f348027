"""The ``AuthnRequest`` (SAML Core §3.4.1, Profiles §4.1.4.1), sent by redirect and signed."""

from datetime import datetime

from lxml import etree

from idp.sso.saml import bindings, names, response
from idp.sso.saml.names import q
from idp.upstream.saml.party import ServiceProvider
from idp.upstream.saml.settings import NAME_ID, SamlSettings


def address(us: ServiceProvider, settings: SamlSettings, sso: str, state: str, now: datetime, *, anew: bool) -> tuple[str, str]:
    """Where the browser goes, and the ID that the answer has to name."""
    found = etree.Element(q("samlp:AuthnRequest"), nsmap={"samlp": names.PROTOCOL, "saml": names.ASSERTION})
    request_id = response.new_id()
    said = {
        "ID": request_id,
        "Version": "2.0",
        "IssueInstant": response.stamp(now),
        "Destination": sso,
        "ProtocolBinding": names.POST,
        "AssertionConsumerServiceURL": us.acs,
        **({"ForceAuthn": "true"} if anew else {}),
    }
    for name, value in said.items():
        found.set(name, value)
    etree.SubElement(found, q("saml:Issuer")).text = us.entity_id
    if settings.subject == NAME_ID:
        etree.SubElement(found, q("samlp:NameIDPolicy"), Format=names.PERSISTENT, AllowCreate="true")
    if settings.contexts:
        wanted = etree.SubElement(found, q("samlp:RequestedAuthnContext"), Comparison="exact")
        for one in settings.contexts:
            etree.SubElement(wanted, q("saml:AuthnContextClassRef")).text = one
    return bindings.with_query(sso, bindings.to_query(found, "SAMLRequest", state, us.signer(now))), request_id
