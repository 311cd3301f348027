"""What we are to an OpenID Provider, and how we prove it at its token endpoint (OpenID Connect Core 1.0 §9)."""

import base64
import json
import secrets
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import quote, quote_plus, urlsplit

from pydantic import Field, field_validator

from idp.crypto.jose import jwt
from idp.crypto.jose.signer import SoftwareSigner
from idp.upstream.kinds import KindSettings, Upstream

Algorithm = Literal["SGD_SM3_SM2", "RS256", "ES256", "PS256"]
ALGORITHMS: tuple[Algorithm, ...] = ("SGD_SM3_SM2", "RS256", "ES256", "PS256")
AUTHENTICATIONS = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
ASSERTION_SECONDS = 60
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SECRET, PRIVATE_KEY = "client_secret", "private_key"

_Short = Annotated[str, Field(min_length=1, max_length=200)]


class OidcSettings(KindSettings):
    """``issuer`` is exactly as its discovery document has it. ``algorithms`` are those of ID tokens that are accepted.

    ``fields`` say where in the ID token or UserInfo something stands; ``parameters`` are sent along to the authorization endpoint.
    """

    issuer: str
    client_id: _Short
    scope: str = "openid profile"
    authentication: Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "none"] = "client_secret_basic"
    algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1)] = ALGORITHMS
    userinfo: bool = True
    acr_values: str = ""
    parameters: dict[_Short, _Short] = Field(default_factory=dict, max_length=10)
    fields: dict[_Short, _Short] = Field(default_factory=dict, max_length=20)

    @field_validator("issuer")
    @classmethod
    def _issuer(cls, value: str) -> str:
        # OpenID Connect Discovery 1.0 §3: a URL without query and fragment. Whether http will do is for the way out to say.
        parts = urlsplit(value)
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment or not value.isascii():
            raise ValueError("issuer")
        return value

    @field_validator("scope")
    @classmethod
    def _scope(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("scope")
        return value


def authenticated(
    upstream: Upstream, token_endpoint: str, form: dict[str, str], now: datetime
) -> tuple[dict[str, str], dict[str, str]]:
    """The form with what proves us in it, and headers that do."""
    settings: OidcSettings = upstream.settings
    client_id, how = settings.client_id, settings.authentication
    if how == "client_secret_basic":
        # RFC 6749 §2.3.1: both are form-encoded before they are joined.
        pair = f"{quote_plus(client_id)}:{quote_plus(upstream.secrets[SECRET])}"
        return form, {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    form = form | {"client_id": client_id}
    if how == "client_secret_post":
        form |= {"client_secret": upstream.secrets[SECRET]}
    elif how == "private_key_jwt":
        form |= {"client_assertion_type": ASSERTION_TYPE, "client_assertion": _assertion(upstream, token_endpoint, now)}
    return form, {}


def signer_of(upstream: Upstream) -> SoftwareSigner:
    """Our key for this provider."""
    return SoftwareSigner.from_private_jwk(json.loads(upstream.secrets[PRIVATE_KEY]))


def _assertion(upstream: Upstream, audience: str, now: datetime) -> str:
    """RFC 7523 §3: for this endpoint, once, for a minute."""
    issued, client_id = int(now.timestamp()), upstream.settings.client_id
    claims: dict[str, object] = {"iss": client_id, "sub": client_id, "aud": audience, "jti": secrets.token_urlsafe(24)}
    return jwt.encode(claims | {"iat": issued, "exp": issued + ASSERTION_SECONDS}, signer_of(upstream))


def with_query(url: str, parameters: dict[str, str]) -> str:
    """The address with these parameters behind those that it has (RFC 6749 §3.1)."""
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in parameters.items())
    return f"{url}{'&' if urlsplit(url).query else '?'}{query}"
