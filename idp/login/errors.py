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


class AddressNotOffered(LoginError):
    """No e-mail is sent here, the installation keeps addresses to itself, or the person is a child."""

    code = "login.address.not_offered"
    default_message = N_("An e-mail address cannot be entered here.")


class NotAnAddress(LoginError):
    """What was typed is no e-mail address."""

    code = "login.address"
    default_message = N_("This is not an e-mail address that we can write to.")


class LettersMustWait(LoginError):
    """A limit on codes by e-mail."""

    code = "login.address.wait"
    default_message = N_("Too many codes were asked for. Please try again in %(minutes)s min.")


class AddressCodeRefused(LoginError):
    """The code is wrong, used, too old, or of another address or browser."""

    code = "login.address.code"
    default_message = N_("This code is not right, or not good any more.")


class AddressTaken(LoginError):
    """Somebody else has the address. Said to whoever has proven that they read what comes there, and to nobody else."""

    code = "login.address.taken"
    default_message = N_("Another account here has this address. Please enter one that is yours alone, or ask your school.")


class FlowLost(LoginError):
    """The sign-in was begun elsewhere, is over, or took too long."""

    code = "login.flow"
    default_message = N_("This sign-in is over or took too long. Please start again from the app.")


class NoSuchSession(LoginError):
    """The session is not one of this person's, or has ended."""

    code = "login.no_session"
    default_message = N_("This sign-in has ended already.")
