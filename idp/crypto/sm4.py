"""SM4 (GB/T 32907) in its modes: GCM and CCM (RFC 8998), CBC with PKCS#7 padding, CTR.

Computed by ``cryptography``, whose wheels carry an OpenSSL with SM4 on every platform; the tests hold it against gmssl's block
function and against the machine's ``openssl``.
"""

from hmac import compare_digest

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from idp.crypto.errors import DecryptionFailed, InvalidEncoding, InvalidKey, UnsupportedAlgorithm

KEY_BYTES = 16
BLOCK_BYTES = 16
NONCE_BYTES = 12
TAG_BYTES = 16


def gcm_encrypt(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes = b"") -> bytes:
    """Ciphertext ‖ 16-byte tag (RFC 8998 §3.2). The 12-byte nonce is used once with a key, ever."""
    encryptor = Cipher(_sm4(key), modes.GCM(_sized(nonce, NONCE_BYTES))).encryptor()
    encryptor.authenticate_additional_data(aad)
    return encryptor.update(plaintext) + encryptor.finalize() + encryptor.tag


def gcm_decrypt(key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes = b"") -> bytes:
    """The plaintext of ciphertext ‖ tag. Raises :class:`DecryptionFailed` and releases nothing of it before."""
    if len(ciphertext) < TAG_BYTES:
        raise DecryptionFailed
    body, tag = ciphertext[:-TAG_BYTES], ciphertext[-TAG_BYTES:]
    decryptor = Cipher(_sm4(key), modes.GCM(_sized(nonce, NONCE_BYTES), tag)).decryptor()
    decryptor.authenticate_additional_data(aad)
    try:
        return decryptor.update(body) + decryptor.finalize()
    except (InvalidTag, ValueError):
        # ValueError: cryptography takes an error that pyOpenSSL left in the thread's queue for one about the length of the data.
        raise DecryptionFailed from None


def cbc_encrypt(key: bytes, iv: bytes, plaintext: bytes) -> bytes:
    """CBC with PKCS#7 padding. Says nothing about integrity: what is kept or sent needs a MAC beside it."""
    padder = PKCS7(8 * BLOCK_BYTES).padder()
    encryptor = Cipher(_sm4(key), modes.CBC(_sized(iv, BLOCK_BYTES))).encryptor()
    return encryptor.update(padder.update(plaintext) + padder.finalize()) + encryptor.finalize()


def cbc_decrypt(key: bytes, iv: bytes, ciphertext: bytes) -> bytes:
    """The plaintext, its padding checked and taken off. Raises :class:`DecryptionFailed`.

    Whoever can send ciphertexts and see this error can read the plaintext: check the MAC first.
    """
    decryptor = Cipher(_sm4(key), modes.CBC(_sized(iv, BLOCK_BYTES))).decryptor()
    unpadder = PKCS7(8 * BLOCK_BYTES).unpadder()
    try:
        return unpadder.update(decryptor.update(ciphertext) + decryptor.finalize()) + unpadder.finalize()
    except ValueError:
        raise DecryptionFailed from None


def ctr(key: bytes, counter: bytes, data: bytes) -> bytes:
    """CTR, the same both ways, from a 16-byte initial counter block."""
    transform = Cipher(_sm4(key), modes.CTR(_sized(counter, BLOCK_BYTES))).encryptor()
    return transform.update(data) + transform.finalize()


def ccm_encrypt(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes = b"") -> bytes:
    """Ciphertext ‖ 16-byte tag (RFC 8998 §3.2; RFC 3610 with a 12-byte nonce)."""
    tag = _ccm_mac(key, _sized(nonce, NONCE_BYTES), plaintext, aad)
    return ctr(key, _ccm_counter(nonce, 1), plaintext) + ctr(key, _ccm_counter(nonce, 0), tag)


def ccm_decrypt(key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes = b"") -> bytes:
    """The plaintext of ciphertext ‖ tag. Raises :class:`DecryptionFailed`."""
    if len(ciphertext) < TAG_BYTES:
        raise DecryptionFailed
    plaintext = ctr(key, _ccm_counter(_sized(nonce, NONCE_BYTES), 1), ciphertext[:-TAG_BYTES])
    tag = ctr(key, _ccm_counter(nonce, 0), ciphertext[-TAG_BYTES:])
    if not compare_digest(tag, _ccm_mac(key, nonce, plaintext, aad)):
        raise DecryptionFailed
    return plaintext


def _ccm_mac(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
    # RFC 3610 §2.2 with M = 16 and L = 3: a CBC-MAC over B_0, the length-prefixed associated data and the message.
    if len(aad) >= 0xFF00 or len(plaintext) >= 1 << 24:
        raise UnsupportedAlgorithm(algorithm="SM4-CCM with data of this length")
    flags = (0x40 if aad else 0) | ((TAG_BYTES - 2) // 2 << 3) | 2
    blocks = bytes([flags]) + nonce + len(plaintext).to_bytes(3, "big")
    if aad:
        blocks += _zero_padded(len(aad).to_bytes(2, "big") + aad)
    encryptor = Cipher(_sm4(key), modes.CBC(bytes(BLOCK_BYTES))).encryptor()
    return encryptor.update(blocks + _zero_padded(plaintext))[-BLOCK_BYTES:]


def _ccm_counter(nonce: bytes, counter: int) -> bytes:
    return b"\x02" + nonce + counter.to_bytes(3, "big")


def _zero_padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % BLOCK_BYTES)


def _sm4(key: bytes) -> algorithms.SM4:
    if len(key) != KEY_BYTES:
        raise InvalidKey
    return algorithms.SM4(key)


def _sized(value: bytes, size: int) -> bytes:
    if len(value) != size:
        raise InvalidEncoding
    return value
