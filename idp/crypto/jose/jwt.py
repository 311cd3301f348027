"""JSON Web Token (RFC 7519): a JWS whose payload is an object of claims."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from idp.crypto.errors import InvalidEncoding, InvalidToken
from idp.crypto.jose import jws
from idp.crypto.jose.keyset import KeySet
from idp.crypto.jose.signer import Signer
from idp.crypto.jose.strict_json import read_object


@dataclass(frozen=True)
class SignedClaims:
    """Claims whose signature was checked. Issuer, audience, times and nonce were *not*."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]


def encode(claims: Mapping[str, object], signer: Signer, *, typ: str = "JWT") -> str:
    """The signed token."""
    return jws.sign(json.dumps(claims, ensure_ascii=False, separators=(",", ":")).encode(), signer, typ=typ)


def decode(token: str, keys: KeySet, *, algorithms: Collection[str], typ: str | None = None) -> SignedClaims:
    """The claims of a token that one of ``keys`` signed. Raises :class:`InvalidToken`. Checks no claim."""
    verified = jws.verify(token, keys, algorithms=algorithms, typ=typ)
    try:
        return SignedClaims(verified.header, read_object(verified.payload))
    except InvalidEncoding:
        raise InvalidToken(detail="the payload is not an object of claims") from None
