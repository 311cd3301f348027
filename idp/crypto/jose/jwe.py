"""JSON Web Encryption, compact serialisation (RFC 7516 §7.1): to a reader's public key.

joserfc computes RSA-OAEP-256 and ECDH-ES with AES; SGD_SM2_3 (GM/T 0125.1) with SGD_SM4_GCM is ours: a fresh SM4 key, encrypted by
SM2 as a GM/T 0009 ciphertext, and SM4-GCM over the content with the protected header as additional data. Reading is the reader's
matter.
"""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from idp.crypto import base64url, sm2, sm4
from idp.crypto.errors import CryptoError, InvalidKey
from idp.crypto.jose.jwk import MAX_RSA_BITS, MIN_RSA_BITS
from idp.crypto.jose.sm2_key import CURVE_NAMES, SM2Key

SM2_ENCRYPTION = "SGD_SM2_3"
SM4_GCM = "SGD_SM4_GCM"

# Which content encryption goes with which key encryption; the first is the default.
INTERNATIONAL_CONTENT = ("A128CBC-HS256", "A256GCM")
CONTENT = {"RSA-OAEP-256": INTERNATIONAL_CONTENT, "ECDH-ES": INTERNATIONAL_CONTENT, SM2_ENCRYPTION: (SM4_GCM,)}


def find_key(document: object, alg: str) -> Mapping[str, Any]:
    """The first key of a JWK set that ``alg`` can encrypt to: its type, curve, ``use``, ``key_ops`` and ``alg`` allow it.

    Raises :class:`InvalidKey` where there is none.
    """
    keys = document.get("keys") if isinstance(document, dict) else None
    for jwk in keys if isinstance(keys, list) else []:
        if isinstance(jwk, dict) and _fits(jwk, alg):
            return jwk
    raise InvalidKey(detail=f"no key for {alg}")


def encrypt(plaintext: bytes, jwk: Mapping[str, Any], *, alg: str, enc: str, cty: str | None) -> str:
    """The token; ``cty`` is ``JWT`` where the content is one (RFC 7519 §5.2). Raises :class:`InvalidKey` for a broken key."""
    header: dict[str, Any] = {"alg": alg, "enc": enc}
    if isinstance(jwk.get("kid"), str):
        header["kid"] = jwk["kid"]
    if cty is not None:
        header["cty"] = cty
    if alg == SM2_ENCRYPTION:
        return _by_sm2(plaintext, jwk, header)
    try:
        key = (RSAKey if alg.startswith("RSA") else ECKey).import_key({**jwk, "use": "enc"})
        return jwe.encrypt_compact(header, plaintext, key, algorithms=[alg, enc])
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise InvalidKey(detail=type(error).__name__) from None


def _by_sm2(plaintext: bytes, jwk: Mapping[str, Any], header: Mapping[str, Any]) -> str:
    content_key, nonce = secrets.token_bytes(sm4.KEY_BYTES), secrets.token_bytes(sm4.NONCE_BYTES)
    head = base64url.encode(json.dumps(header, separators=(",", ":")).encode())
    sealed = sm4.gcm_encrypt(content_key, nonce, plaintext, head.encode())
    key = sm2.encrypt(SM2Key.from_jwk(jwk).public_key, content_key)
    parts = (key, nonce, sealed[: -sm4.TAG_BYTES], sealed[-sm4.TAG_BYTES :])
    return ".".join((head, *map(base64url.encode, parts)))


def _fits(jwk: Mapping[str, Any], alg: str) -> bool:
    if "d" in jwk or jwk.get("use", "enc") != "enc" or jwk.get("alg", alg) != alg:
        return False
    kty, crv = jwk.get("kty"), jwk.get("crv")
    try:
        if alg == SM2_ENCRYPTION:
            return kty == "EC" and crv in CURVE_NAMES and SM2Key.from_jwk(jwk) is not None
        if alg == "ECDH-ES":
            return kty == "EC" and crv in ("P-256", "P-384", "P-521")
        bits = int.from_bytes(base64url.decode(jwk["n"]), "big").bit_length() if kty == "RSA" else 0
    except (CryptoError, KeyError, TypeError):
        return False
    return MIN_RSA_BITS <= bits <= MAX_RSA_BITS
