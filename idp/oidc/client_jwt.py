"""JWTs that are made for one client: signed, and then encrypted to its key where it registered for that.

OpenID Connect Core 1.0 §16.14: signed first, so that the signature is under the encryption. Finding the client's key may fetch
it, so nothing here is called while a transaction is open.
"""

import json
from collections.abc import Mapping

from idp.crypto.errors import CryptoError
from idp.crypto.jose import jwe, jwt
from idp.i18n import N_
from idp.oidc.clients import keys
from idp.oidc.clients.client import Client
from idp.oidc.errors import OAuthError
from idp.oidc.provider import Provider


class NoEncryptionKey(OAuthError):
    """The client asked for encryption, and has no key that can be used for it now."""

    error = "invalid_request"
    default_message = N_("The app wants encrypted answers, and no key of its own for that can be found.")


def make(provider: Provider, client: Client, claims: Mapping[str, object], purpose: str, *, typ: str = "JWT") -> str:
    """The claims, signed with ``<purpose>_signed_response_alg`` (without one: as its ID tokens are), and encrypted if wanted."""
    here = provider.deployment
    algorithm = getattr(client.metadata, f"{purpose}_signed_response_alg") or client.id_token_alg
    return encrypted(provider, client, jwt.encode(claims, here.ring.signer(algorithm, here.clock.now()), typ=typ), purpose)


def encrypted(provider: Provider, client: Client, token: str, purpose: str) -> str:
    """A signed token, encrypted with ``<purpose>_encrypted_response_alg`` where the client registered one."""
    return _encrypt(provider, client, token.encode(), purpose, "JWT") if is_encrypted(client, purpose) else token


def encrypted_only(provider: Provider, client: Client, claims: Mapping[str, object], purpose: str) -> str:
    """The claims, encrypted and not signed (Core §5.3.2, where only encryption is registered)."""
    return _encrypt(provider, client, json.dumps(claims, ensure_ascii=False).encode(), purpose, None)


def is_encrypted(client: Client, purpose: str) -> bool:
    """Whether the client wants this encrypted."""
    return getattr(client.metadata, f"{purpose}_encrypted_response_alg") is not None


def _encrypt(provider: Provider, client: Client, plaintext: bytes, purpose: str, cty: str | None) -> str:
    alg = getattr(client.metadata, f"{purpose}_encrypted_response_alg")
    enc = getattr(client.metadata, f"{purpose}_encrypted_response_enc") or jwe.CONTENT[alg][0]
    try:
        return jwe.encrypt(plaintext, jwe.find_key(keys.document(provider, client), alg), alg=alg, enc=enc, cty=cty)
    except CryptoError as error:
        raise NoEncryptionKey(detail=f"{client.id}: {error.detail}") from None
