"""XML Encryption 1.1 of an assertion, for one app: AES-256-GCM, its key by RSA-OAEP."""

import base64
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree
from lxml.etree import _Element as Element

from idp.sso.saml import names, xml
from idp.sso.saml.names import q
from idp.sso.saml.signature import rsa_key

_AES256_GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
# With SHA-1, as every implementation has it: OAEP does not rest on collisions (RFC 8017 §7.1).
_RSA_OAEP = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
_SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"
_ELEMENT = "http://www.w3.org/2001/04/xmlenc#Element"


def encrypted(assertion: Element, certificate: str) -> Element:
    """``saml:EncryptedAssertion`` for whoever has the private key of ``certificate`` (DER in base64)."""
    key, nonce = AESGCM.generate_key(256), os.urandom(12)
    # §5.2.4 of XML Encryption 1.1: nonce, ciphertext and tag in a row.
    sealed = nonce + AESGCM(key).encrypt(nonce, xml.serialise(assertion), None)
    public = rsa_key(x509.load_der_x509_certificate(base64.b64decode(certificate)))
    # The algorithm of the key transport, not a digest that anything rests on.
    wrapped = public.encrypt(key, OAEP(MGF1(hashes.SHA1()), hashes.SHA1(), None))  # noqa: S303
    outer = etree.Element(q("saml:EncryptedAssertion"), nsmap={"saml": names.ASSERTION})
    data = etree.SubElement(outer, q("xenc:EncryptedData"), nsmap={"xenc": names.ENCRYPTION}, Type=_ELEMENT)
    etree.SubElement(data, q("xenc:EncryptionMethod"), Algorithm=_AES256_GCM)
    info = etree.SubElement(data, q("ds:KeyInfo"), nsmap={"ds": names.SIGNATURE})
    transported = etree.SubElement(info, q("xenc:EncryptedKey"))
    method = etree.SubElement(transported, q("xenc:EncryptionMethod"), Algorithm=_RSA_OAEP)
    etree.SubElement(method, q("ds:DigestMethod"), Algorithm=_SHA1)
    _cipher(transported, wrapped)
    _cipher(data, sealed)
    return outer


def _cipher(parent: Element, value: bytes) -> None:
    data = etree.SubElement(parent, q("xenc:CipherData"))
    etree.SubElement(data, q("xenc:CipherValue")).text = base64.b64encode(value).decode()
