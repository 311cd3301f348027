"""ID tokens: what they say, and reading one of ours again as a hint."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from idp.crypto.errors import InvalidToken
from idp.crypto.jose import KeySet, jwt
from idp.crypto.jose.half_hash import half_hash
from idp.i18n import N_
from idp.keys import KeyRing
from idp.mfa.policy import acr_of, amr_of
from idp.oidc.errors import InvalidRequest
from idp.oidc.issuer import Issuer


@dataclass(frozen=True)
class Subject:
    """Whom a token is about, and how well that was proven."""

    sub: str
    sid: str
    level: int
    methods: tuple[str, ...]
    auth_time: datetime


def make(
    ring: KeyRing,
    issuer: Issuer,
    *,
    client_id: str,
    algorithm: str,
    subject: Subject,
    now: datetime,
    lifetime: int,
    nonce: str | None,
    access_token: str | None = None,
    code: str | None = None,
    claims: Mapping[str, object] | None = None,
) -> str:
    """A signed ID token (OpenID Connect Core 1.0 §2). What travels beside it is bound to it (§3.1.3.6, §3.3.2.11)."""
    issued = int(now.timestamp())
    said: dict[str, object] = {
        **(claims or {}),
        "iss": issuer.url,
        "sub": subject.sub,
        "aud": client_id,
        "exp": issued + lifetime,
        "iat": issued,
        "auth_time": int(subject.auth_time.timestamp()),
        "acr": acr_of(subject.level),
        "amr": list(amr_of(subject.methods)),
        "sid": subject.sid,
    }
    if nonce is not None:
        said["nonce"] = nonce
    for name, value in (("at_hash", access_token), ("c_hash", code)):
        if value is not None:
            said[name] = half_hash(algorithm, value)
    return jwt.encode(said, ring.signer(algorithm, now))


def read_hint(ring: KeyRing, issuer: Issuer, token: str, now: datetime) -> dict[str, Any]:
    """The claims of an ID token of ours, expired or not (RP-Initiated Logout 1.0 §2). Raises :class:`InvalidRequest`.

    Signed by a key that is still published; issued by this issuer.
    """
    try:
        decoded = jwt.decode(token, KeySet(ring.published(issuer.name, now)), algorithms=issuer.algorithms, typ="JWT")
    except InvalidToken as error:
        raise InvalidRequest(N_("The id_token_hint is not a token of ours."), detail=error.detail) from None
    claims: Mapping[str, Any] = decoded.claims
    if claims.get("iss") != issuer.url:
        raise InvalidRequest(N_("The id_token_hint is not a token of ours."))
    return dict(claims)
