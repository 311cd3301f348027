"""The checks of an ID token, in the order of OpenID Connect Core 1.0 §3.1.3.7, and of UserInfo (§5.3.2)."""

import hmac
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from idp.crypto.errors import InvalidToken
from idp.crypto.jose import KeySet, jwt
from idp.crypto.jose.half_hash import half_hash

SKEW_SECONDS = 60
OLDEST_SECONDS = 600
"""Our policy (§3.1.3.7 step 10 leaves it open): an ID token that comes from the token endpoint was made just now."""


@dataclass(frozen=True)
class Expected:
    """What the token must say. ``since`` is the moment (seconds) before which a sign-in is too old, where that was asked for."""

    issuer: str
    client_id: str
    algorithms: Collection[str]
    nonce: str = field(repr=False)
    now: datetime
    since: int | None = None


def verify(token: str, keys: Callable[[bool], KeySet], expected: Expected, access_token: str | None) -> Mapping[str, Any]:
    """The claims. ``keys`` gives the provider's, newer ones where asked. Raises :class:`InvalidToken`, whose detail says why."""
    try:
        decoded = jwt.decode(token, keys(False), algorithms=expected.algorithms)
    except InvalidToken:
        # OpenID Connect Core 1.0 §10.1.1: the provider may have changed its keys.
        decoded = jwt.decode(token, keys(True), algorithms=expected.algorithms)
    claims = decoded.claims
    for check in (_check_whose, _check_times, _check_nonce, _check_fresh):
        check(claims, expected)
    if "at_hash" in claims and access_token is not None:
        # §3.1.3.8: where it is there, it binds the access token to this answer.
        wanted = half_hash(str(decoded.header["alg"]), access_token)
        if not _same(claims["at_hash"], wanted):
            raise InvalidToken(detail="at_hash")
    return claims


def check_userinfo(claims: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    """§5.3.2: the same subject, or the answer is of no use. Raises :class:`InvalidToken`."""
    if not _same(told.get("sub"), str(claims["sub"])):
        raise InvalidToken(detail="UserInfo is another subject's")


def _check_whose(claims: Mapping[str, Any], expected: Expected) -> None:
    audience, azp, sub = claims.get("aud"), claims.get("azp"), claims.get("sub")
    if claims.get("iss") != expected.issuer:
        raise InvalidToken(detail="iss")
    audiences = audience if isinstance(audience, list) else [audience]
    if expected.client_id not in audiences:
        raise InvalidToken(detail="aud")
    # Steps 3 to 5: with others beside us, or where it is named, the authorized party is us.
    if (len(audiences) > 1 or azp is not None) and azp != expected.client_id:
        raise InvalidToken(detail="azp")
    if not isinstance(sub, str) or not 0 < len(sub) <= 255 or not sub.isascii():
        raise InvalidToken(detail="sub")


def _check_times(claims: Mapping[str, Any], expected: Expected) -> None:
    now = expected.now.timestamp()
    expires, issued, begins = (_seconds(claims, name) for name in ("exp", "iat", "nbf"))
    if expires is None or expires + SKEW_SECONDS <= now:
        raise InvalidToken(detail="exp")
    if issued is None or not now - OLDEST_SECONDS <= issued <= now + SKEW_SECONDS:
        raise InvalidToken(detail="iat")
    if begins is not None and begins > now + SKEW_SECONDS:
        raise InvalidToken(detail="nbf")


def _check_nonce(claims: Mapping[str, Any], expected: Expected) -> None:
    if not _same(claims.get("nonce"), expected.nonce):
        raise InvalidToken(detail="nonce")


def _check_fresh(claims: Mapping[str, Any], expected: Expected) -> None:
    # Step 13: what max_age asked for is for us to check.
    if expected.since is not None:
        authenticated = _seconds(claims, "auth_time")
        if authenticated is None or authenticated + SKEW_SECONDS < expected.since:
            raise InvalidToken(detail="auth_time")


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidToken(detail=name)
    return float(value)


def _same(told: object, wanted: str) -> bool:
    return isinstance(told, str) and hmac.compare_digest(told.encode("utf-8", "replace"), wanted.encode())
