"""An OpenAPI 3.1 description of the endpoints for programs, made from the same tables as the endpoints themselves.

For developers, and for tools that try every endpoint. What a request means stands in the specifications (``docs/specs``).
"""

from idp import __version__
from idp.oidc.clients.metadata import ClientMetadata
from idp.oidc.issuer import Issuer

_CLIENT = ("client_id", "client_secret", "client_assertion_type", "client_assertion")
_AUTHORIZATION = (
    "response_type",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "response_mode",
    "prompt",
    "max_age",
    "id_token_hint",
    "login_hint",
    "acr_values",
    "claims",
    "ui_locales",
    "resource",
    "authorization_details",
    "dpop_jkt",
    "request",
    "request_uri",
)

FORMS: dict[str, tuple[str, ...]] = {
    "token": (
        *_CLIENT,
        "grant_type",
        "code",
        "redirect_uri",
        "code_verifier",
        "refresh_token",
        "scope",
        "resource",
        "authorization_details",
        "device_code",
        "auth_req_id",
        "assertion",
        "subject_token",
        "subject_token_type",
        "requested_token_type",
    ),
    "par": (*_CLIENT, *_AUTHORIZATION),
    "device_authorization": (*_CLIENT, "scope"),
    "bc-authorize": (
        *_CLIENT,
        "scope",
        "login_hint",
        "id_token_hint",
        "acr_values",
        "binding_message",
        "requested_expiry",
        "client_notification_token",
        "request",
    ),
    "introspect": (*_CLIENT, "token", "token_type_hint"),
    "revoke": (*_CLIENT, "token", "token_type_hint"),
    "userinfo": ("access_token",),
}
"""The parameters of each endpoint's form."""


def document(issuer: Issuer, methods: dict[str, tuple[str, ...]]) -> dict[str, object]:
    """The description of one issuer's endpoints; ``methods`` are those of each by its name."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Yima", "version": __version__, "description": f"OpenID Provider {issuer.url}"},
        "servers": [{"url": issuer.url}],
        "paths": {
            f"/oauth/{name}": {method.lower(): _operation(name, method) for method in allowed} for name, allowed in methods.items()
        },
        "components": {
            "securitySchemes": {
                "client": {"type": "http", "scheme": "basic"},
                "token": {"type": "http", "scheme": "bearer"},
            }
        },
    }


def _operation(name: str, method: str) -> dict[str, object]:
    operation: dict[str, object] = {
        "operationId": f"{name}_{method.lower()}",
        "responses": {"2XX": {"description": "Done"}, "4XX": {"description": "Refused, with the specification's error"}},
        "security": [{"token": []}] if name in ("userinfo", "register") else [{"client": []}, {}],
    }
    if method in ("POST", "PUT"):
        operation["requestBody"] = {"content": _content(name)}
    return operation


def _content(name: str) -> dict[str, object]:
    if name not in FORMS:
        return {"application/json": {"schema": ClientMetadata.model_json_schema()}}
    properties = {parameter: {"type": "string"} for parameter in FORMS[name]}
    return {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": properties}}}
