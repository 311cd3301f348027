"""SM3 and SM4: the standards' examples and RFC 8998's, and what is refused."""

import hashlib
import hmac
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.x509 import load_pem_x509_certificate
from OpenSSL import crypto as pyopenssl

from idp.crypto import sm3, sm4
from idp.crypto.engines.gmssl_sm3 import GmsslSM3
from idp.crypto.errors import DecryptionFailed, InvalidKey
from tests.vectors import read

AEAD = read("rfc8998")
SM4 = read("gbt32907")
KEY, NONCE, AAD, PLAINTEXT = (bytes.fromhex(AEAD[name]) for name in ("key", "nonce", "aad", "plaintext"))


@pytest.mark.parametrize("vector", read("gbt32905"))
def test_the_digests_of_the_standard(vector: dict[str, str]) -> None:
    message = bytes.fromhex(vector["message"])
    assert sm3.digest(message).hex().upper() == vector["digest"]
    assert GmsslSM3(message).hexdigest().upper() == vector["digest"]


@pytest.mark.parametrize("length", [0, 1, 55, 56, 63, 64, 65, 119, 1000])
def test_gmssl_gives_the_same_digest_as_openssl(length: int) -> None:
    data = bytes(range(256)) * 4
    assert GmsslSM3(data[:length]).digest() == hashlib.new("sm3", data[:length]).digest()


def test_hmac_by_gmssl_is_hmac_by_openssl() -> None:
    for length in (1, 64, 65, 200):
        assert hmac.new(b"k" * length, b"text", GmsslSM3).digest() == sm3.hmac(b"k" * length, b"text")


def test_pbkdf2_is_the_same_without_openssl(monkeypatch: pytest.MonkeyPatch) -> None:
    by_openssl = sm3.pbkdf2(b"password", b"salt", 10, 40)
    monkeypatch.setattr(sm3, "_NATIVE", False)
    assert sm3.pbkdf2(b"password", b"salt", 10, 40) == by_openssl


@pytest.mark.parametrize(("iterations", "length"), [(0, 32), (1, 0), (-1, 32)])
def test_pbkdf2_refuses_no_iterations_and_no_length(iterations: int, length: int) -> None:
    with pytest.raises(ValueError):
        sm3.pbkdf2(b"password", b"salt", iterations, length)


def test_the_key_derivation_counts_from_one() -> None:
    shared = b"shared"
    expected = sm3.digest(shared + b"\0\0\0\1") + sm3.digest(shared + b"\0\0\0\2")
    assert sm3.kdf(shared, 40) == expected[:40]


def test_the_block_of_the_standard() -> None:
    key, block = bytes.fromhex(SM4["key"]), bytes.fromhex(SM4["plaintext"])
    # CTR over zeros is the cipher on the counter block: the bare block cipher, seen through a mode.
    assert sm4.ctr(key, block, bytes(16)).hex().upper() == SM4["once"]


def test_the_block_of_the_standard_a_million_times_over() -> None:
    encryptor = Cipher(algorithms.SM4(bytes.fromhex(SM4["key"])), modes.ECB()).encryptor()
    block = bytes.fromhex(SM4["plaintext"])
    for _round in range(1_000_000):
        block = encryptor.update(block)
    assert block.hex().upper() == SM4["a_million_times"]


@pytest.mark.parametrize("mode", ["gcm", "ccm"])
def test_the_aead_examples_of_rfc_8998(mode: str) -> None:
    encrypt, decrypt = getattr(sm4, f"{mode}_encrypt"), getattr(sm4, f"{mode}_decrypt")
    expected = bytes.fromhex(AEAD[mode]["ciphertext"] + AEAD[mode]["tag"])
    assert encrypt(KEY, NONCE, PLAINTEXT, AAD) == expected
    assert decrypt(KEY, NONCE, expected, AAD) == PLAINTEXT


@pytest.mark.parametrize("mode", ["gcm", "ccm"])
def test_an_aead_ciphertext_that_was_touched_is_refused(mode: str) -> None:
    encrypt, decrypt = getattr(sm4, f"{mode}_encrypt"), getattr(sm4, f"{mode}_decrypt")
    sealed = encrypt(KEY, NONCE, b"secret", AAD)
    for position in range(len(sealed)):
        broken = bytearray(sealed)
        broken[position] ^= 0x80
        with pytest.raises(DecryptionFailed):
            decrypt(KEY, NONCE, bytes(broken), AAD)
    for arguments in ((KEY, NONCE, sealed, b"other"), (KEY, NONCE[::-1], sealed, AAD), (KEY, NONCE, sealed[:10], AAD)):
        with pytest.raises(DecryptionFailed):
            decrypt(*arguments)


def test_what_another_library_left_in_the_queue_of_errors_changes_no_refusal() -> None:
    """A key that attests itself is checked by pyOpenSSL, whose refusals leave errors to the next one who asks OpenSSL."""
    vectors = Path(__file__).parents[2] / "vectors" / "x509"
    leaf, school = (
        pyopenssl.X509.from_cryptography(load_pem_x509_certificate((vectors / name).read_bytes()))
        for name in ("certificates/id-other.pem", "authorities/school.pem")
    )
    store = pyopenssl.X509Store()
    store.add_cert(school)
    store.set_flags(pyopenssl.X509StoreFlags.PARTIAL_CHAIN)
    store.set_time(datetime(2026, 9, 1))  # noqa: DTZ001 - as it wants it
    with pytest.raises(pyopenssl.X509StoreContextError):
        pyopenssl.X509StoreContext(store, leaf).verify_certificate()
    with pytest.raises(DecryptionFailed):
        sm4.gcm_decrypt(KEY, NONCE, bytes(40), AAD)


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 100])
def test_cbc_comes_back(length: int) -> None:
    text = b"x" * length
    sealed = sm4.cbc_encrypt(KEY, bytes(16), text)
    assert len(sealed) == (length // 16 + 1) * 16
    assert sm4.cbc_decrypt(KEY, bytes(16), sealed) == text


@pytest.mark.parametrize("sealed", [b"", b"x" * 15, b"x" * 17, bytes(16)])
def test_cbc_refuses_broken_padding_and_lengths(sealed: bytes) -> None:
    with pytest.raises(DecryptionFailed):
        sm4.cbc_decrypt(KEY, bytes(16), sealed)


@pytest.mark.parametrize("length", [0, 15, 17, 32])
def test_a_key_has_16_bytes(length: int) -> None:
    with pytest.raises(InvalidKey):
        sm4.gcm_encrypt(bytes(length), NONCE, b"text")
