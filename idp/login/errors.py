"""What can go wrong at sign-in. What exists and what does not sound alike."""

from idp.errors import YimaError
from idp.i18n import N_


class LoginError(YimaError):
    """The family of this room."""

    code = "login"


class SignInRefused(LoginError):
    """Account and password do not fit, or there is no such account."""

    code = "login.refused"
    default_message = N_("The account or the password is not right.")


class TooManyTries(LoginError):
    """The next try has to wait."""

    code = "login.too_many"
    default_message = N_("Too many tries. Please wait %(seconds)s seconds and try again.")


class ActivationRefused(LoginError):
    """The activation code does not fit, is used up or too old."""

    code = "login.activation"
    default_message = N_("The account or the activation code is not right, or the code is too old. Ask your school for a new one.")


class PasswordTooWeak(LoginError):
    """The password can be guessed."""

    code = "login.weak_password"
    default_message = N_("Please choose another password: %(reason)s")


class PasswordElsewhere(LoginError):
    """The person's password is kept by a directory of the school: none is set here."""

    code = "login.elsewhere"
    default_message = N_("Your password is kept by %(school)s: sign in with the account and password that you have there.")


class FlowLost(LoginError):
    """The sign-in was begun elsewhere, is over, or took too long."""

    code = "login.flow"
    default_message = N_("This sign-in is over or took too long. Please start again from the app.")


class NoSuchSession(LoginError):
    """The session is not one of this person's, or has ended."""

    code = "login.no_session"
    default_message = N_("This sign-in has ended already.")
