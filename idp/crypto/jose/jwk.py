"""Reading one JSON Web Key (RFC 7517), and its thumbprint."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from idp.crypto import base64url, sm3
from idp.crypto.errors import CryptoError, InvalidKey, UnsupportedAlgorithm
from idp.crypto.jose.algorithms import ALIASES, SM2_ALGORITHM
from idp.crypto.jose.sm2_key import CURVE_NAMES, SM2Key

MIN_RSA_BITS = 2048
MAX_RSA_BITS = 8192  # larger ones only cost time

# RFC 7638 §3.2: the members that make a key what it is.
_REQUIRED = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}


@dataclass(frozen=True)
class PublicJwk:
    """A key that verifies. ``algorithms`` are those it may verify with, by its type and its own ``alg``."""

    kid: str | None
    algorithms: tuple[str, ...]
    key: Any


def read_public(jwk: Mapping[str, Any]) -> PublicJwk:
    """Reads a public key for signatures.

    Raises :class:`InvalidKey` or :class:`UnsupportedAlgorithm`: another type, curve or use, an RSA key that is too short, and
    a key with its private half, which whoever published it must replace.
    """
    if "d" in jwk or "k" in jwk:
        raise InvalidKey(detail="a private or symmetric key among public ones")
    if jwk.get("use", "sig") != "sig" or "verify" not in jwk.get("key_ops", ("verify",)):
        raise UnsupportedAlgorithm(algorithm="a key that is not for signatures")
    key, possible = _read(jwk)
    alg, kid = jwk.get("alg"), jwk.get("kid")
    if not isinstance(kid, str | None):
        raise InvalidKey
    if alg is not None:
        possible = tuple(name for name in possible if name == ALIASES.get(str(alg), alg))
        if not possible:
            raise UnsupportedAlgorithm(algorithm=str(alg)[:32])
    return PublicJwk(kid, possible, key)


def thumbprint(jwk: Mapping[str, Any], hash_name: str = "sha256") -> str:
    """The RFC 7638 thumbprint by ``sha256`` or ``sm3``, in base64url: 43 characters."""
    required = _REQUIRED.get(str(jwk.get("kty")))
    if required is None or any(name not in jwk for name in required):
        raise InvalidKey
    text = json.dumps({name: jwk[name] for name in required}, separators=(",", ":"), sort_keys=True).encode()
    if hash_name == "sm3":
        return base64url.encode(sm3.digest(text))
    return base64url.encode(sha256(text).digest())


def _read(jwk: Mapping[str, Any]) -> tuple[Any, tuple[str, ...]]:
    kty, crv = jwk.get("kty"), jwk.get("crv")
    try:
        if kty == "EC" and crv in CURVE_NAMES:
            return SM2Key.from_jwk(jwk), (SM2_ALGORITHM,)
        if kty == "EC" and crv == "P-256":
            ec = ECKey.import_key(dict(jwk))
            return ec, ("ES256",)
        if kty == "RSA":
            bits = int.from_bytes(base64url.decode(jwk["n"]), "big").bit_length()
            if not MIN_RSA_BITS <= bits <= MAX_RSA_BITS:
                raise InvalidKey(detail=f"{bits} bits")
            return RSAKey.import_key(dict(jwk)), ("RS256", "PS256")
    except CryptoError:
        raise
    # joserfc passes on whatever its libraries raise for a malformed number.
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise InvalidKey(detail=type(error).__name__) from None
    raise UnsupportedAlgorithm(algorithm=f"{str(kty)[:16]} {str(crv)[:16]}")
