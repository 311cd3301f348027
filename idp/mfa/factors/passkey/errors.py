"""What can go wrong with a passkey. Whoever holds it hears one sentence; the class and ``detail`` are for the log."""

from idp.i18n import N_
from idp.mfa.errors import WrongAnswer


class PasskeyRefused(WrongAnswer):
    """The family of passkeys."""

    code = "mfa.passkey"
    default_message = N_("This passkey was not accepted. Please try again, or choose another way.")


class MalformedAnswer(PasskeyRefused):
    """What the browser handed over is not in the form of the specification, or is too large."""

    code = "mfa.passkey.malformed"


class WrongCeremony(PasskeyRefused):
    """The answer to a registration was given at a sign-in, or the other way round."""

    code = "mfa.passkey.ceremony"


class WrongChallenge(PasskeyRefused):
    """The answer is to another challenge: it was recorded and played again."""

    code = "mfa.passkey.challenge"


class WrongOrigin(PasskeyRefused):
    """The ceremony took place on a page that is not ours."""

    code = "mfa.passkey.origin"


class WrongRelyingParty(PasskeyRefused):
    """The passkey was made for somebody else."""

    code = "mfa.passkey.relying_party"


class UserNotVerified(PasskeyRefused):
    """The device did not check that it is its owner who holds it."""

    code = "mfa.passkey.user_not_verified"
    default_message = N_("Your device did not check that it is you. Please set a screen lock or a PIN for it, and try again.")


class UnsupportedKey(PasskeyRefused):
    """The public key is of an algorithm that was not offered, or is no such key."""

    code = "mfa.passkey.key"
    default_message = N_("This device makes a kind of passkey that we cannot use. Please take another one.")


class WrongOwner(PasskeyRefused):
    """The passkey says that it belongs to somebody else than the row does."""

    code = "mfa.passkey.owner"


class WrongSignature(PasskeyRefused):
    """The signature is not by the stored key over this answer."""

    code = "mfa.passkey.signature"


class SignCountRegressed(PasskeyRefused):
    """A right signature with a count that has been passed: there are two authenticators with this key."""

    code = "mfa.passkey.sign_count"


class AlreadyKnown(PasskeyRefused):
    """Somebody, perhaps the same person, has a passkey of this id."""

    code = "mfa.passkey.known"
