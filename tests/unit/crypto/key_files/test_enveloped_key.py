"""SM2EnvelopedKey: only the recipient opens it, and only the key that belongs to the public key beside it comes out."""

import random

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from idp.crypto import sm2
from idp.crypto.der import AlgorithmIdentifier, oids, writer
from idp.crypto.errors import CryptoError, DecryptionFailed, UnsupportedAlgorithm
from idp.crypto.key_files.enveloped_key import from_pem, open_enveloped, seal, to_pem

RECIPIENT, KEY = sm2.PrivateKey(7), sm2.PrivateKey(0xC0FFEE)


def assembled(payload: bytes, *, public: sm2.PublicKey = KEY.public_key, algorithm: str = oids.SM4_ECB, session: int = 16) -> bytes:
    encryptor = Cipher(algorithms.SM4(bytes(16)), modes.ECB()).encryptor()
    return writer.sequence(
        AlgorithmIdentifier(algorithm, writer.NULL).encode(),
        sm2.encrypt(RECIPIENT.public_key, bytes(session)),
        writer.bit_string(b"\x04" + public.point),
        writer.bit_string(encryptor.update(payload) + encryptor.finalize()),
    )


def test_the_recipient_opens_what_was_sealed() -> None:
    sealed = seal(KEY, RECIPIENT.public_key)
    assert open_enveloped(from_pem(to_pem(sealed)), RECIPIENT).scalar == KEY.scalar
    assert seal(KEY, RECIPIENT.public_key) != sealed


def test_nobody_else_opens_it() -> None:
    with pytest.raises(DecryptionFailed):
        open_enveloped(seal(KEY, RECIPIENT.public_key), KEY)


def test_the_form_with_sixty_four_bytes_is_read_too() -> None:
    assert open_enveloped(assembled(bytes(32) + KEY.scalar), RECIPIENT).scalar == KEY.scalar


@pytest.mark.parametrize(
    ("der", "error"),
    [
        (assembled(KEY.scalar, public=RECIPIENT.public_key), DecryptionFailed),
        (assembled(b"\x01" * 32 + KEY.scalar), DecryptionFailed),
        (assembled(KEY.scalar[:16]), DecryptionFailed),
        (assembled(bytes(32)), DecryptionFailed),
        (assembled(KEY.scalar, session=15), DecryptionFailed),
        (assembled(KEY.scalar, algorithm=oids.SM4_CBC), UnsupportedAlgorithm),
        (assembled(KEY.scalar) + b"\x00", CryptoError),
        (b"", CryptoError),
    ],
)
def test_what_does_not_open_as_it_should_is_refused(der: bytes, error: type[CryptoError]) -> None:
    with pytest.raises(error):
        open_enveloped(der, RECIPIENT)


def test_mutations_are_refused_or_change_nothing() -> None:
    source, sealed = random.Random(9), seal(KEY, RECIPIENT.public_key)
    for _ in range(300):
        mutant = bytearray(sealed)
        mutant[source.randrange(len(mutant))] ^= 1 << source.randrange(8)
        with pytest.raises(CryptoError):
            open_enveloped(bytes(mutant), RECIPIENT)
