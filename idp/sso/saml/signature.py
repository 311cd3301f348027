"""XML signatures: ours, made by the key ring; and others', verified by signxml, from which only what they cover comes back."""

import base64
import hashlib
import re
from collections.abc import Sequence
from datetime import timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from lxml import etree
from lxml.etree import _Element as Element
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from idp.crypto.jose import Signer
from idp.sso.saml import names, xml
from idp.sso.saml.errors import SignatureRefused
from idp.sso.saml.names import q

_METHODS = frozenset({SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512})
_DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_TRANSFORMS = (names.ENVELOPED, names.EXCLUSIVE_C14N)
_QUERY_METHODS: dict[str, type[hashes.HashAlgorithm]] = {
    names.RSA_SHA256: hashes.SHA256,
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": hashes.SHA384,
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": hashes.SHA512,
}
MIN_RSA_BITS = 2048
_SPACE = re.compile(r"\s+")


def sign(element: Element, signer: Signer, certificate: str, *, after: str | None = None) -> None:
    """Puts an enveloped signature into ``element``: behind its child ``after``, or first (SAML Core §5).

    By RSA-SHA256 over the exclusive canonical form. The key never leaves the ring, so it is the ring that signs.
    """
    digest = base64.b64encode(hashlib.sha256(xml.canonical(element)).digest()).decode()
    signature = etree.Element(q("ds:Signature"), nsmap={"ds": names.SIGNATURE})
    info = etree.SubElement(signature, q("ds:SignedInfo"))
    etree.SubElement(info, q("ds:CanonicalizationMethod"), Algorithm=names.EXCLUSIVE_C14N)
    etree.SubElement(info, q("ds:SignatureMethod"), Algorithm=names.RSA_SHA256)
    reference = etree.SubElement(info, q("ds:Reference"), URI=f"#{element.get('ID')}")
    transforms = etree.SubElement(reference, q("ds:Transforms"))
    for transform in _TRANSFORMS:
        etree.SubElement(transforms, q("ds:Transform"), Algorithm=transform)
    etree.SubElement(reference, q("ds:DigestMethod"), Algorithm=names.SHA256)
    etree.SubElement(reference, q("ds:DigestValue")).text = digest
    value = etree.SubElement(signature, q("ds:SignatureValue"))
    data = etree.SubElement(etree.SubElement(signature, q("ds:KeyInfo")), q("ds:X509Data"))
    etree.SubElement(data, q("ds:X509Certificate")).text = certificate
    before = element.find(after) if after is not None else None
    element.insert(element.index(before) + 1 if before is not None else 0, signature)
    value.text = base64.b64encode(signer.sign(xml.canonical(info))).decode()


def is_signed(element: Element) -> bool:
    """Whether a signature claims to be there, anywhere in it."""
    return element.find(f".//{q('ds:Signature')}") is not None


def verified(element: Element, certificates: Sequence[str]) -> Element:
    """What is signed, parsed anew from the very bytes that the signature covers. Nothing else of the document may be used.

    The signature must be the only one, a child of the document element, over that element as a whole (SAML Core §5.4), by one of
    ``certificates`` (DER in base64; SAML Metadata names keys, so their dates do not matter). Raises :class:`SignatureRefused`.
    """
    _check_shape(element)
    for certificate in certificates:
        try:
            signed = _verify(element, certificate)
        except (SignXMLException, InvalidSignature, UnsupportedAlgorithm, etree.LxmlError, ValueError, TypeError, AttributeError):
            continue
        # What comes back is the element that the reference names: it has to be the one we were given.
        if signed is None or signed.tag != element.tag or signed.get("ID") != element.get("ID"):
            raise SignatureRefused(detail="it covers something else")
        return signed
    raise SignatureRefused(detail="by none of the app's keys")


def _check_shape(element: Element) -> None:
    signatures = element.findall(f".//{q('ds:Signature')}")
    if len(signatures) != 1 or signatures[0].getparent() is not element:
        raise SignatureRefused(detail="not one signature of the whole")
    references = signatures[0].findall(f"{q('ds:SignedInfo')}/{q('ds:Reference')}")
    named = element.get("ID")
    # §5.4.2: by its ID, always.
    if len(references) != 1 or not named or references[0].get("URI") != f"#{named}":
        raise SignatureRefused(detail="not one reference to the whole")
    # §5.4.4, and nothing that could select a part.
    algorithms = [one.get("Algorithm") for one in references[0].iter(q("ds:Transform"))]
    if not algorithms or any(one not in _TRANSFORMS for one in algorithms) or names.ENVELOPED not in algorithms:
        raise SignatureRefused(detail="other transforms than SAML has")
    if signatures[0].find(q("ds:Object")) is not None:
        raise SignatureRefused(detail="an object in the signature")


def _verify(element: Element, certificate: str) -> Element | None:
    loaded = x509.load_der_x509_certificate(base64.b64decode(certificate))
    rsa_key(loaded)
    inside = loaded.not_valid_before_utc + timedelta(seconds=1)
    expected = SignatureConfiguration(
        location="./",
        expect_references=1,
        signature_methods=_METHODS,
        digest_algorithms=_DIGESTS,
        ignore_ambiguous_key_info=True,
        verification_time=inside,
    )
    result = XMLVerifier().verify(xml.serialise(element), x509_cert=loaded, id_attribute="ID", expect_config=expected)
    assert not isinstance(result, list)  # noqa: S101 - one reference, one result
    return result.signed_xml


def verify_query(signed: bytes, algorithm: str, value: str, certificates: Sequence[str]) -> None:
    """The signature of the redirect binding (SAML Bindings §3.4.4.1) over the octets ``signed``, as they came.

    Raises :class:`SignatureRefused`.
    """
    method = _QUERY_METHODS.get(algorithm)
    if method is None:
        raise SignatureRefused(detail="another algorithm")
    try:
        raw = base64.b64decode(_SPACE.sub("", value), validate=True)
    except ValueError:
        raise SignatureRefused(detail="not base64") from None
    for certificate in certificates:
        try:
            key = rsa_key(x509.load_der_x509_certificate(base64.b64decode(certificate)))
            key.verify(raw, signed, PKCS1v15(), method())
        except (InvalidSignature, SignatureRefused, ValueError):
            continue
        return
    raise SignatureRefused(detail="by none of the app's keys")


def rsa_key(certificate: x509.Certificate) -> RSAPublicKey:
    """The key of a certificate. Raises :class:`SignatureRefused` for another kind, or one too short."""
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey) or key.key_size < MIN_RSA_BITS:
        raise SignatureRefused(detail="not an RSA key of 2048 bits")
    return key
