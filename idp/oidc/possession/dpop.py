"""Demonstrating proof of possession (RFC 9449): a token that is worth nothing without the key it was made for."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from idp.crypto import base64url, sm3
from idp.crypto.errors import CryptoError
from idp.crypto.jose import KeySet, jwt
from idp.crypto.jose.jwk import thumbprint
from idp.crypto.jose.strict_json import read_object
from idp.oidc.errors import InvalidDpopProof, UseDpopNonce
from idp.oidc.provider import Provider
from idp.oidc.tables import DpopProof
from idp.oidc.token_hash import digest
from idp.web.machine import MachineRequest

ALGORITHMS = ("ES256", "PS256", "RS256", "SGD_SM3_SM2")
AROUND_NOW = timedelta(seconds=60)
NONCE_SECONDS = 300
_JTI = re.compile(r"[\x21-\x7e]{1,255}\Z")


def check_proof(provider: Provider, request: MachineRequest, url: str, access_token: str | None = None) -> str | None:
    """The thumbprint of the key that the request proves to have (§4.3); ``None`` where it sends no proof.

    ``url`` is this endpoint's address without query; at the name for certificates (``mtls_url``) it counts too. Raises
    :class:`InvalidDpopProof`, or :class:`UseDpopNonce` where the setting asks for a nonce of ours and the proof has none that is
    fresh.
    """
    if not request.dpop:
        return None
    try:
        header = read_object(base64url.decode(request.dpop.partition(".")[0]))
        # Whatever the header calls the key, it is the one in the header.
        jwk = _object(header.get("jwk")) | ({"kid": header["kid"]} if "kid" in header else {})
        claims = jwt.decode(request.dpop, KeySet([jwk]), algorithms=ALGORITHMS, typ="dpop+jwt").claims
        key = thumbprint(jwk)
    except CryptoError as error:
        raise InvalidDpopProof(detail=str(error)) from None
    _check_claims(provider, claims, request.method, url, access_token)
    return key


def nonce(provider: Provider, now: datetime) -> str:
    """A nonce for the present five minutes: nothing has to be remembered (§8)."""
    return _nonce(provider.deployment.ring.current().web_secrets[0], int(now.timestamp()) // NONCE_SECONDS)


def _check_claims(provider: Provider, claims: Mapping[str, Any], method: str, url: str, access_token: str | None) -> None:
    here = provider.deployment
    now = here.clock.now()
    addresses = {url, url.replace(here.settings.public_url, here.settings.mtls_url, 1)} if here.settings.mtls_url else {url}
    if claims.get("htm") != method or str(claims.get("htu", "")).partition("?")[0].partition("#")[0] not in addresses:
        raise InvalidDpopProof(detail="for another method or address")
    if access_token is not None and claims.get("ath") != base64url.encode(sha256(access_token.encode("ascii", "replace")).digest()):
        raise InvalidDpopProof(detail="for another token")
    made, jti = claims.get("iat"), claims.get("jti")
    if not isinstance(made, int | float) or not isinstance(jti, str) or not _JTI.match(jti):
        raise InvalidDpopProof(detail="a proof needs iat and jti")
    if abs(made - now.timestamp()) > AROUND_NOW.total_seconds():
        raise InvalidDpopProof(detail="too old, or from the future")
    if here.settings.dpop_nonces:
        slot = int(now.timestamp()) // NONCE_SECONDS
        given = str(claims.get("nonce", ""))
        good = (_nonce(key, each) for key in provider.deployment.ring.current().web_secrets for each in (slot, slot - 1))
        if not any(compare_digest(given.encode(), nonce.encode()) for nonce in good):
            raise UseDpopNonce
    _spend(provider, jti, datetime.fromtimestamp(made, UTC) + 2 * AROUND_NOW)


def _spend(provider: Provider, jti: str, until: datetime) -> None:
    """§11.1: a proof works once."""
    try:
        with provider.deployment.database.engine.begin() as connection:
            connection.execute(insert(DpopProof).values(id=digest(f"dpop\x00{jti}"), expires_at=until))
    except IntegrityError:
        raise InvalidDpopProof(detail="used twice") from None


def _nonce(key: bytes, slot: int) -> str:
    return base64url.encode(sm3.hmac(key, f"dpop nonce {slot}".encode())[:18])


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidDpopProof(detail="no key in the proof")
    return value
