"""What can go wrong with a second factor. Wrong, used up and unknown sound alike outside."""

from idp.errors import YimaError
from idp.i18n import N_


class FactorError(YimaError):
    """The family of this room."""

    code = "mfa"


class WrongCode(FactorError):
    """The answer is not the one, or has been used."""

    code = "mfa.wrong_code"
    default_message = N_("This code is not right, or was used already. Please wait for the next one.")


class TooManyWrongCodes(FactorError):
    """After several wrong answers the next one has to wait."""

    code = "mfa.too_many"
    default_message = N_("Too many wrong codes. Please wait %(seconds)s seconds and try again.")


class NoSuchFactor(FactorError):
    """The person has no such factor."""

    code = "mfa.no_factor"
    default_message = N_("There is no such second factor.")


class TooManyFactors(FactorError):
    """Nobody needs that many."""

    code = "mfa.too_many_factors"
    default_message = N_("There are %(limit)s authenticator apps already. Remove one first.")
