"""What can go wrong with a second factor. Wrong, used up, locked and unknown sound alike outside."""

from idp.errors import YimaError
from idp.i18n import N_


class FactorError(YimaError):
    """The family of this room."""

    code = "mfa"


class WrongCode(FactorError):
    """The answer is not the one, or has been used, or the factor is locked."""

    code = "mfa.wrong_code"
    default_message = N_("This code is not right, or was used already. Please wait for the next one.")


class WrongAnswer(WrongCode):
    """As :class:`WrongCode`, of a kind that has no code to type."""

    code = "mfa.wrong_answer"
    default_message = N_("This did not work. Please try again.")


class Compromised(WrongAnswer):
    """The answer shows that somebody else may hold the factor, as a counter that runs backwards does: the engine locks it.

    ``reason`` is a word for the journal. To the person it sounds as any wrong answer does.
    """

    code = "mfa.compromised"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(detail=reason)


class TooManyWrongCodes(FactorError):
    """After several wrong answers the next one has to wait."""

    code = "mfa.too_many"
    default_message = N_("Too many wrong codes. Please wait %(seconds)s seconds and try again.")


class ChallengeLost(FactorError):
    """The challenge is over, was answered, superseded, or belongs to another browser."""

    code = "mfa.challenge"
    default_message = N_("This question is over. Please start the second step again.")


class NotSetUp(FactorError):
    """A right answer of somebody who has not chosen to sign in like this."""

    code = "mfa.not_set_up"
    default_message = N_("You have not set this up yet. Sign in with your password, and add it under “My account”.")


class SomebodyElse(FactorError):
    """A right answer, of another person than the one who is asked."""

    code = "mfa.somebody_else"
    default_message = N_("This belongs to somebody else than the person who is signing in.")


class StillWaiting(FactorError):
    """The phone has not answered yet."""

    code = "mfa.waiting"
    default_message = N_("Not confirmed on the phone yet.")


class Declined(FactorError):
    """The person said no on the phone."""

    code = "mfa.declined"
    default_message = N_("This was declined on the phone.")


class NoSuchFactor(FactorError):
    """The person has no such factor."""

    code = "mfa.no_factor"
    default_message = N_("There is no such second factor.")


class NoSuchToken(FactorError):
    """No token has this serial number, or it is not this person's, or it is in use already."""

    code = "mfa.no_token"
    default_message = N_("There is no token with this serial number for this account.")


class TokenTaken(FactorError):
    """The token is somebody else's."""

    code = "mfa.token_taken"
    default_message = N_("This token is assigned to somebody else. End that assignment first.")


class NotOffered(FactorError):
    """This kind may not be used by this person."""

    code = "mfa.not_offered"
    default_message = N_("This second factor cannot be set up for this account.")


class OnlyBesideAnother(NotOffered):
    """A restricted kind, and nothing better that it would stand beside."""

    code = "mfa.only_beside_another"
    default_message = N_("This way is too weak to be the only one. Please set up another second factor first, then this one.")


class TooManyFactors(FactorError):
    """Nobody needs that many."""

    code = "mfa.too_many_factors"
    default_message = N_("There are %(limit)s of this kind already. Remove one first.")


class TooManyEnrolments(FactorError):
    """Set-ups are begun again and again."""

    code = "mfa.too_many_enrolments"
    default_message = N_("This was begun too often today. Please try again tomorrow.")


class NotRemembered(FactorError):
    """What the browser keeps is no remembered device of this person, or not any more, or there are none here."""

    code = "mfa.not_remembered"
    default_message = N_("This device is not remembered.")


class DeviceStolen(NotRemembered):
    """What the browser keeps was good before it was used: two browsers hold it."""

    code = "mfa.device_stolen"


class NoSuchDevice(FactorError):
    """The person has no such remembered device."""

    code = "mfa.no_device"
    default_message = N_("There is no such remembered device.")


class NotEntitled(FactorError):
    """Only an administrator of the person's school, or of a region, may do this."""

    code = "mfa.reset.not_entitled"
    default_message = N_("Only an administrator of this person's school, or of a region, may do this.")


class OneHandOnly(FactorError):
    """The same person twice, or the person themself."""

    code = "mfa.reset.one_hand"
    default_message = N_("This takes two people, and neither may be the one it is about.")


class WitnessTooNew(FactorError):
    """The factor that was answered by has not been there for long enough."""

    code = "mfa.reset.too_new"
    default_message = N_("Your second factor was set up less than a day ago. It counts for this after a day.")


class NoSuchReset(FactorError):
    """There is none of this number, or it is over, or it was asked for too long ago."""

    code = "mfa.reset.none"
    default_message = N_("There is no such reset, or it is over.")


class ResetUnderWay(FactorError):
    """One is asked for already."""

    code = "mfa.reset.under_way"
    default_message = N_("A reset of this person's second factors is under way already.")
