"""An authenticator in software, built on another library (fido2) than the one that verifies, and a browser's part around it.

Every field that an attacker could change can be changed here.
"""

import json
import secrets
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from fido2 import cbor
from fido2.cose import ES256, ES384, RS256, CoseKey, EdDSA
from fido2.utils import websafe_decode, websafe_encode

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass
class Authenticator:
    """One passkey, and who holds it. ``flags`` are those it sets, ``step`` is what its counter grows by with each use."""

    rp_id: str = "localhost"
    origin: str = "http://localhost:8000"
    key: PrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    user_handle: bytes | None = None
    sign_count: int = 0
    step: int = 1
    flags: int = UP | UV
    fmt: str = "none"

    def copy(self, **changes: Any) -> "Authenticator":
        """The same key in another device."""
        return replace(self, **changes)

    def cose_key(self) -> CoseKey:
        public = self.key.public_key()
        if isinstance(public, ed25519.Ed25519PublicKey):
            return EdDSA.from_cryptography_key(public)
        if isinstance(public, rsa.RSAPublicKey):
            return RS256.from_cryptography_key(public)
        return (ES256 if public.curve.name == "secp256r1" else ES384).from_cryptography_key(public)

    def sign(self, message: bytes) -> bytes:
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return self.key.sign(message)
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(message, ec.ECDSA(hashes.SHA256()))

    def create(self, options: dict[str, Any], *, public_key: dict[int, Any] | None = None, **client_data: Any) -> dict[str, Any]:
        """What ``credentials.create()`` gives a page for these options, as JSON."""
        self.user_handle = websafe_decode(options["user"]["id"])
        raw = self.client_data("webauthn.create", options, **client_data)
        key = cbor.encode(dict(self.cose_key()) if public_key is None else public_key)
        attested = b"\0" * 16 + len(self.credential_id).to_bytes(2, "big") + self.credential_id + key
        data = self.authenticator_data(self.flags | AT) + attested
        statement = {"alg": -7, "sig": self.sign(data + sha256(raw).digest())} if self.fmt == "packed" else {}
        attestation = encoded({"fmt": self.fmt, "attStmt": statement, "authData": data})
        response = {"clientDataJSON": websafe_encode(raw), "attestationObject": attestation}
        return self._credential({**response, "transports": ["internal", "hybrid"]})

    def get(self, options: dict[str, Any], **client_data: Any) -> dict[str, Any]:
        """What ``credentials.get()`` gives a page for these options, as JSON."""
        self.sign_count += self.step
        raw = self.client_data("webauthn.get", options, **client_data)
        data = self.authenticator_data(self.flags)
        response = {
            "clientDataJSON": websafe_encode(raw),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(self.sign(data + sha256(raw).digest())),
        }
        if self.user_handle is not None:
            response["userHandle"] = websafe_encode(self.user_handle)
        return self._credential(response)

    def authenticator_data(self, flags: int) -> bytes:
        return sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.sign_count.to_bytes(4, "big")

    def client_data(self, kind: str, options: dict[str, Any], **changes: Any) -> bytes:
        members = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(members | changes).encode()

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        name = websafe_encode(self.credential_id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}


def encoded(value: object) -> str:
    """A value as CBOR in base64url."""
    return websafe_encode(cbor.encode(value))
