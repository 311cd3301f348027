"""Opening an ``EncryptedAssertion`` (XML Encryption 1.1): AES-GCM, its key by RSA-OAEP. And making the key that it is for.

Older ciphers are refused: with CBC whoever can see whether an answer is taken reads it bit by bit. What comes out is believed as
little as what comes unencrypted: anybody can encrypt for us.
"""

import base64
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID
from lxml.etree import _Element as Element

from idp.sso.saml import names, xml
from idp.sso.saml.errors import MessageRefused
from idp.sso.saml.names import q

_CONTENT = {names.ENCRYPTION_11 + "aes128-gcm": 16, names.ENCRYPTION_11 + "aes256-gcm": 32}
_NONCE, _TAG = 12, 16
_OAEP = (names.ENCRYPTION + "rsa-oaep-mgf1p", names.ENCRYPTION_11 + "rsa-oaep")
_DIGESTS: dict[str, type[hashes.HashAlgorithm]] = {
    names.SIGNATURE + "sha1": hashes.SHA1,
    names.ENCRYPTION + "sha256": hashes.SHA256,
    names.ENCRYPTION + "sha512": hashes.SHA512,
}
_MASKS: dict[str, type[hashes.HashAlgorithm]] = {
    names.ENCRYPTION_11 + "mgf1sha1": hashes.SHA1,
    names.ENCRYPTION_11 + "mgf1sha256": hashes.SHA256,
    names.ENCRYPTION_11 + "mgf1sha512": hashes.SHA512,
}


def opened(encrypted: Element, key_pem: str) -> Element:
    """The assertion inside, parsed under the rules of every message. Raises :class:`MessageRefused`."""
    private = serialization.load_pem_private_key(key_pem.encode(), None)
    assert isinstance(private, RSAPrivateKey)  # noqa: S101 - we made it
    data = xml.only(encrypted, q("xenc:EncryptedData"))
    # Its key stands in its KeyInfo, or beside it (SAML Core §6.2).
    keys = [*encrypted.iter(q("xenc:EncryptedKey"))]
    if data is None or len(keys) != 1:
        raise MessageRefused(detail="not one encrypted element with one key")
    size = _CONTENT.get(_algorithm(data))
    if size is None:
        raise MessageRefused(detail="another cipher than AES-GCM")
    try:
        content_key = private.decrypt(_cipher(keys[0]), _padding(keys[0]))
        if len(content_key) != size:
            raise MessageRefused(detail="it does not open")
        sealed = _cipher(data)
        if len(sealed) < _NONCE + _TAG:
            raise MessageRefused(detail="it does not open")
        return xml.parse(AESGCM(content_key).decrypt(sealed[:_NONCE], sealed[_NONCE:], None))
    except (ValueError, InvalidTag):
        raise MessageRefused(detail="it does not open") from None


def new_key() -> str:
    """A private key in PEM, to be kept among the secrets of a provider."""
    private = generate_private_key(public_exponent=65537, key_size=3072)
    form = serialization.PrivateFormat.PKCS8
    return private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def certificate(key_pem: str, name: str, now: datetime) -> str:
    """A certificate of the key, DER in base64: metadata carries keys in such, and nothing rests on its dates."""
    private = serialization.load_pem_private_key(key_pem.encode(), None)
    assert isinstance(private, RSAPrivateKey)  # noqa: S101 - we made it
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    made = (
        x509.CertificateBuilder(issuer_name=subject, subject_name=subject, public_key=private.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .sign(private, hashes.SHA256())
    )
    return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()


def _padding(key: Element) -> OAEP:
    method = xml.only(key, q("xenc:EncryptionMethod"))
    algorithm = _algorithm(key)
    if method is None or algorithm not in _OAEP:
        raise MessageRefused(detail="another key transport than RSA-OAEP")
    digest, mask = xml.only(method, q("ds:DigestMethod")), xml.only(method, f"{{{names.ENCRYPTION_11}}}MGF")
    hashed = _DIGESTS.get(digest.get("Algorithm", "")) if digest is not None else hashes.SHA1
    masked = _MASKS.get(mask.get("Algorithm", "")) if mask is not None else hashes.SHA1
    if hashed is None or masked is None:
        raise MessageRefused(detail="another digest of RSA-OAEP")
    return OAEP(MGF1(masked()), hashed(), None)


def _algorithm(element: Element) -> str:
    method = xml.only(element, q("xenc:EncryptionMethod"))
    return method.get("Algorithm", "") if method is not None else ""


def _cipher(element: Element) -> bytes:
    data = xml.only(element, q("xenc:CipherData"))
    value = xml.text_of(xml.only(data, q("xenc:CipherValue"))) if data is not None else None
    return base64.b64decode("".join((value or "").split()), validate=True)
