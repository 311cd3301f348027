"""Keys on their way into a row and out of it: always sealed, bound to their id and purpose."""

import base64
import json
import secrets
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from joserfc.jwk import RSAKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.crypto.devices.signer import SdfSigner
from idp.crypto.envelope import Envelope
from idp.crypto.jose import SoftwareSigner, generate_signer
from idp.keys.errors import MasterKeyChanged
from idp.keys.signers import sealed_form
from idp.keys.states import SAML_ALGORITHM, Purpose
from idp.keys.tables import Key

SAML_RSA_BITS = 3072
# What counts in SAML is the key in the metadata, not the certificate around it; it has to outlive whatever key it names.
_CERTIFICATE_YEARS = 20
# SM4 keys are of 16 bytes; every other secret is a 32-byte HMAC-SM3 key.
SEALING = (Purpose.SEAL, Purpose.AUTHORITY)


def new_token_key(master: Envelope, algorithm: str, now: datetime) -> Key:
    """A fresh signing key for ``algorithm``, published but not yet in use; one for SAML with a certificate in its ``x5c``."""
    signer, certificate = _saml_signer(now) if algorithm == SAML_ALGORITHM else (generate_signer(algorithm), None)
    key = Key(kid=signer.kid, purpose=Purpose.TOKEN.value, algorithm=algorithm, created_at=now)
    key.public_jwk = dict(signer.public_jwk()) | ({"x5c": [certificate]} if certificate else {})
    key.sealed = master.seal(json.dumps(signer.private_jwk()).encode(), context=_context(key))
    return key


def device_token_key(master: Envelope, signer: SdfSigner, now: datetime) -> Key:
    """A signing key that lives in a device, published but not yet in use. What is sealed says where it is."""
    key = Key(kid=signer.kid, purpose=Purpose.TOKEN.value, algorithm=signer.alg, created_at=now)
    key.public_jwk = signer.public_jwk()
    key.sealed = master.seal(json.dumps(sealed_form(signer)).encode(), context=_context(key))
    return key


def new_secret(master: Envelope, purpose: Purpose, now: datetime) -> Key:
    """A fresh secret for ``purpose``, in use from now on."""
    kid = f"{purpose.value}-{secrets.token_hex(6)}"
    key = Key(kid=kid, purpose=purpose.value, algorithm="SM4" if purpose in SEALING else "HMAC-SM3")
    key.created_at = key.activated_at = now
    key.sealed = master.seal(secrets.token_bytes(16 if purpose in SEALING else 32), context=_context(key))
    return key


def open_private_jwk(master: Envelope, key: Key) -> dict[str, object]:
    """The private JWK of a token key; of one in a device the public JWK, which says where the other half is.

    Raises a ``CryptoError`` when the master key is another one.
    """
    jwk: dict[str, object] = json.loads(master.open(key.sealed, context=_context(key)))
    return jwk


def open_secret(master: Envelope, key: Key) -> bytes:
    """The bytes of a secret. Raises a ``CryptoError`` when the master key is another one."""
    return master.open(key.sealed, context=_context(key))


def check_master(session: Session, key: Key) -> None:
    """Raises :class:`MasterKeyChanged` for a key that was sealed before the master key changed. Held by the lock of the journal, it
    is true until the transaction ends.
    """
    other = session.scalar(select(Key.sealed).where(Key.kid != key.kid).limit(1))
    if other is not None and key.sealed.split(".")[1] != other.split(".")[1]:
        raise MasterKeyChanged


def sealed_anew(before: Envelope, after: Envelope, key: Key) -> str:
    """What ``before`` has sealed of ``key``, under ``after``. Raises a ``CryptoError`` where that is another master key."""
    context = _context(key)
    return after.seal(before.open(key.sealed, context=context), context=context)


def _saml_signer(now: datetime) -> tuple[SoftwareSigner, str]:
    """A key and its self-signed certificate, DER in base64 (RFC 7517 §4.7)."""
    key = RSAKey.generate_key(SAML_RSA_BITS)
    assert key.private_key is not None  # noqa: S101 - it was made just now
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Yima SAML signing")])
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * _CERTIFICATE_YEARS))
        .sign(key.private_key, hashes.SHA256())
    )
    return SoftwareSigner("RS256", key), base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


def _context(key: Key) -> bytes:
    return f"key:{key.purpose}:{key.kid}".encode()
