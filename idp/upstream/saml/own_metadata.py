"""What an identity provider needs to know of us: our metadata as a service provider, signed."""

from datetime import datetime

from lxml import etree

from idp.sso.saml import names, response, signature, xml
from idp.sso.saml.names import q
from idp.upstream.kinds import Upstream
from idp.upstream.saml import decryption
from idp.upstream.saml.party import party
from idp.upstream.saml.settings import DECRYPTION_KEY
from idp.upstream.server import UpstreamServer


def document(server: UpstreamServer, upstream: Upstream, now: datetime) -> bytes:
    """The ``EntityDescriptor``. Every key that signs, signed, or will sign next is in it, and the one to encrypt for."""
    us = party(server, upstream)
    nsmap = {"md": names.METADATA, "ds": names.SIGNATURE, "mdui": names.USER_INTERFACE}
    root = etree.Element(q("md:EntityDescriptor"), nsmap=nsmap)
    root.set("ID", response.new_id())
    root.set("entityID", us.entity_id)
    root.set("cacheDuration", "P1D")
    role = etree.SubElement(root, q("md:SPSSODescriptor"), protocolSupportEnumeration=names.PROTOCOL)
    role.set("AuthnRequestsSigned", "true")
    role.set("WantAssertionsSigned", "true")
    certificates = us.certificates(now)
    keys = [("signing", certificate) for certificate in certificates.values()]
    if DECRYPTION_KEY in upstream.secrets:
        keys.append(("encryption", decryption.certificate(upstream.secrets[DECRYPTION_KEY], upstream.slug, now)))
    for use, certificate in keys:
        descriptor = etree.SubElement(role, q("md:KeyDescriptor"), use=use)
        data = etree.SubElement(etree.SubElement(descriptor, q("ds:KeyInfo")), q("ds:X509Data"))
        etree.SubElement(data, q("ds:X509Certificate")).text = certificate
        if use == "encryption":
            etree.SubElement(descriptor, q("md:EncryptionMethod"), Algorithm=f"{names.ENCRYPTION_11}aes256-gcm")
            etree.SubElement(descriptor, q("md:EncryptionMethod"), Algorithm=f"{names.ENCRYPTION_11}aes128-gcm")
            etree.SubElement(descriptor, q("md:EncryptionMethod"), Algorithm=f"{names.ENCRYPTION}rsa-oaep-mgf1p")
    etree.SubElement(role, q("md:NameIDFormat")).text = names.PERSISTENT
    consumer = etree.SubElement(role, q("md:AssertionConsumerService"), Binding=names.POST, Location=us.acs)
    consumer.set("index", "0")
    consumer.set("isDefault", "true")
    signer = us.signer(now)
    signature.sign(root, signer, certificates[signer.kid])
    return xml.serialise(root)
