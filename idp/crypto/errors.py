"""What can go wrong in cryptography. Messages never say what the secret was, nor which of its bytes was wrong."""

from idp.errors import YimaError
from idp.i18n import N_


class CryptoError(YimaError):
    """The family of this room."""

    code = "crypto"


class InvalidKey(CryptoError):
    """The key is not one of its kind: wrong length, off the curve, out of range, wrong type."""

    code = "crypto.invalid_key"
    default_message = N_("The key is not valid.")


class InvalidSignature(CryptoError):
    """The signature is not by this key over this message."""

    code = "crypto.invalid_signature"
    default_message = N_("The signature is not valid.")


class InvalidEncoding(CryptoError):
    """The bytes are not in the one encoding that the format allows."""

    code = "crypto.invalid_encoding"
    default_message = N_("The encoding is not valid.")


class DecryptionFailed(CryptoError):
    """The ciphertext was changed, is for another key, or stands in another place than it was sealed for."""

    code = "crypto.decryption_failed"
    default_message = N_("The data could not be decrypted.")


class UnknownKey(CryptoError):
    """The key that the data names is not among those given."""

    code = "crypto.unknown_key"
    default_message = N_("The key %(key_id)s is not known here.")


class UnsupportedAlgorithm(CryptoError):
    """The algorithm is not one of ours, or the engine lacks it."""

    code = "crypto.unsupported_algorithm"
    default_message = N_("The algorithm %(algorithm)s is not supported.")


class InvalidToken(CryptoError):
    """The token is not a JWS that we accept. ``detail`` says why; the holder need not know."""

    code = "crypto.invalid_token"
    default_message = N_("The token is not valid.")


class WrongPassword(CryptoError):
    """The password is not the one that the verifier was made from."""

    code = "crypto.wrong_password"
    default_message = N_("The password is wrong.")


class PasswordNotUsable(CryptoError):
    """The password cannot be one: empty, too long, or not text."""

    code = "crypto.password_not_usable"
    default_message = N_("This password cannot be used: it is empty or too long.")


class EngineUnavailable(CryptoError):
    """The engine cannot run on this machine."""

    code = "crypto.engine_unavailable"
    default_message = N_("The engine %(engine)s is not available: %(reason)s")


class SelfTestFailed(CryptoError):
    """A known answer came out wrong: nothing this process computes can be trusted."""

    code = "crypto.self_test_failed"
    default_message = N_("The self-test of the cryptography failed at %(check)s with the engine %(engine)s.")
