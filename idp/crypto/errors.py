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


class InvalidProof(CryptoError):
    """Whoever made the proof did not know the secret, or made it for something else."""

    code = "crypto.invalid_proof"
    default_message = N_("The proof is not valid.")


class InvalidEncoding(CryptoError):
    """The bytes are not in the one encoding that the format allows."""

    code = "crypto.invalid_encoding"
    default_message = N_("The encoding is not valid.")


class MalformedDER(InvalidEncoding):
    """The bytes are not DER, or not the structure that is due. ``offset`` is the byte, ``detail`` says what is wrong with it."""

    code = "crypto.malformed_der"
    default_message = N_("The encoding is not valid at byte %(offset)s.")

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(detail=reason, offset=offset)
        self.offset = offset


class MalformedPEM(InvalidEncoding):
    """The text is not PEM, or not the blocks that are due."""

    code = "crypto.malformed_pem"
    default_message = N_("The file is not PEM with exactly what is due in it: %(due)s.")


class WeakKeyDerivation(CryptoError):
    """The key file stretches its password too little to be safe, or so much that reading it would stop the machine."""

    code = "crypto.weak_key_derivation"
    default_message = N_("The key file uses %(iterations)s rounds of key derivation; %(minimum)s to %(maximum)s are accepted.")


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
