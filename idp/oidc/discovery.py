"""Discovery (OpenID Connect Discovery 1.0 §3, RFC 8414 §2) and the key set, made from what is there."""

import json

from idp.crypto.jose import jwe
from idp.mfa.policy import HIGHEST_LEVEL, acr_of
from idp.oidc import dpop
from idp.oidc.authorize.checks import PROMPTS
from idp.oidc.authorize.response import RESPONSE_MODES, RESPONSE_TYPES
from idp.oidc.clients.dynamic import ENDPOINT as REGISTER
from idp.oidc.clients.metadata import AUTH_METHODS, GRANT_TYPES
from idp.oidc.clients.rules import ENCRYPTION, OTHER_ANSWERS, VERIFIABLE
from idp.oidc.issuer import Issuer
from idp.oidc.logout.session_state import FRAME as SESSION_FRAME
from idp.oidc.provider import Provider
from idp.oidc.scopes import SCOPES
from idp.settings import Settings
from idp.web.ready import ReadyAnswer


def metadata(issuer: Issuer, settings: Settings) -> dict[str, object]:
    """The document. Nothing stands here by hand that a table of ours could say."""
    claims = dict.fromkeys(claim for scope in SCOPES.values() for claim in scope.claims)
    registration = {} if settings.registration == "closed" else {"registration_endpoint": issuer.endpoint(REGISTER)}
    return {
        **registration,
        "issuer": issuer.url,
        "authorization_endpoint": issuer.endpoint("authorize"),
        "token_endpoint": issuer.endpoint("token"),
        "userinfo_endpoint": issuer.endpoint("userinfo"),
        "jwks_uri": issuer.endpoint("jwks"),
        "introspection_endpoint": issuer.endpoint("introspect"),
        "revocation_endpoint": issuer.endpoint("revoke"),
        "end_session_endpoint": issuer.endpoint("logout"),
        "scopes_supported": list(SCOPES),
        "claims_supported": ["iss", "aud", "exp", "iat", "nonce", "at_hash", "c_hash", "sid", *claims],
        "response_types_supported": list(RESPONSE_TYPES),
        "response_modes_supported": list(RESPONSE_MODES),
        "grant_types_supported": list(GRANT_TYPES),
        "subject_types_supported": ["pairwise", "public"] if settings.public_subjects else ["pairwise"],
        **_encryption(issuer),
        "token_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "token_endpoint_auth_signing_alg_values_supported": list(VERIFIABLE),
        "introspection_endpoint_auth_methods_supported": [method for method in AUTH_METHODS if method != "none"],
        "introspection_endpoint_auth_signing_alg_values_supported": list(VERIFIABLE),
        "revocation_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "revocation_endpoint_auth_signing_alg_values_supported": list(VERIFIABLE),
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": [acr_of(level) for level in range(1, HIGHEST_LEVEL + 1)],
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
        "device_authorization_endpoint": issuer.endpoint("device_authorization"),
        "pushed_authorization_request_endpoint": issuer.endpoint("par"),
        "require_pushed_authorization_requests": False,
        "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
        "request_uri_parameter_supported": True,
        "require_request_uri_registration": True,
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
    return _ready(metadata(issuer, provider.deployment.settings), "application/json", provider.deployment.settings.jwks_max_age)


def jwks_answer(provider: Provider, issuer: Issuer) -> ReadyAnswer:
    """The key set, ready: next, active and retired keys, so that a rotation fails nobody's verification."""
    here = provider.deployment
    keys = here.ring.published(issuer.name, here.clock.now())
    return _ready({"keys": keys}, "application/jwk-set+json", here.settings.jwks_max_age)


def _ready(document: dict[str, object], content_type: str, max_age: int) -> ReadyAnswer:
    return ReadyAnswer(json.dumps(document, separators=(",", ":")).encode(), content_type, max_age)
