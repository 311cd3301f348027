"""The rules of an authorization request, in their order, on one screen.

A check reads the request's parameters, establishes one fact, and raises the specification's error otherwise. Errors of the first
group are shown to the person, because nothing proves yet that the redirect URI is the client's; those of the second go back to
the client.
"""

import re
from collections.abc import Callable

from idp.i18n import N_
from idp.mfa.policy import highest_level, level_of_acr
from idp.oidc import authorization_details, claims_request, resources
from idp.oidc.authorize import response
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.clients import redirect_uri
from idp.oidc.errors import (
    InvalidRequest,
    InvalidScope,
    RegistrationNotSupported,
    UnauthorizedClient,
    UnknownClient,
    UnmetAuthenticationRequirements,
    UnregisteredRedirectUri,
    UnsupportedResponseType,
)
from idp.oidc.parameters import required
from idp.release.scopes import SCOPES, split

Check = Callable[[AuthorizeRequest], None]

PROMPTS = {"none", "login", "consent", "select_account"}
MAX_STATE = 4096
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")


def check_client(request: AuthorizeRequest) -> None:
    """RFC 6749 §4.1.1: a known client; our policy: of this very issuer."""
    request.client = request.provider.clients.get(required(request.parameters, "client_id"))
    if request.client.issuer != request.issuer.name:
        raise UnknownClient(detail=f"{request.client.id} belongs to the issuer {request.client.issuer}")


def check_redirect_uri(request: AuthorizeRequest) -> None:
    """RFC 9700 §2.1: sent, and the very one that is registered."""
    given = request.parameters.get("redirect_uri")
    if given is None or not any(redirect_uri.matches(uri, given) for uri in request.client.metadata.redirect_uris):
        raise UnregisteredRedirectUri(detail=f"{request.client.id}: {(given or '')[:200]!r}")
    request.redirect_uri = given


def check_state(request: AuthorizeRequest) -> None:
    """RFC 6749 §4.1.1: opaque to us, and given back as it came."""
    state = request.parameters.get("state")
    if state is not None and len(state) > MAX_STATE:
        raise InvalidRequest(N_("The parameter %(name)s is too long."), name="state")
    request.state = state


def check_registration(request: AuthorizeRequest) -> None:
    """OpenID Connect Core 1.0 §3.1.2.6: what is not supported is refused, not ignored."""
    if "registration" in request.parameters:
        raise RegistrationNotSupported


def check_response_type(request: AuthorizeRequest) -> None:
    """RFC 6749 §3.1.1, §4.1.2.1: one that exists, and one that this client is registered for."""
    types = response.words(required(request.parameters, "response_type"))
    name = response.named(types)
    if name is None:
        raise UnsupportedResponseType
    if name not in (request.client.metadata.response_types or ()):
        raise UnauthorizedClient(N_("The app is not registered for this response type."))
    request.response_types = types


def check_response_mode(request: AuthorizeRequest) -> None:
    """OAuth 2.0 Multiple Response Types §2.1, §5: a known one, and never tokens in a query."""
    given = request.parameters.get("response_mode", request.response_mode)
    if given not in (request.response_mode, "jwt"):
        raise InvalidRequest(N_("The parameter %(name)s has a value that it cannot have."), name="response_mode")


def check_scope(request: AuthorizeRequest) -> None:
    """OpenID Connect Core 1.0 §3.1.2.1: openid among them. §5.4, our policy: unknown ones are refused, a typing error shows."""
    scopes = split(request.parameters.get("scope", ""))
    if "openid" not in scopes:
        raise InvalidScope(N_("The scope must contain openid."))
    if any(scope not in SCOPES or scope not in request.client.scopes for scope in scopes):
        raise InvalidScope
    request.scopes = scopes


def check_pkce(request: AuthorizeRequest) -> None:
    """RFC 7636 §4.3, RFC 9700 §2.1.1: for every code, and S256 only (without a method it would be plain).

    An app with a secret or key may be excused, because libraries of before 2020 do not know it.
    """
    excused = not request.client.policy.requires_pkce and "code_challenge" not in request.parameters
    if "code" not in request.response_types or (excused and "code_challenge_method" not in request.parameters):
        return
    challenge = required(request.parameters, "code_challenge")
    if request.parameters.get("code_challenge_method") != "S256":
        raise InvalidRequest(N_("The code_challenge_method must be S256."))
    if not _CHALLENGE.match(challenge):
        raise InvalidRequest(N_("The code_challenge is not the base64url of a SHA-256 digest."))
    request.code_challenge = challenge


def check_nonce(request: AuthorizeRequest) -> None:
    """OpenID Connect Core 1.0 §3.1.2.1, §3.2.2.1: given back unchanged; needed where an ID token travels through the browser."""
    needed = "id_token" in request.response_types
    nonce = required(request.parameters, "nonce") if needed else request.parameters.get("nonce")
    if nonce is not None and len(nonce) > MAX_STATE:
        raise InvalidRequest(N_("The parameter %(name)s is too long."), name="nonce")
    request.nonce = nonce


def check_dpop_jkt(request: AuthorizeRequest) -> None:
    """RFC 9449 §10: the thumbprint of the key that the code will be exchanged with."""
    thumbprint = request.parameters.get("dpop_jkt")
    if thumbprint is not None and not _CHALLENGE.match(thumbprint):
        raise InvalidRequest(N_("The parameter %(name)s has a value that it cannot have."), name="dpop_jkt")
    request.dpop_jkt = thumbprint


def check_prompt(request: AuthorizeRequest) -> None:
    """OpenID Connect Core 1.0 §3.1.2.1: known values, and none stands alone."""
    prompt = frozenset(request.parameters.get("prompt", "").split())
    if not prompt <= PROMPTS or ("none" in prompt and len(prompt) > 1):
        raise InvalidRequest(N_("The parameter %(name)s has a value that it cannot have."), name="prompt")
    request.prompt = prompt


def check_max_age(request: AuthorizeRequest) -> None:
    """OpenID Connect Core 1.0 §3.1.2.1: seconds; Dynamic Client Registration 1.0 §2: or the app's own default."""
    text = request.parameters.get("max_age")
    if text is None:
        request.max_age = request.client.metadata.default_max_age
        return
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise InvalidRequest(N_("The parameter %(name)s has a value that it cannot have."), name="max_age")
    request.max_age = int(text)


def check_acr_values(request: AuthorizeRequest) -> None:
    """OpenID Connect Core 1.0 §3.1.2.1: the levels that this installation can reach, in the app's order; never less than the app's
    own. Which of them it is depends on the person, see :func:`idp.login.requirement.chosen_level`.

    Values that we do not know are passed over, as the parameter is voluntary; known ones none of which can be reached are an error.
    """
    asked = request.claims.id_token.get("acr", claims_request.Wanted())
    values = asked.values or request.parameters.get("acr_values", "").split() or request.client.metadata.default_acr_values
    highest = highest_level(request.provider.site)
    levels = [level for level in map(level_of_acr, values) if level is not None]
    reachable = [level for level in levels if level <= highest]
    # §5.5.1.1: an essential acr that cannot be reached is a failed sign-in, an unknown value among them.
    hopeless = (levels and not reachable) or (asked.essential and asked.values and not reachable)
    if hopeless or request.client.policy.required_level > highest:
        raise UnmetAuthenticationRequirements
    request.levels = tuple(reachable)


def check_claims(request: AuthorizeRequest) -> None:
    """OpenID Connect Core 1.0 §5.5: read strictly; what the client may not have by scope it may not have by name."""
    request.claims = claims_request.parse(request.parameters.get("claims")).limited_to(request.client.scopes)
    request.subjects = request.claims.subjects()


def check_login_hint(request: AuthorizeRequest) -> None:
    """OpenID Connect Core 1.0 §3.1.2.1: fills the account field, nothing more."""
    hint = request.parameters.get("login_hint")
    request.login_hint = hint if hint is not None and len(hint) <= 254 else None


def check_resource(request: AuthorizeRequest) -> None:
    """RFC 8707 §2.1: resources that exist, and that this client may use."""
    request.resources = resources.parse(request.parameters)
    resources.check_allowed(request.provider, request.client, request.resources)


def check_authorization_details(request: AuthorizeRequest) -> None:
    """RFC 9396 §5: read strictly; types that exist, and that this client is registered for."""
    request.authorization_details = authorization_details.parse(request.parameters.get("authorization_details"))
    authorization_details.check_allowed(request.provider, request.client, request.authorization_details)


BEFORE_THE_CLIENT_IS_PROVEN: tuple[Check, ...] = (check_client, check_redirect_uri)

ONCE_IT_IS: tuple[Check, ...] = (
    check_state,
    check_response_type,
    check_response_mode,
    check_registration,
    check_scope,
    check_pkce,
    check_nonce,
    check_dpop_jkt,
    check_prompt,
    check_max_age,
    check_claims,
    check_acr_values,
    check_login_hint,
    check_resource,
    check_authorization_details,
)
