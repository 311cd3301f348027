"""Authentication of the client: by the one method that it registered, and by no other."""

from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime
from hmac import compare_digest
from urllib.parse import unquote_plus

from idp.crypto import base64url
from idp.crypto.errors import CryptoError
from idp.crypto.jose.strict_json import read_object
from idp.i18n import N_
from idp.oidc.clients import keys
from idp.oidc.clients.client import Client
from idp.oidc.clients.rules import VERIFIABLE
from idp.oidc.errors import InvalidClient, InvalidRequest, UnknownClient
from idp.oidc.issuer import Issuer
from idp.oidc.possession import certificate
from idp.oidc.provider import Provider
from idp.oidc.token.assertion import check as check_assertion
from idp.oidc.token_hash import digest
from idp.web.machine import MachineRequest

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def authenticate(provider: Provider, issuer: Issuer, request: MachineRequest, parameters: Mapping[str, str]) -> Client:
    """The client that makes this request. Raises :class:`InvalidClient`, the same for an unknown client and a wrong secret.

    RFC 6749 §2.3: one method in a request. A client of the other issuer is unknown to this one.
    """
    basic = _basic(request.authorization)
    assertion = parameters.get("client_assertion")
    if sum((basic is not None, "client_secret" in parameters, assertion is not None)) > 1:
        raise InvalidRequest(detail="more than one way of client authentication")
    try:
        if assertion is not None:
            return _by_assertion(provider, issuer, parameters, assertion)
        client_id, secret = basic if basic is not None else (parameters.get("client_id", ""), parameters.get("client_secret"))
        client = _client(provider, issuer, client_id)
    except UnknownClient as error:
        raise InvalidClient(detail=error.detail) from None
    if parameters.get("client_id", client.id) != client.id:
        raise InvalidRequest(detail="client_id is not the authenticated client")
    if client.metadata.uses_certificate and secret is None:
        _check_certificate(provider, client, request)
        return client
    method = "none" if secret is None else "client_secret_basic" if basic is not None else "client_secret_post"
    if secret is not None and client.metadata.has_secret:
        _check_secret(client, secret, provider.deployment.clock.now())
        if method != client.auth_method:
            # Whoever holds the secret may know what is wrong: half of all first attempts fail at this.
            raise InvalidClient(
                N_("The secret is right, but this app is registered for %(method)s."),
                method=client.auth_method,
            )
    if method != client.auth_method:
        raise InvalidClient(detail=f"{client.id} registered {client.auth_method}, used {method}")
    return client


def _client(provider: Provider, issuer: Issuer, client_id: str) -> Client:
    client = provider.clients.get(client_id)
    if client.issuer != issuer.name:
        raise UnknownClient(detail=f"{client.id} belongs to the issuer {client.issuer}")
    return client


def _basic(authorization: str) -> tuple[str, str] | None:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = b64decode(value.strip(), validate=True).decode()
    except ValueError:
        raise InvalidClient(detail="malformed Basic") from None
    name, colon, secret = text.partition(":")
    if not colon:
        raise InvalidClient(detail="malformed Basic")
    # RFC 6749 §2.3.1: both are form-encoded before they are joined.
    return unquote_plus(name), unquote_plus(secret)


def _check_secret(client: Client, secret: str, now: datetime) -> None:
    computed = digest(secret)
    fits = [compare_digest(computed, stored) and (until is None or now < until) for stored, until in client.secret_hashes]
    if not any(fits):
        raise InvalidClient(detail=f"wrong secret of {client.id}")


def _check_certificate(provider: Provider, client: Client, request: MachineRequest) -> None:
    """RFC 8705 §2. Raises :class:`InvalidClient`."""
    here = provider.deployment
    given = certificate.shown(request)
    if given is None:
        raise InvalidClient(detail=f"{client.id} shows no certificate")
    try:
        jwks = keys.document(provider, client) if keys.has_keys(client) else None
    except CryptoError as error:
        raise InvalidClient(detail=f"keys of {client.id}: {error.detail}") from None
    authorities = here.settings.client_certificate_ca
    certificate.check_registered(client, given, here.clock.now(), authorities, jwks, provider.certified)


def _by_assertion(provider: Provider, issuer: Issuer, parameters: Mapping[str, str], assertion: str) -> Client:
    """RFC 7523 §3, OpenID Connect Core 1.0 §9 (private_key_jwt)."""
    if parameters.get("client_assertion_type") != ASSERTION_TYPE:
        raise InvalidClient(detail="client_assertion_type")
    client = _client(provider, issuer, parameters.get("client_id") or _claimed_client(assertion))
    if client.auth_method != "private_key_jwt":
        raise InvalidClient(detail=f"{client.id} registered {client.auth_method}, used private_key_jwt")
    try:
        only = client.metadata.token_endpoint_auth_signing_alg
        claims = keys.decode(provider, client, assertion, algorithms=VERIFIABLE, only=only).claims
    except CryptoError as error:
        raise InvalidClient(detail=f"assertion of {client.id}: {error}") from None
    if claims.get("sub") != client.id:
        raise InvalidClient(detail="sub of a client's assertion is the client")
    check_assertion(provider, issuer, client, claims)
    return client


def _claimed_client(assertion: str) -> str:
    """Who the assertion says it is from, before anything is verified: only to know whose keys to verify it with."""
    try:
        claimed = read_object(base64url.decode(assertion.split(".")[1])).get("sub")
    except (IndexError, CryptoError):
        claimed = None
    if not isinstance(claimed, str):
        raise InvalidClient(detail="malformed assertion")
    return claimed
