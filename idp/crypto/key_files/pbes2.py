"""EncryptedPrivateKeyInfo under PBES2 and PBKDF2 (RFC 5958 §3, RFC 8018 §6.2).

HMAC-SM3 has two published identifiers (GM/T 0091-2020 prints both), and every other implementation reads one of them only. Both are
read here; which is written is a profile. CBC carries no MAC: a wrong password is noticed by padding and by the key that comes out,
so files are for transport and rest, not for answering strangers.
"""

import hashlib
import secrets
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from idp.crypto import sm3, sm4
from idp.crypto.der import AlgorithmIdentifier, Reader, oids, writer
from idp.crypto.errors import DecryptionFailed, UnsupportedAlgorithm, WeakKeyDerivation

PEM_LABEL = "ENCRYPTED PRIVATE KEY"
MAX_BYTES = 2048
ITERATIONS = 600_000
MIN_ITERATIONS, MAX_ITERATIONS = 10_000, 10_000_000  # below: guessable; above: reading the file is a denial of service
WEAK_MIN_ITERATIONS = 2048  # what OpenSSL writes by default; read only where the caller says so, to be wrapped anew
SALT_BYTES, MIN_SALT_BYTES, MAX_SALT_BYTES = 16, 8, 64
_IV_BYTES = 16
_KEY_BYTES = {oids.SM4_CBC: 16, oids.AES_256_CBC: 32}


@dataclass(frozen=True, slots=True)
class PBES2Profile:
    """A cipher and the pseudo-random function of its key derivation, with the parameters as its readers want them."""

    cipher: str
    prf: AlgorithmIdentifier


# Who reads what: docs/specs/key-files.md. The first is what we write where nobody asks for another.
PBES2_PROFILES = {
    "sm4-hmac-sm3": PBES2Profile(oids.SM4_CBC, AlgorithmIdentifier(oids.HMAC_SM3)),
    "sm4-hmac-sm3-keyed": PBES2Profile(oids.SM4_CBC, AlgorithmIdentifier(oids.HMAC_SM3_KEYED, writer.NULL)),
    "aes256-hmac-sha256": PBES2Profile(oids.AES_256_CBC, AlgorithmIdentifier(oids.HMAC_WITH_SHA256, writer.NULL)),
    "sm4-hmac-sha256": PBES2Profile(oids.SM4_CBC, AlgorithmIdentifier(oids.HMAC_WITH_SHA256, writer.NULL)),
}
_PRFS = (oids.HMAC_SM3, oids.HMAC_SM3_KEYED, oids.HMAC_WITH_SHA256)


@dataclass(frozen=True, slots=True)
class EncryptedKey:
    """The parts of an encrypted key file, not yet decrypted."""

    profile: PBES2Profile
    salt: bytes
    iterations: int
    names_key_length: bool
    iv: bytes
    ciphertext: bytes

    def encode(self) -> bytes:
        """The DER."""
        length = writer.integer(_KEY_BYTES[self.profile.cipher]) if self.names_key_length else b""
        derivation = writer.sequence(writer.octets(self.salt), writer.integer(self.iterations), length, self.profile.prf.encode())
        scheme = writer.sequence(
            AlgorithmIdentifier(oids.PBKDF2, derivation).encode(),
            AlgorithmIdentifier(self.profile.cipher, writer.octets(self.iv)).encode(),
        )
        return writer.sequence(AlgorithmIdentifier(oids.PBES2, scheme).encode(), writer.octets(self.ciphertext))


def encrypt(info: bytes, password: bytes, profile: PBES2Profile, iterations: int = ITERATIONS) -> bytes:
    """The DER of ``info``, a PrivateKeyInfo, under ``password``. Raises :class:`WeakKeyDerivation`."""
    check_iterations(iterations, MIN_ITERATIONS)
    salt, iv = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(_IV_BYTES)
    key = _derive(profile, password, salt, iterations)
    ciphertext = sm4.cbc_encrypt(key, iv, info) if profile.cipher == oids.SM4_CBC else _aes_encrypt(key, iv, info)
    return EncryptedKey(profile, salt, iterations, False, iv, ciphertext).encode()


def decrypt(der: bytes, password: bytes, *, weak_allowed: bool = False) -> bytes:
    """The PrivateKeyInfo. Raises ``MalformedDER``, :class:`UnsupportedAlgorithm`, :class:`WeakKeyDerivation`,
    :class:`DecryptionFailed` (a wrong password, or a damaged file).
    """
    found = read(der)
    check_iterations(found.iterations, WEAK_MIN_ITERATIONS if weak_allowed else MIN_ITERATIONS)
    key = _derive(found.profile, password, found.salt, found.iterations)
    return (sm4.cbc_decrypt if found.profile.cipher == oids.SM4_CBC else _aes_decrypt)(key, found.iv, found.ciphertext)


def check_iterations(iterations: int, minimum: int) -> None:
    """Refuses a number of rounds that protects nothing, or that nobody could compute. Raises :class:`WeakKeyDerivation`."""
    if not minimum <= iterations <= MAX_ITERATIONS:
        raise WeakKeyDerivation(iterations=iterations, minimum=minimum, maximum=MAX_ITERATIONS)


def read(der: bytes) -> EncryptedKey:
    """The parts. Raises ``MalformedDER`` and :class:`UnsupportedAlgorithm`."""
    reader = Reader(der, limit=MAX_BYTES)
    outer = reader.sequence()
    reader.finish()
    scheme = _algorithm(outer, oids.PBES2)
    derivation = _algorithm(scheme, oids.PBKDF2)
    salt = derivation.octets()
    if not MIN_SALT_BYTES <= len(salt) <= MAX_SALT_BYTES:
        raise derivation.fail("a salt of this length")
    iterations = derivation.small_integer(1 << 31)
    length = None if derivation.next_is(0x30) else derivation.small_integer(64)
    # RFC 8018 A.2: where the function is absent it is HMAC-SHA-1, which is not read here.
    prf = AlgorithmIdentifier.read(derivation)
    derivation.finish()
    encryption = scheme.sequence()
    cipher = encryption.oid()
    iv = encryption.octets()
    encryption.finish()
    scheme.finish()
    ciphertext = outer.octets()
    outer.finish()
    if prf.algorithm not in _PRFS or not prf.without_parameters:
        raise UnsupportedAlgorithm(algorithm=prf.algorithm)
    if cipher not in _KEY_BYTES:
        raise UnsupportedAlgorithm(algorithm=cipher)
    if length not in (None, _KEY_BYTES[cipher]) or len(iv) != _IV_BYTES or not ciphertext or len(ciphertext) % _IV_BYTES:
        raise outer.fail("a key, an IV or a ciphertext of the wrong length")
    return EncryptedKey(PBES2Profile(cipher, prf), salt, iterations, length is not None, iv, ciphertext)


def _algorithm(reader: Reader, expected: str) -> Reader:
    """A reader of the parameters, a SEQUENCE, of the algorithm ``expected``."""
    inner = reader.sequence()
    found = inner.oid()
    if found != expected:
        raise UnsupportedAlgorithm(algorithm=found)
    parameters = inner.sequence()
    inner.finish()
    return parameters


def _derive(profile: PBES2Profile, password: bytes, salt: bytes, iterations: int) -> bytes:
    length = _KEY_BYTES[profile.cipher]
    if profile.prf.algorithm == oids.HMAC_WITH_SHA256:
        return hashlib.pbkdf2_hmac("sha256", password, salt, iterations, length)
    return sm3.pbkdf2(password, salt, iterations, length)


def _aes_encrypt(key: bytes, iv: bytes, plaintext: bytes) -> bytes:
    padder = PKCS7(8 * _IV_BYTES).padder()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(padder.update(plaintext) + padder.finalize()) + encryptor.finalize()


def _aes_decrypt(key: bytes, iv: bytes, ciphertext: bytes) -> bytes:
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    unpadder = PKCS7(8 * _IV_BYTES).unpadder()
    try:
        return unpadder.update(decryptor.update(ciphertext) + decryptor.finalize()) + unpadder.finalize()
    except ValueError:
        raise DecryptionFailed from None
