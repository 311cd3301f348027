"""An SM2 key in JSON: GM/T 0125.4, ``{"kty": "EC", "crv": "SM2", "x": …, "y": …}``."""

from collections.abc import Mapping
from typing import Any

from idp.crypto import base64url, sm2
from idp.crypto.errors import InvalidKey

CURVE = "SM2"
CURVE_NAMES = (CURVE, "SM2-P-256", "sm2p256v1")  # the first is written, all are read


class SM2Key:
    """What joserfc needs of a key: its type and its halves."""

    key_type = "EC"
    curve_name = CURVE

    def __init__(self, public_key: sm2.PublicKey, private_key: sm2.PrivateKey | None = None) -> None:
        self.public_key = public_key
        self.private_key = private_key

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any]) -> "SM2Key":
        """Reads a public or private JWK. Raises a ``CryptoError``: off the curve, wrong length, halves that do not fit."""
        public = sm2.PublicKey(_number(jwk, "x") + _number(jwk, "y"))
        if "d" not in jwk:
            return cls(public)
        private = sm2.PrivateKey(_number(jwk, "d"))
        if private.public_key != public:
            raise InvalidKey
        return cls(public, private)

    def public_jwk(self) -> dict[str, object]:
        """The members of the public half."""
        point = self.public_key.point
        return {"kty": "EC", "crv": CURVE, "x": base64url.encode(point[:32]), "y": base64url.encode(point[32:])}


def _number(jwk: Mapping[str, Any], name: str) -> bytes:
    # RFC 7518 §6.2.1.2: the whole length of the field, leading zeros kept.
    text = jwk.get(name)
    if not isinstance(text, str):
        raise InvalidKey
    data = base64url.decode(text)
    if len(data) != 32:
        raise InvalidKey
    return data
