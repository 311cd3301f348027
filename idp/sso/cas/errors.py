"""What can go wrong: told to people on a page, or to programs by a code of the specification (§2.5.3, §2.7.3)."""

from typing import ClassVar

from idp.errors import YimaError
from idp.i18n import N_


class CasError(YimaError):
    """The family of this room."""

    code = "cas"


class BadRequest(CasError):
    """The address that the browser was sent to is not one of a CAS app's."""

    code = "cas.request"
    default_message = N_("The app sent something we cannot read. Please tell those who look after it.")


class UnknownService(CasError):
    """§2.2.1: an address nobody has registered, which nobody is sent to."""

    code = "cas.service"
    default_message = N_("This app is not registered here, or is switched off. Please tell those who look after it.")


class RequestLost(CasError):
    """The waiting request is another browser's, is over, or took too long."""

    code = "cas.lost"
    default_message = N_("This sign-in is over or took too long. Please start again from the app.")


class NotSignedIn(CasError):
    """The person gave up, or did not agree; the specification has no answer to the app for that."""

    code = "cas.not_signed_in"
    default_message = N_("You are not signed in to %(app)s. It was told nothing about you.")


class NotForThisPerson(CasError):
    """Our policy: the app's school has said for whom it is."""

    code = "cas.audience"
    default_message = N_("This app is not for you: its school has said for whom it is.")


class LevelNotMet(CasError):
    """The app needs more than the person can prove."""

    code = "cas.level"
    default_message = N_("%(app)s needs a safer sign-in than you can set up here. Please ask your school.")


class NoUserName(CasError):
    """The app knows people by something that this person does not have, or that is not told about them."""

    code = "cas.no_user_name"
    default_message = N_("%(app)s knows people by something that your school has not entered for you. Please ask your school.")


class ValidationFailure(CasError):
    """A failure that a program is told: ``cas_code`` is the specification's, the message its English description."""

    cas_code: ClassVar[str] = "INTERNAL_ERROR"
    code = "cas.internal"
    default_message = N_("An internal error occurred.")


class InvalidRequest(ValidationFailure):
    """A parameter is missing or cannot be read."""

    cas_code = "INVALID_REQUEST"
    code = "cas.invalid_request"
    default_message = N_("A required parameter is missing, or a parameter cannot be read.")


class InvalidTicketSpec(ValidationFailure):
    """A proxy ticket where only service tickets count (§2.4, §2.5)."""

    cas_code = "INVALID_TICKET_SPEC"
    code = "cas.invalid_ticket_spec"
    default_message = N_("A proxy ticket was presented; this endpoint validates service tickets only.")


class InvalidTicket(ValidationFailure):
    """Unknown, spent, expired, or of a session that has ended."""

    cas_code = "INVALID_TICKET"
    code = "cas.invalid_ticket"
    default_message = N_("The ticket is not known, was used already, or has expired.")


class NotFromNewLogin(InvalidTicket):
    """``renew`` was set, and the ticket came from a session that was there."""

    code = "cas.not_renewed"
    default_message = N_("The ticket did not come from a sign-in made for this request, and renew was set.")


class InvalidService(ValidationFailure):
    """The ticket was given for another service."""

    cas_code = "INVALID_SERVICE"
    code = "cas.invalid_service"
    default_message = N_("The ticket was issued for another service.")


class UnauthorizedServiceProxy(ValidationFailure):
    """The service may not ask for proxy-granting tickets, or not at this address."""

    cas_code = "UNAUTHORIZED_SERVICE_PROXY"
    code = "cas.unauthorized_service_proxy"
    default_message = N_("The service is not registered for proxy authentication with this callback address.")


class InvalidProxyCallback(ValidationFailure):
    """The callback address did not answer as it must (§2.5.4)."""

    cas_code = "INVALID_PROXY_CALLBACK"
    code = "cas.invalid_proxy_callback"
    default_message = N_("The proxy callback address could not be reached securely, or did not answer 200.")


class UnauthorizedService(ValidationFailure):
    """The target service cannot be had by proxy, for this person at this level."""

    cas_code = "UNAUTHORIZED_SERVICE"
    code = "cas.unauthorized_service"
    default_message = N_("The target service is not registered, needs a higher level, or was not agreed to by the person.")
