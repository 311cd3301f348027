"""Verifying what an app has signed, by the keys it registered or by those at its ``jwks_uri``."""

from collections.abc import Collection
from typing import Any

from idp.crypto.errors import CryptoError, InvalidKey
from idp.crypto.jose import KeySet, jwt
from idp.crypto.jose.jwt import SignedClaims
from idp.oidc.clients.client import Client
from idp.oidc.clients.rules import FAPI2_ALGORITHMS
from idp.oidc.provider import Provider


def has_keys(client: Client) -> bool:
    """Whether there is anything to verify with."""
    return client.metadata.jwks is not None or client.metadata.jwks_uri is not None


def document(provider: Provider, client: Client, *, again: bool = False) -> dict[str, Any]:
    """The client's JWK set. May fetch: never called while a transaction is open. Raises ``CryptoError``."""
    if client.metadata.jwks is not None:
        return client.metadata.jwks
    if client.metadata.jwks_uri is not None:
        return provider.remote_keys.get(client.metadata.jwks_uri, again=again)
    raise InvalidKey(detail=f"{client.id} has no keys")


def decode(provider: Provider, client: Client, token: str, *, algorithms: Collection[str], only: str | None = None) -> SignedClaims:
    """The claims of a token that the client has signed, with ``only`` that algorithm where it registered one.

    OpenID Connect Core 1.0 §10.1.1: a key that is not known may be new, so the keys at an address are fetched once more. Raises
    ``CryptoError``.
    """
    allowed = algorithms if only is None else (only,)
    if client.policy.profile == "fapi2":
        allowed = tuple(name for name in allowed if name in FAPI2_ALGORITHMS)
    try:
        return jwt.decode(token, KeySet.from_document(document(provider, client)), algorithms=allowed)
    except CryptoError:
        if client.metadata.jwks_uri is None:
            raise
        return jwt.decode(token, KeySet.from_document(document(provider, client, again=True)), algorithms=allowed)
