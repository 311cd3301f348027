"""What the page of a sign-in says when the phone is not asked."""

from idp.i18n import N_
from idp.mfa.errors import FactorError


class AskedTooOften(FactorError):
    """Several questions have gone unanswered."""

    code = "mfa.cosign.asked_too_often"
    default_message = N_("The phone was asked several times without an answer. Please wait ten minutes, or choose another way.")


class Frozen(FactorError):
    """The person has said that somebody else was signing in."""

    code = "mfa.cosign.frozen"
    default_message = N_(
        "Phone signing has been stopped for an hour, because somebody pressed “Not me”. Please choose another way."
    )
