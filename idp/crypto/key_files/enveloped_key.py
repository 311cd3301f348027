"""SM2EnvelopedKey (GM/T 0009): an encryption key on its way to the holder of a signing key.

The private key is encrypted under a fresh SM4 key, which is encrypted to the recipient by SM2. We have not read the standard; the
structure is the one that implementations agree on. Written with 32 bytes inside; 64, of which the first half is zero, are read too.
"""

import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from idp.crypto import pem, sm2
from idp.crypto.der import AlgorithmIdentifier, Reader, ciphertext_to_der, oids, writer
from idp.crypto.der.sm2_values import read_ciphertext
from idp.crypto.errors import DecryptionFailed, InvalidKey, UnsupportedAlgorithm
from idp.crypto.key_files.spki import UNCOMPRESSED, public_key_from_point

PEM_LABEL = "SM2 ENVELOPED KEY"  # our own; the standard knows the DER only
MAX_BYTES = 1024
_KEY_BYTES, _SCALAR_BYTES = 16, 32


def seal(key: sm2.PrivateKey, recipient: sm2.PublicKey) -> bytes:
    """The DER of ``key``, for the holder of ``recipient`` alone."""
    session = secrets.token_bytes(_KEY_BYTES)
    encryptor = Cipher(algorithms.SM4(session), modes.ECB()).encryptor()  # noqa: S305 - two random blocks, once
    return writer.sequence(
        AlgorithmIdentifier(oids.SM4_ECB).encode(),
        sm2.encrypt(recipient, session),
        writer.bit_string(UNCOMPRESSED + key.public_key.point),
        writer.bit_string(encryptor.update(key.scalar) + encryptor.finalize()),
    )


def open_enveloped(der: bytes, recipient: sm2.PrivateKey) -> sm2.PrivateKey:
    """The key. Raises ``MalformedDER``, :class:`UnsupportedAlgorithm`, and :class:`DecryptionFailed` for whatever does not open, or
    does not belong to the public key beside it.
    """
    reader = Reader(der, limit=MAX_BYTES)
    inner = reader.sequence()
    reader.finish()
    algorithm = AlgorithmIdentifier.read(inner)
    if algorithm.algorithm != oids.SM4_ECB or not algorithm.without_parameters:
        raise UnsupportedAlgorithm(algorithm=algorithm.algorithm)
    wrapped = ciphertext_to_der(*read_ciphertext(inner))
    public, sealed = public_key_from_point(inner.bit_string()), inner.bit_string()
    inner.finish()
    session = sm2.decrypt(recipient, wrapped)
    if len(session) != _KEY_BYTES or len(sealed) not in (_SCALAR_BYTES, 2 * _SCALAR_BYTES):
        raise DecryptionFailed
    decryptor = Cipher(algorithms.SM4(session), modes.ECB()).decryptor()  # noqa: S305
    scalar = decryptor.update(sealed) + decryptor.finalize()
    if scalar[:-_SCALAR_BYTES].strip(b"\x00"):
        raise DecryptionFailed
    try:
        key = sm2.PrivateKey(scalar[-_SCALAR_BYTES:])
    except InvalidKey:
        raise DecryptionFailed from None
    if key.public_key != public:
        raise DecryptionFailed
    return key


def to_pem(der: bytes) -> str:
    """As text."""
    return pem.encode(PEM_LABEL, der)


def from_pem(text: str | bytes) -> bytes:
    """The one envelope in a text. Raises ``MalformedPEM``."""
    return pem.decode(text, PEM_LABEL)[1]
