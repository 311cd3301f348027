"""The provider's endpoints for programs, and how an error becomes their answer."""

import json
import logging
from collections.abc import Callable
from functools import partial

from idp.crypto.devices.errors import DeviceError
from idp.oidc import description
from idp.oidc.clients.dynamic import ENDPOINT as REGISTER
from idp.oidc.clients.dynamic import register_client
from idp.oidc.decoupled import ciba
from idp.oidc.decoupled.device import authorize_device
from idp.oidc.discovery import discovery_answer, jwks_answer
from idp.oidc.errors import (
    InsufficientScope,
    InvalidAccessToken,
    InvalidClient,
    InvalidDpopProof,
    OAuthError,
    TemporarilyUnavailable,
    UseDpopNonce,
)
from idp.oidc.introspection import introspect
from idp.oidc.issuer import Issuer
from idp.oidc.possession import dpop
from idp.oidc.provider import Provider
from idp.oidc.pushed import push
from idp.oidc.revocation import revoke
from idp.oidc.token.endpoint import token
from idp.oidc.userinfo import userinfo
from idp.web.machine import Endpoint, MachineAnswer, MachineRequest
from idp.web.ready import ReadyAnswer

log = logging.getLogger("yima.oidc")

Handler = Callable[[Provider, Issuer, MachineRequest], MachineAnswer]

HANDLERS: dict[str, tuple[tuple[str, ...], Handler]] = {
    "token": (("POST",), token),
    "par": (("POST",), push),
    "device_authorization": (("POST",), authorize_device),
    "bc-authorize": (("POST",), ciba.authorize),
    "introspect": (("POST",), introspect),
    "revoke": (("POST",), revoke),
    "userinfo": (("GET", "POST"), userinfo),
    REGISTER: (("POST", "GET", "PUT", "DELETE"), register_client),
}


def machine_endpoints(provider: Provider) -> dict[str, tuple[tuple[str, ...], Endpoint]]:
    """Paths, methods and functions, for both issuers."""
    return {
        issuer.path(name): (methods, partial(_guarded, handler, provider, issuer))
        for issuer in provider.issuers.values()
        for name, (methods, handler) in HANDLERS.items()
    }


def ready_answers(provider: Provider) -> dict[str, Callable[[], ReadyAnswer]]:
    """What is answered with ready bytes, for both issuers."""
    answers: dict[str, Callable[[], ReadyAnswer]] = {}
    for issuer in provider.issuers.values():
        document = partial(discovery_answer, provider, issuer)
        answers[f"{issuer.prefix}/.well-known/openid-configuration"] = document
        # RFC 8414 §3.1: the well-known part comes before the issuer's own path.
        answers[f"/.well-known/oauth-authorization-server{issuer.prefix}"] = document
        answers[issuer.path("openapi.json")] = partial(_description, issuer)
        answers[issuer.path("jwks")] = partial(jwks_answer, provider, issuer)
    return answers


def _description(issuer: Issuer) -> ReadyAnswer:
    methods = {name: allowed for name, (allowed, _handler) in HANDLERS.items()}
    return ReadyAnswer(json.dumps(description.document(issuer, methods)).encode(), "application/json", 3600)


def _guarded(handler: Handler, provider: Provider, issuer: Issuer, request: MachineRequest) -> MachineAnswer:
    try:
        return handler(provider, issuer, request)
    except OAuthError as error:
        log.info("%s: %s %s", handler.__name__, error.error, error.detail or "")
        return error_answer(provider, issuer, request, error)
    except DeviceError as error:
        log.error("%s: a device failed: %s", handler.__name__, error)
        return error_answer(provider, issuer, request, TemporarilyUnavailable())


def error_answer(provider: Provider, issuer: Issuer, request: MachineRequest, error: OAuthError) -> MachineAnswer:
    """How a program is told, here and at what else takes our tokens."""
    body: dict[str, object] = {"error": error.error, "error_description": str(error)}
    headers: tuple[tuple[str, str], ...] = ()
    if isinstance(error, InvalidClient) and request.authorization:
        # RFC 6749 §5.2: the scheme that the client tried.
        headers = (("WWW-Authenticate", f'Basic realm="{issuer.url}"'),)
    elif isinstance(error, InvalidAccessToken | InsufficientScope):
        # RFC 6750 §3: a request without any token is told the scheme alone.
        tells = f', error="{error.error}", error_description="{error}"' if request.authorization or request.is_form else ""
        headers = (("WWW-Authenticate", f'Bearer realm="{issuer.url}"{tells}'),)
    elif isinstance(error, InvalidDpopProof):
        return _dpop_answer(provider, request, error, body)
    return MachineAnswer(error.status, body, headers)


def _dpop_answer(provider: Provider, request: MachineRequest, error: InvalidDpopProof, body: dict[str, object]) -> MachineAnswer:
    """RFC 9449 §5 and §8 at the token endpoint, §7.1 and §9 where a token was presented."""
    nonce = dpop.nonce(provider, provider.deployment.clock.now())
    headers = (("DPoP-Nonce", nonce),) if isinstance(error, UseDpopNonce) else ()
    if request.authorization.lower().startswith("dpop "):
        challenge = f'DPoP error="{error.error}", algs="{" ".join(dpop.ALGORITHMS)}"'
        return MachineAnswer(401, body, (("WWW-Authenticate", challenge), *headers))
    return MachineAnswer(error.status, body, headers)
