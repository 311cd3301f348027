"""What can go wrong with other providers. What they say themselves is never repeated on a page."""

from idp.errors import YimaError
from idp.i18n import N_


class UpstreamError(YimaError):
    """The family of this room."""

    code = "upstream"


class InvalidUpstream(UpstreamError):
    """What was said of a provider breaks a rule."""

    code = "upstream.invalid"
    default_message = N_("%(field)s: %(reason)s")


class NoSuchUpstream(UpstreamError):
    """There is none of this name, or it is switched off, or it is not for this school."""

    code = "upstream.unknown"
    default_message = N_("There is no such way to sign in here, or it is switched off.")


class UpstreamSilent(UpstreamError):
    """The provider did not answer in time, or not in a form that we can read. Nobody's fault who is reading this."""

    code = "upstream.silent"
    default_message = N_("%(provider)s does not answer at the moment. Try again later, or sign in with your account here.")


class UpstreamBusy(UpstreamError):
    """So many are waiting for this provider that no more are made to wait."""

    code = "upstream.busy"
    default_message = N_("%(provider)s is very slow at the moment. Try again in a minute, or sign in with your account here.")


class SignInDeclined(UpstreamError):
    """The provider says that there will be no sign-in: the person did not want it, or it did not let them."""

    code = "upstream.declined"
    default_message = N_("You were not signed in at %(provider)s. You can try again, or sign in with your account here.")


class AnswerRefused(UpstreamError):
    """The provider's answer is not what it must be. ``detail`` says why; it is for the operator."""

    code = "upstream.answer"
    default_message = N_("The answer of %(provider)s could not be accepted. If this happens again, tell your school.")


class ReturnLost(UpstreamError):
    """The return belongs to no sign-in of this browser, or to one that is over."""

    code = "upstream.lost"
    default_message = N_("This sign-in is over, was begun in another browser, or took too long. Please start again.")


class NotLinked(UpstreamError):
    """Nobody here is known by that account."""

    code = "upstream.not_linked"
    default_message = N_("Your account at %(provider)s is not linked to anybody here yet.")


class NotForThisPerson(UpstreamError):
    """The account is somebody's who may not come in by it: disabled, or of a school that this provider does not speak for."""

    code = "upstream.not_for_person"
    default_message = N_("You cannot sign in by %(provider)s. Please sign in with your account here, or ask your school.")


class LinkedToAnother(UpstreamError):
    """That account already opens another person's account."""

    code = "upstream.linked_to_another"
    default_message = N_("Your account at %(provider)s is linked to somebody else here. Ask your school if that is not right.")


class NoSuchLink(UpstreamError):
    """There is no such link, or it is another person's."""

    code = "upstream.no_link"
    default_message = N_("This link has been taken away already.")
