"""JSON Web Signature, compact serialisation (RFC 7515 §7.1)."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from idp.crypto import base64url
from idp.crypto.errors import CryptoError, InvalidToken
from idp.crypto.jose.algorithms import ALIASES, algorithm
from idp.crypto.jose.keyset import KeySet
from idp.crypto.jose.signer import Signer
from idp.crypto.jose.strict_json import read_object

MAX_TOKEN_CHARACTERS = 16384


@dataclass(frozen=True)
class VerifiedToken:
    """Signature checked; what the payload claims is not."""

    header: Mapping[str, Any]
    payload: bytes


def sign(payload: bytes, signer: Signer, *, typ: str, headers: Mapping[str, object] | None = None) -> str:
    """The token ``header.payload.signature``; the header names algorithm, key and ``typ``."""
    header = {"alg": signer.alg, "kid": signer.kid, "typ": typ, **(headers or {})}
    head = base64url.encode(json.dumps(header, separators=(",", ":")).encode())
    signing_input = f"{head}.{base64url.encode(payload)}"
    return f"{signing_input}.{base64url.encode(signer.sign(signing_input.encode()))}"


def verify(token: str, keys: KeySet, *, algorithms: Collection[str], typ: str | None = None) -> VerifiedToken:
    """The token's header and payload, if one of ``keys`` signed it by one of ``algorithms``.

    Raises :class:`InvalidToken`, whose ``detail`` says why. Keys come from ``keys`` only: ``jku``, ``jwk`` and ``x5c`` in the
    token are not looked at. ``typ``, where given, must be the token's (RFC 8725 §3.11), compared without regard to case and to
    a leading ``application/``.
    """
    try:
        return _verify(token, keys, algorithms, typ)
    except InvalidToken:
        raise
    except CryptoError as error:
        raise InvalidToken(detail=str(error)) from None


def _verify(token: str, keys: KeySet, algorithms: Collection[str], typ: str | None) -> VerifiedToken:
    parts = token.split(".") if len(token) <= MAX_TOKEN_CHARACTERS else []
    if len(parts) != 3:
        raise InvalidToken(detail="not three parts, or too long")
    header = read_object(base64url.decode(parts[0]))
    payload, signature = base64url.decode(parts[1]), base64url.decode(parts[2])
    name = _check_header(header, algorithms, typ)
    model = algorithm(name)
    signing_input = f"{parts[0]}.{parts[1]}".encode()
    for candidate in keys.candidates(header.get("kid"), name):
        model.check_key(candidate.key)
        if model.verify(signing_input, signature, candidate.key):
            return VerifiedToken(header, payload)
    raise InvalidToken(detail="no key of the set signed it")


def _check_header(header: Mapping[str, Any], algorithms: Collection[str], typ: str | None) -> str:
    """The algorithm's own name. RFC 8725 §3.1: it is among those that the caller expects, whatever the token says."""
    alg, kid = header.get("alg"), header.get("kid")
    name = ALIASES.get(alg, alg) if isinstance(alg, str) else None
    if name is None or name not in algorithms:
        raise InvalidToken(detail="the algorithm is not one that is expected here")
    # RFC 7515 §4.1.11: what must be understood and is not must be refused; we understand no extension.
    if "crit" in header or "b64" in header:
        raise InvalidToken(detail="crit")
    if not isinstance(kid, str | None):
        raise InvalidToken(detail="kid is not a string")
    if typ is not None and _media_type(header.get("typ")) != _media_type(typ):
        raise InvalidToken(detail="typ")
    return name


def _media_type(typ: object) -> str | None:
    return typ.lower().removeprefix("application/") if isinstance(typ, str) else None
