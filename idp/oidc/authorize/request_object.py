"""Request objects by value (RFC 9101, OpenID Connect Core 1.0 §6.1): the request, signed by the app."""

import json
from collections.abc import Mapping
from datetime import timedelta

from idp.crypto.errors import CryptoError
from idp.crypto.jose import KeySet, jwt
from idp.oidc.clients import Client
from idp.oidc.errors import InvalidRequestObject
from idp.oidc.issuer import Issuer
from idp.oidc.parameters import MAX_CHARACTERS
from idp.oidc.provider import Provider

ALGORITHMS = ("RS256", "PS256", "ES256", "SGD_SM3_SM2")
LEEWAY = timedelta(seconds=30)

# RFC 9101 §4: what describes the object itself is no parameter; §6.3: an object within an object is refused.
_ABOUT_ITSELF = {"iss", "aud", "exp", "nbf", "iat", "jti", "sub"}


def opened(provider: Provider, issuer: Issuer, client: Client, parameters: Mapping[str, str]) -> dict[str, str]:
    """``parameters``, or those of the request object in them. Raises :class:`InvalidRequestObject`.

    RFC 9101 §5, §6.3: what stands outside of the object is not used; the client is the same on both sides.
    """
    text = parameters.get("request")
    if text is None:
        return dict(parameters)
    if client.jwks is None:
        raise InvalidRequestObject(detail=f"{client.id} has no keys")
    try:
        decoded = jwt.decode(text, KeySet.from_document(client.jwks), algorithms=ALGORITHMS)
    except CryptoError as error:
        raise InvalidRequestObject(detail=str(error)) from None
    claims = decoded.claims
    _check_about_itself(provider, issuer, client, claims)
    found = {name: _text(value) for name, value in claims.items() if name not in _ABOUT_ITSELF}
    if "request" in found or "request_uri" in found or found.get("client_id", client.id) != client.id:
        raise InvalidRequestObject(detail="an object in an object, or another client's")
    return found | {"client_id": client.id}


def _check_about_itself(provider: Provider, issuer: Issuer, client: Client, claims: Mapping[str, object]) -> None:
    if claims.get("iss", client.id) != client.id:
        raise InvalidRequestObject(detail="iss is not the client")
    audience = claims.get("aud", issuer.url)
    if issuer.url not in (audience if isinstance(audience, list) else [audience]):
        raise InvalidRequestObject(detail="aud is not this issuer")
    now = provider.deployment.clock.now().timestamp()
    until, since = claims.get("exp", now), claims.get("nbf", now)
    if not isinstance(until, int | float) or not isinstance(since, int | float):
        raise InvalidRequestObject(detail="exp or nbf is not a time")
    if not since - LEEWAY.seconds <= now < until + LEEWAY.seconds:
        raise InvalidRequestObject(detail="not valid now")


def _text(value: object) -> str:
    """A parameter as a query would have it: JSON where it is not a string."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) > MAX_CHARACTERS or any(ord(c) < 32 for c in text):
        raise InvalidRequestObject(detail="a value that no parameter can have")
    return text
