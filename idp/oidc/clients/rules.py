"""What may be registered: the rules in their order, on one screen.

A rule reads the metadata, and raises :class:`InvalidRegistration` with the member that is to blame.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from idp.apps.errors import InvalidRegistration
from idp.crypto.errors import CryptoError
from idp.crypto.jose import KeySet, jwe
from idp.i18n import N_
from idp.keys.states import TOKEN_ALGORITHMS
from idp.oidc.authorize import response
from idp.oidc.clients import redirect_uri
from idp.oidc.clients.metadata import AUTH_METHODS, CIBA, GRANT_TYPES, TLS_NAMES, ClientMetadata
from idp.oidc.clients.policy import Policy
from idp.oidc.clients.resource_identifier import is_identifier
from idp.settings import Settings
from idp.web.headers import origin_of

FAPI2_ALGORITHMS = ("PS256", "ES256", "SGD_SM3_SM2")
"""FAPI 2.0 §5.4.1 and the national algorithm beside them: PKCS #1 v1.5 is out."""

OTHER_ANSWERS = ("userinfo", "introspection", "authorization")
"""What is signed and encrypted for an app beside ID tokens."""

ENCRYPTION = {"sm": (jwe.SM2_ENCRYPTION,), "intl": ("RSA-OAEP-256", "ECDH-ES")}
"""How the key of an encrypted answer is encrypted, on each issuer."""

VERIFIABLE = ("RS256", "PS256", "ES256", "SGD_SM3_SM2")
"""The algorithms an app may sign with: requests and assertions."""


@dataclass(frozen=True)
class Candidate:
    """A registration that is being judged."""

    issuer: str
    metadata: ClientMetadata
    policy: Policy
    settings: Settings


Rule = Callable[[Candidate], None]


def check(candidate: Candidate) -> None:
    """Raises :class:`InvalidRegistration` for the first rule that is broken."""
    for rule in RULES:
        rule(candidate)


def check_known_values(candidate: Candidate) -> None:
    """RFC 7591 §2: the values are of those that the discovery document offers."""
    said = candidate.metadata
    algorithms = TOKEN_ALGORITHMS[candidate.issuer]
    _each("token_endpoint_auth_method", (said.token_endpoint_auth_method,), AUTH_METHODS)
    _each("grant_types", said.grant_types, GRANT_TYPES)
    for purpose in ("id_token", *OTHER_ANSWERS):
        name = f"{purpose}_signed_response_alg"
        _each(name, (getattr(said, name),), algorithms)
    _each("request_object_signing_alg", (said.request_object_signing_alg,), VERIFIABLE)
    _each("token_endpoint_auth_signing_alg", (said.token_endpoint_auth_signing_alg,), VERIFIABLE)
    if not said.grant_types:
        raise InvalidRegistration(reason=N_("there must be one"), field="grant_types")


def check_flows(candidate: Candidate) -> None:
    """Dynamic Client Registration 1.0 §2: which grant types belong to which response types."""
    said = candidate.metadata
    for name in said.response_types or ():
        if name not in response.RESPONSE_TYPES:
            raise InvalidRegistration(reason=N_("this value does not exist here"), field="response_types")
        words = response.words(name)
        needed = {"authorization_code"} if "code" in words else set()
        needed |= {"implicit"} if words & response.THROUGH_THE_BROWSER else set()
        if not needed <= set(said.grant_types):
            raise InvalidRegistration(
                reason=N_("code needs the grant authorization_code, id_token and token need implicit"), field="response_types"
            )
    if "client_credentials" in said.grant_types and said.is_public:
        raise InvalidRegistration(reason=N_("an app without a secret or key cannot get tokens of its own"), field="grant_types")
    if said.is_public and not candidate.policy.requires_pkce:
        raise InvalidRegistration(reason=N_("an app without a secret or key needs PKCE (RFC 7636)"))


def check_redirect_uris(candidate: Candidate) -> None:
    """RFC 7591 §2: at least one where a browser comes back; and what the installation allows."""
    said = candidate.metadata
    if said.response_types and not said.redirect_uris:
        raise InvalidRegistration(reason=N_("it needs a redirect URI"), field="redirect_uris")
    for name, uris in (("redirect_uris", said.redirect_uris), ("post_logout_redirect_uris", said.post_logout_redirect_uris)):
        for uri in uris:
            redirect_uri.check(uri, field=name, native=said.application_type == "native")
            redirect_uri.check_domain(uri, field=name, settings=candidate.settings)


def check_other_uris(candidate: Candidate) -> None:
    """What we or the person's browser will call: https, or this very machine."""
    said = candidate.metadata
    for name in ("client_uri", "policy_uri", "tos_uri", "jwks_uri", "sector_identifier_uri", "initiate_login_uri"):
        redirect_uri.check_optional(getattr(said, name), field=name)
    redirect_uri.check_optional(said.backchannel_logout_uri, field="backchannel_logout_uri")
    redirect_uri.check_optional(said.frontchannel_logout_uri, field="frontchannel_logout_uri")
    origins = {origin_of(uri) for uri in said.redirect_uris}
    if said.frontchannel_logout_uri is not None and origin_of(said.frontchannel_logout_uri) not in origins:
        # Front-Channel Logout 1.0 §2: scheme, host and port of a redirect URI.
        raise InvalidRegistration(reason=N_("it must have the host of a redirect URI"), field="frontchannel_logout_uri")
    for uri in said.request_uris:
        redirect_uri.check(uri.partition("#")[0], field="request_uris")  # OpenID Connect Core 1.0 §6.2: the digest may follow


def check_keys(candidate: Candidate) -> None:
    """RFC 7591 §2: keys by value or by address, not both; and there, where they are needed."""
    said = candidate.metadata
    if said.jwks is not None and said.jwks_uri is not None:
        raise InvalidRegistration(reason=N_("keys stand in jwks or at jwks_uri, not in both"), field="jwks")
    if said.token_endpoint_auth_method == "private_key_jwt" and said.jwks is None and said.jwks_uri is None:
        raise InvalidRegistration(reason=N_("private_key_jwt needs the app's public keys"), field="jwks")
    if said.jwks is not None and not _holds_a_key(said.jwks):
        raise InvalidRegistration(reason=N_("the key set holds no usable public key"), field="jwks")


def check_encryption(candidate: Candidate) -> None:
    """Dynamic Client Registration 1.0 §2, RFC 9701 §6, JARM §3: a pair that exists on this issuer, and a key to encrypt to."""
    said = candidate.metadata
    for purpose in ("id_token", *OTHER_ANSWERS):
        alg_name, enc_name = f"{purpose}_encrypted_response_alg", f"{purpose}_encrypted_response_enc"
        alg, enc = getattr(said, alg_name), getattr(said, enc_name)
        if alg is None and enc is not None:
            raise InvalidRegistration(reason=N_("it says how, but not with which algorithm for the key"), field=enc_name)
        if alg is None:
            continue
        _each(alg_name, (alg,), ENCRYPTION[candidate.issuer])
        _each(enc_name, (enc,), jwe.CONTENT[alg])
        if said.jwks_uri is None:
            try:
                jwe.find_key(said.jwks, alg)
            except CryptoError:
                raise InvalidRegistration(reason=N_("the key set holds no key for that"), field=alg_name) from None


def check_certificates(candidate: Candidate) -> None:
    """RFC 8705 §2.1.2, §2.2.2: one name to look for, or a key set with the certificate; and a proxy that shows it to us."""
    said = candidate.metadata
    if not said.uses_certificate and not said.tls_client_certificate_bound_access_tokens:
        return
    if not candidate.settings.client_certificate_header:
        raise InvalidRegistration(reason=N_("no proxy hands certificates on here (setting client_certificate_header)"))
    names = [name for name in TLS_NAMES if getattr(said, name) is not None]
    if said.token_endpoint_auth_method == "tls_client_auth" and len(names) != 1:
        raise InvalidRegistration(reason=N_("it needs exactly one name of the certificate"), field="tls_client_auth_subject_dn")
    if said.token_endpoint_auth_method == "self_signed_tls_client_auth" and said.jwks is None and said.jwks_uri is None:
        raise InvalidRegistration(reason=N_("it needs a key set with the certificate (x5c)"), field="jwks")


def check_resources(candidate: Candidate) -> None:
    """RFC 8707 §2, RFC 9396 §2: identifiers that can be, and words for what people are asked about."""
    policy = candidate.policy
    if not all(is_identifier(uri) for uri in (*policy.resources, *policy.accesses, *policy.exchanges)):
        raise InvalidRegistration(reason=N_("a resource is an absolute URI without a fragment"), field="resources")
    if not all(name and text.strip() and len(text) <= 200 for name, text in policy.authorization_types.items()):
        raise InvalidRegistration(
            reason=N_("say in 1 to 200 characters what each piece of data is for"), field="authorization_types"
        )


def check_decoupled(candidate: Candidate) -> None:
    """CIBA Core 1.0 §4: a confidential client, how it learns the answer, and in ping mode where."""
    said = candidate.metadata
    if CIBA not in said.grant_types:
        return
    if said.is_public or said.backchannel_token_delivery_mode is None:
        raise InvalidRegistration(
            reason=N_("it is poll or ping, and for apps with a secret or key"), field="backchannel_token_delivery_mode"
        )
    endpoint = said.backchannel_client_notification_endpoint
    if said.backchannel_token_delivery_mode == "ping" and endpoint is None:
        raise InvalidRegistration(reason=N_("it needs an address to ping"), field="backchannel_client_notification_endpoint")
    redirect_uri.check_optional(endpoint, field="backchannel_client_notification_endpoint")


def check_profile(candidate: Candidate) -> None:
    """FAPI 2.0 Security Profile §5.3.2: an app under it cannot be registered in contradiction with it."""
    said, policy = candidate.metadata, candidate.policy
    if policy.profile != "fapi2":
        return
    algorithms = [getattr(said, f"{purpose}_signed_response_alg") for purpose in ("id_token", *OTHER_ANSWERS)]
    demands = (
        ("token_endpoint_auth_method", said.token_endpoint_auth_method == "private_key_jwt" or said.uses_certificate),
        ("require_pushed_authorization_requests", said.require_pushed_authorization_requests),
        ("dpop_bound_access_tokens", said.dpop_bound_access_tokens or said.tls_client_certificate_bound_access_tokens),
        ("response_types", set(said.response_types or ()) <= {"code"}),
        ("grant_types", "implicit" not in said.grant_types),
        ("requires_pkce", policy.requires_pkce),
        ("id_token_signed_response_alg", all(name in (None, *FAPI2_ALGORITHMS) for name in algorithms)),
        ("token_endpoint_auth_signing_alg", said.token_endpoint_auth_signing_alg in (None, *FAPI2_ALGORITHMS)),
    )
    for field, met in demands:
        if not met:
            raise InvalidRegistration(reason=N_("the profile fapi2 does not allow it"), field=field)


def check_subject_type(candidate: Candidate) -> None:
    """OpenID Connect Core 1.0 §8; our policy: one name in every app only where the installation allows it."""
    if candidate.metadata.subject_type == "public" and not candidate.settings.public_subjects:
        raise InvalidRegistration(reason=N_("subjects are pairwise here (setting public_subjects)"), field="subject_type")


RULES: tuple[Rule, ...] = (
    check_known_values,
    check_flows,
    check_redirect_uris,
    check_other_uris,
    check_keys,
    check_encryption,
    check_certificates,
    check_resources,
    check_decoupled,
    check_profile,
    check_subject_type,
)


def _holds_a_key(jwks: dict[str, Any]) -> bool:
    try:
        if KeySet.from_document(jwks).keys:
            return True
    except CryptoError:
        return False
    for alg in jwe.CONTENT:
        with suppress(CryptoError):
            return bool(jwe.find_key(jwks, alg))
    return False


def _each(field: str, values: tuple[str | None, ...], known: tuple[str, ...]) -> None:
    if any(value is not None and value not in known for value in values):
        raise InvalidRegistration(reason=N_("this value does not exist here"), field=field)
