"""What can go wrong with a directory. What it says itself is never shown: a directory's text may name its insides."""

from typing import ClassVar

from idp.errors import YimaError
from idp.i18n import N_


class DirectoryError(YimaError):
    """The family of this room."""

    code = "directory"


class InvalidDirectory(DirectoryError):
    """What is said of a directory contradicts itself or a rule. ``field`` and ``reason`` say which."""

    code = "directory.invalid"
    default_message = N_("%(field)s: %(reason)s")


class NoSuchDirectory(DirectoryError):
    """Nobody has this number."""

    code = "directory.unknown"
    default_message = N_("There is no directory %(directory)s.")


class CredentialsRefused(DirectoryError):
    """Not this password, or nobody of this name; the two sound alike."""

    code = "directory.refused"
    default_message = N_("The directory refuses the name or the password.")


class Unavailable(DirectoryError):
    """No server of the directory gave an answer that can be relied on. ``detail`` says what each did."""

    code = "directory.unavailable"
    default_message = N_(
        "Your school keeps your password itself, and its directory does not answer at the moment. Nothing is wrong with your "
        "account: please try again in a few minutes."
    )


class Unreachable(Unavailable):
    """Not even a conversation came about: no connection, no encryption that holds, no answer in time."""

    code = "directory.unreachable"


class AccountState(DirectoryError):
    """The directory does not let this account in, whatever the password. ``guessable``: it says so to a wrong password too."""

    code = "directory.state"
    guessable: ClassVar[bool] = False


class Locked(AccountState):
    """Too many wrong passwords there."""

    code = "directory.locked"
    guessable = True
    default_message = N_("Your school has locked this account, mostly after too many wrong passwords. Please ask your school.")


class Disabled(AccountState):
    """The account is switched off or has run out."""

    code = "directory.disabled"
    default_message = N_("Your school has switched this account off, or its time is over. Please ask your school.")


class NotNow(AccountState):
    """The account may not be used at this hour or from here."""

    code = "directory.not_now"
    default_message = N_("Your school does not let this account sign in at this time or from here. Please ask your school.")


class Expired(AccountState):
    """The password is right, and too old."""

    code = "directory.expired"
    default_message = N_("Your password is too old. Change it where your school keeps it, then sign in here with the new one.")


class MustChange(AccountState):
    """The password is right, and was given by somebody else."""

    code = "directory.must_change"
    default_message = N_(
        "Your school asks you to choose a new password first. Change it there, then sign in here with the new one."
    )
