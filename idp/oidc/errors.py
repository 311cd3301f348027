"""Errors of the protocol: a code of the specification, a text for whoever reads the answer, a detail for the log."""

from typing import ClassVar

from idp.errors import YimaError
from idp.i18n import N_


class OAuthError(YimaError):
    """An error answer. ``error`` is the specification's code; ``status`` its HTTP status where it is not a redirect."""

    code = "oidc"
    error: ClassVar[str] = "invalid_request"
    status: ClassVar[int] = 400
    default_message = N_("The request is not valid.")


class InvalidRequest(OAuthError):
    """RFC 6749 §4.1.2.1, §5.2."""

    error = "invalid_request"


class UnknownClient(OAuthError):
    """The client is unknown or disabled: nothing is redirected."""

    error = "invalid_client"
    default_message = N_("This app is not registered here, or it was switched off. Please tell the people who run the app.")


class UnregisteredRedirectUri(OAuthError):
    """RFC 6749 §4.1.2.1: the person is told, and the user agent is not redirected."""

    default_message = N_("This app sent an address that is not registered for it. Please tell the people who run the app.")


class UnsupportedResponseType(OAuthError):
    """RFC 6749 §4.1.2.1."""

    error = "unsupported_response_type"
    default_message = N_("There is no such response type.")


class InvalidScope(OAuthError):
    """RFC 6749 §4.1.2.1, §5.2."""

    error = "invalid_scope"
    default_message = N_("The app asked for data that it is not registered for.")


class AccessDenied(OAuthError):
    """RFC 6749 §4.1.2.1: the person said no."""

    error = "access_denied"
    default_message = N_("The person did not agree.")


class NotForThisPerson(AccessDenied):
    """Our policy, told by the same code: the authorization server denies the request."""

    default_message = N_("This app is not for you: its school has said for whom it is.")


class TemporarilyUnavailable(OAuthError):
    """RFC 6749 §4.1.2.1; at endpoints for programs by the same word, with the status that it stands for there."""

    error = "temporarily_unavailable"
    status = 503
    default_message = N_("The key that signs for this issuer does not answer now. Try again in a moment.")


class LoginRequired(OAuthError):
    """OpenID Connect Core 1.0 §3.1.2.6."""

    error = "login_required"
    default_message = N_("Nobody is signed in, and the app did not allow asking.")


class ConsentRequired(OAuthError):
    """OpenID Connect Core 1.0 §3.1.2.6."""

    error = "consent_required"
    default_message = N_("The person has not agreed yet, and the app did not allow asking.")


class UnmetAuthenticationRequirements(OAuthError):
    """OpenID Connect Core Error Code unmet_authentication_requirements 1.0."""

    error = "unmet_authentication_requirements"
    default_message = N_("The level of sign-in that the app asked for cannot be reached.")


class InvalidRequestObject(OAuthError):
    """RFC 9101 §7."""

    error = "invalid_request_object"
    default_message = N_("The app sent a signed request that cannot be used.")


class InvalidRequestUri(OAuthError):
    """OpenID Connect Core 1.0 §3.1.2.6: the address is not registered, or holds nothing that can be used."""

    error = "invalid_request_uri"
    default_message = N_("The address of the request is not registered for this app, or there is no request at it.")


class RegistrationNotSupported(OAuthError):
    """OpenID Connect Core 1.0 §3.1.2.6."""

    error = "registration_not_supported"
    default_message = N_("Registration in a request is not supported.")


class InvalidTarget(OAuthError):
    """RFC 8707 §2, RFC 8693 §2.2.2."""

    error = "invalid_target"
    default_message = N_("The resource does not exist, or the app may not use it.")


class InvalidAuthorizationDetails(OAuthError):
    """RFC 9396 §5."""

    error = "invalid_authorization_details"
    default_message = N_("The authorization details are not valid, or the app may not ask for them.")


class InvalidBindingMessage(OAuthError):
    """CIBA Core 1.0 §13."""

    error = "invalid_binding_message"
    default_message = N_("The message is too long, or holds characters that nobody could compare.")


class UnknownUserId(OAuthError):
    """CIBA Core 1.0 §13."""

    error = "unknown_user_id"
    default_message = N_("The hint names nobody here.")


class InvalidRedirectUri(OAuthError):
    """RFC 7591 §3.2.2."""

    error = "invalid_redirect_uri"


class InvalidClientMetadata(OAuthError):
    """RFC 7591 §3.2.2."""

    error = "invalid_client_metadata"


class InvalidSoftwareStatement(OAuthError):
    """RFC 7591 §3.2.2."""

    error = "unapproved_software_statement"
    default_message = N_("Software statements are not accepted here.")


class InvalidClient(OAuthError):
    """RFC 6749 §5.2: authentication of the client failed."""

    error = "invalid_client"
    status = 401
    default_message = N_("Authentication of the client failed.")


class InvalidGrant(OAuthError):
    """RFC 6749 §5.2."""

    error = "invalid_grant"
    default_message = N_("The code or token is not valid, has expired, was used, or belongs to another client.")


class UnauthorizedClient(OAuthError):
    """RFC 6749 §5.2."""

    error = "unauthorized_client"
    default_message = N_("The client is not registered for this grant.")


class UnsupportedGrantType(OAuthError):
    """RFC 6749 §5.2."""

    error = "unsupported_grant_type"
    default_message = N_("There is no such grant.")


class InvalidAccessToken(OAuthError):
    """RFC 6750 §3.1."""

    error = "invalid_token"
    status = 401
    default_message = N_("The access token is not valid or has expired.")


class AuthorizationPending(OAuthError):
    """RFC 8628 §3.5."""

    error = "authorization_pending"
    default_message = N_("The person has not answered yet.")


class SlowDown(OAuthError):
    """RFC 8628 §3.5."""

    error = "slow_down"
    default_message = N_("Ask less often: five seconds more between two questions.")


class ExpiredToken(OAuthError):
    """RFC 8628 §3.5."""

    error = "expired_token"
    default_message = N_("The code is too old. Begin again.")


class InvalidDpopProof(OAuthError):
    """RFC 9449 §5, §7.1."""

    error = "invalid_dpop_proof"
    default_message = N_("The DPoP proof is missing or not valid.")


class UseDpopNonce(InvalidDpopProof):
    """RFC 9449 §8, §9: the nonce comes with the answer."""

    error = "use_dpop_nonce"
    default_message = N_("The DPoP proof needs the nonce of this answer.")


class InsufficientScope(OAuthError):
    """RFC 6750 §3.1."""

    error = "insufficient_scope"
    status = 403
    default_message = N_("The access token is not for this.")


class RequestLost(OAuthError):
    """The stored request is over, or another browser's."""

    default_message = N_("This sign-in is over or took too long. Please start again from the app.")
