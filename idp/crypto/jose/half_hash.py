"""``at_hash`` and ``c_hash``: binding a token to a code or to another token."""

from hashlib import sha256

from idp.crypto import base64url, sm3
from idp.crypto.jose.algorithms import ALIASES, SM2_ALGORITHM


def half_hash(alg: str, value: str) -> str:
    """OpenID Connect Core 1.0 §3.1.3.6: the left half of the digest, by the hash of the ID token's ``alg``, in base64url.

    For SGD_SM3_SM2 the hash is SM3, else SHA-256.
    """
    data = value.encode("ascii")
    digest = sm3.digest(data) if ALIASES.get(alg, alg) == SM2_ALGORITHM else sha256(data).digest()
    return base64url.encode(digest[:16])
