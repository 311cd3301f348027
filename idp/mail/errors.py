"""What can go wrong with e-mail."""

from idp.errors import YimaError
from idp.i18n import N_


class MailError(YimaError):
    """The family of this room: the server did not take a letter, and may later. ``detail`` is the operator's and names nobody."""

    code = "mail"
    default_message = N_("The e-mail could not be sent.")


class Unreachable(MailError):
    """There is no connection, it broke, or it is not as safe as the settings ask."""

    code = "mail.unreachable"


class AccountRefused(MailError):
    """The server does not accept us, or our sender."""

    code = "mail.account"


class LetterRefused(MailError):
    """The server will never take this letter: no such address, or not this content."""

    code = "mail.refused"
