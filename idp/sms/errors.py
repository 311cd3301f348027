"""What can go wrong with a text message."""

from typing import ClassVar

from idp.errors import YimaError
from idp.i18n import N_


class SmsError(YimaError):
    """The family of this room."""

    code = "sms"


class NotAvailable(SmsError):
    """This installation sends no text messages."""

    code = "sms.not_available"
    default_message = N_("Text messages are not set up here.")


class CountryNotAllowed(SmsError):
    """Messages do not go to this country: our policy against toll fraud."""

    code = "sms.country"
    default_message = N_("Text messages cannot be sent to numbers of this country.")


class TooManyMessages(SmsError):
    """One more message has to wait."""

    code = "sms.too_many"
    default_message = N_("Too many text messages were asked for. Please wait %(seconds)s seconds, or choose another way.")


class WorkNeeded(SmsError):
    """One more message so soon has a price: work by the browser, or patience."""

    code = "sms.work"
    default_message = N_(
        "A message was sent just now. Please wait %(minutes)s minutes, or choose another way. "
        "With JavaScript there is no need to wait."
    )


class BudgetSpent(SmsError):
    """As many codes went unanswered today as are thought to be honest."""

    code = "sms.budget"
    default_message = N_("No more text messages can be sent today. Please choose another way, or ask your school.")


class MessageTooLong(SmsError):
    """The text needs more segments than anybody should pay for."""

    code = "sms.too_long"
    default_message = N_("The text message is too long.")


class SendError(SmsError):
    """A provider did not take a message. ``detail`` is for the operator: numbers and the protocol's words, nothing personal.

    ``permanent``: trying again would end the same way. ``elsewhere``: another provider may be asked, because this one has
    certainly not sent it and the reason lies with this one.
    """

    code = "sms.send"
    default_message = N_("The text message could not be sent.")
    permanent: ClassVar[bool] = False
    elsewhere: ClassVar[bool] = True


class Unreachable(SendError):
    """There is no connection, or it ended before the message was handed over."""

    code = "sms.unreachable"


class Busy(SendError):
    """The provider asks to slow down."""

    code = "sms.busy"


class AccountRefused(SendError):
    """The provider does not accept us: password, key, address, signature, template, money."""

    code = "sms.account"
    permanent = True


class MessageRefused(SendError):
    """The provider does not accept this message."""

    code = "sms.message"
    permanent = True


class NoTemplate(SendError):
    """This provider sends approved texts only, and none is named for what this message says. Another may be able to."""

    code = "sms.no_template"
    permanent = True


class NumberRefused(SendError):
    """The number does not exist or wants no messages: true of every provider."""

    code = "sms.number"
    permanent = True
    elsewhere = False


class ProviderLimit(SendError):
    """The provider's own limit for this number. Another provider is not asked: the limit protects the number's owner."""

    code = "sms.provider_limit"
    permanent = True
    elsewhere = False


class OutcomeUnknown(SendError):
    """The message was handed over and nobody said what became of it. It is not sent again, by anybody."""

    code = "sms.unknown"
    permanent = True
    elsewhere = False
