"""What the phone is told. The app has the words; here are the codes that it knows."""

from idp.errors import YimaError
from idp.i18n import N_


class PhoneError(YimaError):
    """The family of this room. ``word`` goes to the phone, with ``status``."""

    code = "phone"
    word = "invalid"
    status = 400
    left: int | None = None


class Malformed(PhoneError):
    """Not a message of the app."""

    code = "phone.malformed"
    default_message = N_("The phone's message is malformed.")


class UnknownPhone(PhoneError):
    """No such key, or not this device's signature: which of the two is nobody's business."""

    code = "phone.unknown"
    word = "unknown"
    status = 401
    default_message = N_("This phone is not known.")


class Stale(PhoneError):
    """The phone shows another text than the one that is to be signed. Not counted: it is no wrong PIN."""

    code = "phone.stale"
    word = "stale"
    status = 409
    default_message = N_("The phone shows an old message.")


class Gone(PhoneError):
    """The transaction is over, answered, or never was."""

    code = "phone.gone"
    word = "gone"
    status = 410
    default_message = N_("This transaction is over.")


class WrongNumber(PhoneError):
    """Not the two digits of the page."""

    code = "phone.wrong_number"
    word = "wrong_number"
    status = 422
    default_message = N_("These are not the two digits on the page.")


class WrongPin(PhoneError):
    """The proof of the share does not hold, which is what a wrong PIN looks like from here."""

    code = "phone.wrong_pin"
    word = "wrong_pin"
    status = 422
    default_message = N_("The PIN is not right.")

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left


class PhoneLocked(PhoneError):
    """Said to whoever holds the device, of a right PIN and a wrong one alike."""

    code = "phone.locked"
    word = "locked"
    status = 423
    default_message = N_("This phone is locked.")


class TooOften(PhoneError):
    """Asked again and again."""

    code = "phone.too_often"
    word = "too_many"
    status = 429
    default_message = N_("Too often. Please try again later.")
