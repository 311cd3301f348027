"""Discovery (OpenID Connect Discovery 1.0 §3, RFC 8414 §2) and the key set, made from what is there."""

import json

from idp.crypto.jose import jwe
from idp.mfa.policy import acr_of, highest_level
from idp.oidc.authorize.checks import PROMPTS
from idp.oidc.authorize.response import RESPONSE_MODES, RESPONSE_TYPES
from idp.oidc.clients.dynamic import ENDPOINT as REGISTER
from idp.oidc.clients.metadata import AUTH_METHODS, GRANT_TYPES, TLS_METHODS
from idp.oidc.clients.rules import ENCRYPTION, OTHER_ANSWERS, VERIFIABLE
from idp.oidc.issuer import Issuer
from idp.oidc.logout.session_state import FRAME as SESSION_FRAME
from idp.oidc.possession import dpop
from idp.oidc.provider import Provider
from idp.release.scopes import OWN, SCOPES
from idp.settings import Settings
from idp.web.ready import ReadyAnswer

_FOR_PROGRAMS = {
    "token_endpoint": "token",
    "userinfo_endpoint": "userinfo",
    "introspection_endpoint": "introspect",
    "revocation_endpoint": "revoke",
    "pushed_authorization_request_endpoint": "par",
    "device_authorization_endpoint": "device_authorization",
    "backchannel_authentication_endpoint": "bc-authorize",
}


def metadata(provider: Provider, issuer: Issuer) -> dict[str, object]:
    """The document. Nothing stands here by hand that a table of ours could say."""
    settings = provider.deployment.settings
    methods = [name for name in AUTH_METHODS if name not in TLS_METHODS or settings.client_certificate_header]
    claims = dict.fromkeys(claim for scope in SCOPES.values() for claim in scope.claims)
    registration = {} if settings.registration == "closed" else {"registration_endpoint": issuer.endpoint(REGISTER)}
    return {
        **registration,
        "issuer": issuer.url,
        "authorization_endpoint": issuer.endpoint("authorize"),
        **{member: issuer.endpoint(name) for member, name in _FOR_PROGRAMS.items()},
        "jwks_uri": issuer.endpoint("jwks"),
        "end_session_endpoint": issuer.endpoint("logout"),
        "scopes_supported": [*SCOPES, *OWN],
        "claims_supported": ["iss", "aud", "exp", "iat", "nonce", "at_hash", "c_hash", "sid", *claims],
        "response_types_supported": list(RESPONSE_TYPES),
        "response_modes_supported": list(RESPONSE_MODES),
        "grant_types_supported": list(GRANT_TYPES),
        "subject_types_supported": ["pairwise", "public"] if settings.public_subjects else ["pairwise"],
        **_encryption(issuer),
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": list(VERIFIABLE),
        "introspection_endpoint_auth_methods_supported": [name for name in methods if name != "none"],
        "introspection_endpoint_auth_signing_alg_values_supported": list(VERIFIABLE),
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": list(VERIFIABLE),
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": [acr_of(level) for level in range(1, highest_level(provider.site) + 1)],
        "prompt_values_supported": sorted(PROMPTS),
        "ui_locales_supported": ["zh-CN", "en"],
        "authorization_response_iss_parameter_supported": True,
        "check_session_iframe": issuer.endpoint(SESSION_FRAME),
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "claims_parameter_supported": True,
        "claim_types_supported": ["normal"],
        "request_parameter_supported": True,
        "request_object_signing_alg_values_supported": list(VERIFIABLE),
        "authorization_details_types_supported": sorted(provider.resource_servers.types()),
        **_decoupled(),
        **_certificates(issuer, settings),
        "require_pushed_authorization_requests": False,
        "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
        "request_uri_parameter_supported": True,
        "require_request_uri_registration": True,
    }


def _decoupled() -> dict[str, object]:
    """CIBA Core 1.0 §4."""
    return {
        "backchannel_token_delivery_modes_supported": ["poll", "ping"],
        "backchannel_authentication_request_signing_alg_values_supported": list(VERIFIABLE),
        "backchannel_user_code_parameter_supported": False,
    }


def _certificates(issuer: Issuer, settings: Settings) -> dict[str, object]:
    """RFC 8705 §3.3, §5: where a proxy hands certificates on, and the name at which it asks for them."""
    if not settings.client_certificate_header:
        return {}
    bound: dict[str, object] = {"tls_client_certificate_bound_access_tokens": True}
    if not settings.mtls_url:
        return bound
    return bound | {
        "mtls_endpoint_aliases": {member: f"{settings.mtls_url}{issuer.path(name)}" for member, name in _FOR_PROGRAMS.items()}
    }


def _encryption(issuer: Issuer) -> dict[str, object]:
    """How what is made for an app can be signed and encrypted (Core §5.3.2, RFC 9701 §7, JARM §4)."""
    algorithms = ENCRYPTION[issuer.name]
    contents = list(dict.fromkeys(enc for alg in algorithms for enc in jwe.CONTENT[alg]))
    offered: dict[str, object] = {}
    for purpose in ("id_token", *OTHER_ANSWERS):
        offered[f"{purpose}_signing_alg_values_supported"] = list(issuer.algorithms)
        offered[f"{purpose}_encryption_alg_values_supported"] = list(algorithms)
        offered[f"{purpose}_encryption_enc_values_supported"] = contents
    return offered


def discovery_answer(provider: Provider, issuer: Issuer) -> ReadyAnswer:
    """The document, ready."""
    return _ready(metadata(provider, issuer), "application/json", provider.deployment.settings.jwks_max_age)


def jwks_answer(provider: Provider, issuer: Issuer) -> ReadyAnswer:
    """The key set, ready: next, active and retired keys, so that a rotation fails nobody's verification."""
    here = provider.deployment
    keys = here.ring.published(issuer.name, here.clock.now())
    return _ready({"keys": keys}, "application/jwk-set+json", here.settings.jwks_max_age)


def _ready(document: dict[str, object], content_type: str, max_age: int) -> ReadyAnswer:
    return ReadyAnswer(json.dumps(document, separators=(",", ":")).encode(), content_type, max_age)
