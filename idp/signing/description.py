"""An OpenAPI 3.1 description of the service, made from the models that read its requests."""

from typing import Any

from idp import __version__
from idp.signing.endpoints import OPERATIONS
from idp.signing.service import SCOPE, Service

_ERRORS = {
    "400": "Not as described, or what was sent cannot be used; the member `error` says which",
    "401": "No token, or one that is not good",
    "403": "The token or the app is not for this",
    "409": "The key cannot be used now",
    "413": "Too large",
    "415": "Not JSON",
    "429": "Too many in a minute; the header Retry-After says when to come again",
}


def document(service: Service) -> dict[str, Any]:
    """The description."""
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {"/keys": {"get": _operation("keys", "The keys that the app may use, with their certificates", None)}}
    for name, (model, act) in OPERATIONS.items():
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas[model.__name__] = schema
        paths[f"/{name}"] = {"post": _operation(name, act.__doc__ or "", model.__name__)}
    flow = {"tokenUrl": f"{service.deployment.settings.public_url}/oauth/token", "scopes": {SCOPE: "The signing service"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Yima signing service", "version": __version__},
        "servers": [{"url": service.url}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"app": {"type": "oauth2", "flows": {"clientCredentials": flow}}},
        },
    }


def _operation(name: str, summary: str, model: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "security": [{"app": [SCOPE]}],
        "responses": {"200": {"description": "Done", "content": {"application/json": {"schema": {"type": "object"}}}}}
        | {status: {"description": text} for status, text in _ERRORS.items()},
    }
    if model is not None:
        reference = {"schema": {"$ref": f"#/components/schemas/{model}"}}
        found["requestBody"] = {"required": True, "content": {"application/json": reference}}
    return found
