"""Tongsuo, by its Python package, signs and encrypts what ours reads, and the other way round."""

from types import ModuleType

import pytest

from idp.crypto import sm2, sm3, sm4
from idp.crypto.der import signature_from_der, signature_to_der
from idp.crypto.errors import InvalidSignature
from idp.crypto.key_files import read_private_key, read_public_key, write_private_key, write_public_key
from tests.services.processes import needed_module

MESSAGE = "学籍证明".encode()


@pytest.fixture(scope="module")
def tongsuo() -> ModuleType:
    needed_module("tongsuopy")
    from tongsuopy import crypto
    from tongsuopy.crypto import ciphers, exceptions, hashes, serialization
    from tongsuopy.crypto.asymciphers import ec
    from tongsuopy.crypto.ciphers import aead

    for module in (ciphers, exceptions, hashes, serialization, ec, aead):
        setattr(crypto, module.__name__.rsplit(".", 1)[1], module)
    return crypto


def test_it_verifies_ours_and_nothing_else(tongsuo: ModuleType) -> None:
    key = sm2.PrivateKey.generate()
    theirs = tongsuo.serialization.load_pem_public_key(write_public_key(key.public_key).encode())
    algorithm = tongsuo.ec.ECDSA(tongsuo.hashes.SM3())
    theirs.verify(signature_to_der(sm2.sign(key, MESSAGE)), MESSAGE, algorithm)
    with pytest.raises(tongsuo.exceptions.InvalidSignature):
        theirs.verify(signature_to_der(sm2.sign(key, MESSAGE)), MESSAGE + b"x", algorithm)


def test_ours_verifies_its_with_the_standard_id(tongsuo: ModuleType) -> None:
    theirs = tongsuo.ec.generate_private_key(tongsuo.ec.SM2())
    serialization = tongsuo.serialization
    text = theirs.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = theirs.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert read_private_key(text).public_key == read_public_key(public)
    signature = signature_from_der(theirs.sign(MESSAGE, tongsuo.ec.ECDSA(tongsuo.hashes.SM3())))
    sm2.verify(read_public_key(public), MESSAGE, signature)
    with pytest.raises(InvalidSignature):
        sm2.verify(read_public_key(public), MESSAGE + b"x", signature)


def test_it_reads_our_key_files(tongsuo: ModuleType) -> None:
    key = sm2.PrivateKey.generate()
    theirs = tongsuo.serialization.load_pem_private_key(write_private_key(key, None).encode(), None)
    assert theirs.private_numbers().private_value == int.from_bytes(key.scalar, "big")


@pytest.mark.parametrize("length", [0, 1, 63, 64, 1000])
def test_digests_are_the_same(tongsuo: ModuleType, length: int) -> None:
    theirs = tongsuo.hashes.Hash(tongsuo.hashes.SM3())
    theirs.update(bytes(length))
    assert theirs.finalize() == sm3.digest(bytes(length))


@pytest.mark.parametrize("mode", ["GCM", "CCM"])
def test_aead_ciphertexts_are_the_same(tongsuo: ModuleType, mode: str) -> None:
    key, nonce, aad = bytes(range(16)), bytes(range(12)), b"for whom"
    theirs = getattr(tongsuo.aead, f"SM4{mode}")(key)
    ours = getattr(sm4, f"{mode.lower()}_encrypt")(key, nonce, MESSAGE, aad)
    assert theirs.encrypt(nonce, MESSAGE, aad) == ours
