"""A private key in whatever form its file has."""

from idp.crypto import pem, sm2
from idp.crypto.der import Reader
from idp.crypto.errors import CryptoError, DecryptionFailed
from idp.crypto.key_files import pbes2, pkcs8, sec1

DEFAULT_PROFILE = "sm4-hmac-sm3"


def read_private_key(data: bytes, password: bytes | None = None, *, weak_allowed: bool = False) -> sm2.PrivateKey:
    """The key in a PEM file: PKCS#8, encrypted PKCS#8, or SEC1. The file holds one block and no other.

    Raises :class:`~idp.crypto.errors.MalformedPEM`, ``MalformedDER``, ``UnsupportedAlgorithm``, ``InvalidKey``,
    ``WeakKeyDerivation`` (``weak_allowed`` lowers the bound to what old tools wrote), :class:`DecryptionFailed`: a wrong password,
    none where one is due, or one where none is.
    """
    label, der = pem.decode(data, pkcs8.PEM_LABEL, pbes2.PEM_LABEL, sec1.PEM_LABEL)
    if (label == pbes2.PEM_LABEL) != (password is not None):
        raise DecryptionFailed(detail="a password where none is due, or none where one is")
    if password is not None:
        info = pbes2.decrypt(der, password, weak_allowed=weak_allowed)
        try:
            return _pkcs8(info)
        except CryptoError:  # one wrong password in 256 leaves a padding that looks right
            raise DecryptionFailed from None
    if label == sec1.PEM_LABEL:
        reader = Reader(der, limit=sec1.MAX_BYTES)
        key = sec1.read(reader, curve_known=False)
        reader.finish()
        return key
    return _pkcs8(der)


def write_private_key(
    key: sm2.PrivateKey,
    password: bytes | None,
    *,
    profile: str = DEFAULT_PROFILE,
    iterations: int = pbes2.ITERATIONS,
) -> str:
    """The PEM, PKCS#8, encrypted by one of ``PBES2_PROFILES`` unless ``password`` is said to be none."""
    info = pkcs8.encode(key)
    if password is None:
        return pem.encode(pkcs8.PEM_LABEL, info)
    return pem.encode(pbes2.PEM_LABEL, pbes2.encrypt(info, password, pbes2.PBES2_PROFILES[profile], iterations))


def _pkcs8(der: bytes) -> sm2.PrivateKey:
    reader = Reader(der, limit=pkcs8.MAX_BYTES)
    key = pkcs8.read(reader)
    reader.finish()
    return key
