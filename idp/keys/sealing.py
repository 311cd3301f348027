"""Keys on their way into a row and out of it: always sealed, bound to their id and purpose."""

import json
import secrets
from datetime import datetime

from idp.crypto.envelope import Envelope
from idp.crypto.jose import generate_signer
from idp.keys.states import Purpose
from idp.keys.tables import Key

SECRET_BYTES = {Purpose.SEAL: 16}  # an SM4 key; every other secret is a 32-byte HMAC-SM3 key


def new_token_key(master: Envelope, algorithm: str, now: datetime) -> Key:
    """A fresh signing key for the JOSE ``algorithm``, published but not yet in use."""
    signer = generate_signer(algorithm)
    key = Key(kid=signer.kid, purpose=Purpose.TOKEN.value, algorithm=algorithm, created_at=now)
    key.public_jwk = dict(signer.public_jwk())
    key.sealed = master.seal(json.dumps(signer.private_jwk()).encode(), context=_context(key))
    return key


def new_secret(master: Envelope, purpose: Purpose, now: datetime) -> Key:
    """A fresh secret for ``purpose``, in use from now on."""
    kid = f"{purpose.value}-{secrets.token_hex(6)}"
    key = Key(kid=kid, purpose=purpose.value, algorithm="SM4" if purpose is Purpose.SEAL else "HMAC-SM3")
    key.created_at = key.activated_at = now
    key.sealed = master.seal(secrets.token_bytes(SECRET_BYTES.get(purpose, 32)), context=_context(key))
    return key


def open_private_jwk(master: Envelope, key: Key) -> dict[str, object]:
    """The private JWK of a token key. Raises a ``CryptoError`` when the master key is another one."""
    jwk: dict[str, object] = json.loads(master.open(key.sealed, context=_context(key)))
    return jwk


def open_secret(master: Envelope, key: Key) -> bytes:
    """The bytes of a secret. Raises a ``CryptoError`` when the master key is another one."""
    return master.open(key.sealed, context=_context(key))


def _context(key: Key) -> bytes:
    return f"key:{key.purpose}:{key.kid}".encode()
