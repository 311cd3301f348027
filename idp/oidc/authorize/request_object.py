"""Request objects (RFC 9101, OpenID Connect Core 1.0 §6): the request, signed by the app, as a parameter or at its address."""

import json
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256

from idp.crypto import base64url
from idp.crypto.errors import CryptoError
from idp.i18n import N_
from idp.oidc.clients import keys
from idp.oidc.clients.client import Client
from idp.oidc.clients.rules import VERIFIABLE
from idp.oidc.errors import InvalidRequest, InvalidRequestObject, InvalidRequestUri
from idp.oidc.issuer import Issuer
from idp.oidc.parameters import MAX_CHARACTERS
from idp.oidc.provider import Provider
from idp.outgoing import FetchFailed

LEEWAY = timedelta(seconds=30)

# RFC 9101 §4: what describes the object itself is no parameter; §6.3: an object within an object is refused.
_ABOUT_ITSELF = {"iss", "aud", "exp", "nbf", "iat", "jti", "sub"}


def opened(provider: Provider, issuer: Issuer, client: Client, parameters: Mapping[str, str]) -> dict[str, str]:
    """``parameters``, or those of the request object in them. May fetch: never called while a transaction is open.

    RFC 9101 §5, §6.3: what stands outside of the object is not used; the client is the same on both sides. Raises
    :class:`InvalidRequestObject`, :class:`InvalidRequestUri`, or :class:`InvalidRequest`.
    """
    text, uri = parameters.get("request"), parameters.get("request_uri")
    if text is not None and uri is not None:
        raise InvalidRequest(detail="request and request_uri")  # RFC 9101 §5
    if uri is not None:
        text = _fetched(provider, client, uri)
    if text is None:
        if client.metadata.require_signed_request_object:
            raise InvalidRequest(N_("This app signs its requests (JAR)."))  # RFC 9101 §10.5
        return dict(parameters)
    if not keys.has_keys(client):
        raise InvalidRequestObject(detail=f"{client.id} has no keys")
    try:
        decoded = keys.decode(provider, client, text, algorithms=VERIFIABLE, only=client.metadata.request_object_signing_alg)
    except CryptoError as error:
        raise InvalidRequestObject(detail=str(error)) from None
    claims = decoded.claims
    _check_about_itself(provider, issuer, client, claims)
    found = {name: _text(value) for name, value in claims.items() if name not in _ABOUT_ITSELF}
    if "request" in found or "request_uri" in found or found.get("client_id", client.id) != client.id:
        raise InvalidRequestObject(detail="an object in an object, or another client's")
    return found | {"client_id": client.id}


def _fetched(provider: Provider, client: Client, uri: str) -> str:
    """The object at its address (OpenID Connect Core 1.0 §6.2): one that the app has registered, so that we fetch no stranger's."""
    address, _, given = uri.partition("#")
    if uri not in client.metadata.request_uris and address not in client.metadata.request_uris:
        raise InvalidRequestUri(detail=f"{client.id} has not registered {uri[:200]!r}")
    try:
        answer = provider.outgoing.get(address)
    except FetchFailed as error:
        raise InvalidRequestUri(detail=error.detail) from None
    if answer.status != 200 or len(answer.body) > MAX_CHARACTERS:
        raise InvalidRequestUri(detail=f"status {answer.status}, {len(answer.body)} bytes")
    # §6.2: the fragment, where it is one, is the SHA-256 of what lies there.
    if given and given != base64url.encode(sha256(answer.body).digest()):
        raise InvalidRequestUri(detail="the digest in the fragment is another one's")
    return answer.body.decode("ascii", "replace").strip()


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
