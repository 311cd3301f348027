"""What can go wrong in the signing service. ``status`` and ``error`` are what a program is told."""

from typing import ClassVar

from idp.errors import YimaError
from idp.i18n import N_


class SigningError(YimaError):
    """The family of this room."""

    code = "signing"
    status: ClassVar[int] = 400
    error: ClassVar[str] = "invalid_request"


class InvalidMember(SigningError):
    """A request that is not as described. ``member`` is the name of what is wrong in it."""

    code = "signing.invalid_member"
    default_message = N_("The request is not as described: %(member)s.")


class NotAllowed(SigningError):
    """The app may not do this with this key; whether there is such a key is not its business."""

    code = "signing.not_allowed"
    status = 403
    error = "not_allowed"
    default_message = N_("This app may not do that with the key %(key)s.")


class TooManyRequests(SigningError):
    """More than the app may ask in a minute. ``seconds`` is how long to wait."""

    code = "signing.too_many"
    status = 429
    error = "too_many_requests"
    default_message = N_("Too many requests in a minute: wait %(seconds)s seconds.")

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds=seconds)
        self.seconds = seconds


class KeyNotUsable(SigningError):
    """The key is retired, or its certificate is on hold, revoked or over."""

    code = "signing.key_not_usable"
    status = 409
    error = "key_not_usable"
    default_message = N_("The key %(key)s cannot be used: %(reason)s")


class WrongUse(SigningError):
    """A key for signing is not for opening envelopes, and the other way round."""

    code = "signing.wrong_use"
    status = 409
    error = "key_not_usable"
    default_message = N_("The key %(key)s is not for this use.")


class NoSuchSigningKey(SigningError):
    """There is no key of this name."""

    code = "signing.no_key"
    default_message = N_("There is no signing key %(key)s.")


class SigningKeyExists(SigningError):
    """The name is taken."""

    code = "signing.key_exists"
    default_message = N_("There is a signing key %(key)s already.")


class InvalidKeyName(SigningError):
    """Not a name that can stand in requests and commands."""

    code = "signing.key_name"
    default_message = N_("The name of a signing key is 1 to 40 small letters, digits and hyphens.")


class SuccessorNeeded(SigningError):
    """A key in a device is followed by another one in a device, which somebody names."""

    code = "signing.successor_needed"
    default_message = N_("The key %(key)s is in a device: name the one that follows it with --key, or leave it with --in-software.")


class DeviceSignsOnly(SigningError):
    """Keys that open envelopes are made here: a device is asked for signatures alone."""

    code = "signing.device_signs_only"
    default_message = N_("A key in a device signs only; a key that opens envelopes is made here.")


class RecipientNotFitting(SigningError):
    """Nothing is encrypted to a certificate that is not for it."""

    code = "signing.recipient"
    default_message = N_("Nothing can be encrypted to this certificate: it is not for encryption.")


class RootsNotReadable(SigningError):
    """The file that the setting ``signing_trust`` names holds no certificates. Found at the start, not at the first verdict."""

    code = "signing.roots"
    default_message = N_("The file %(path)s of the setting signing_trust holds no certificates that can be read (PEM).")


class NotPermitted(SigningError):
    """Nothing to take back."""

    code = "signing.not_permitted"
    default_message = N_("The app %(app)s has no permission for the key %(key)s.")
