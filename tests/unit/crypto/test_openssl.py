"""The openssl command, which nobody here wrote, on the other side."""

import subprocess
from pathlib import Path

import pytest
from asn1crypto import keys as asn1_keys

from idp.crypto import der, sm2
from idp.crypto.engines import Engine


def openssl(*arguments: str | Path) -> bytes:
    done = subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
    return done.stdout


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key.pem"
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out", path)
    return path


@pytest.fixture
def key(key_file: Path) -> sm2.PrivateKey:
    """The key in ``key_file``, read by a third party's parser."""
    private = asn1_keys.ECPrivateKey.load(openssl("ec", "-in", key_file, "-outform", "DER"))
    return sm2.PrivateKey(private["private_key"].native)


@pytest.mark.parametrize("signer_id", ["1234567812345678", "school@example.edu.cn"])
def test_it_verifies_ours(engine: Engine, key: sm2.PrivateKey, key_file: Path, tmp_path: Path, signer_id: str) -> None:
    (tmp_path / "text").write_bytes(b"a text")
    signature = sm2.sign(key, b"a text", signer_id=signer_id.encode(), engine=engine)
    (tmp_path / "signature").write_bytes(der.signature_to_der(signature))
    said = openssl(
        *("pkeyutl", "-verify", "-inkey", key_file, "-rawin", "-digest", "sm3", "-pkeyopt", f"distid:{signer_id}"),
        *("-in", tmp_path / "text", "-sigfile", tmp_path / "signature"),
    )
    assert b"Successfully" in said


def test_ours_verifies_its(engine: Engine, key: sm2.PrivateKey, key_file: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"a text")
    openssl(
        *("pkeyutl", "-sign", "-inkey", key_file, "-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678"),
        *("-in", tmp_path / "text", "-out", tmp_path / "signature"),
    )
    signature = der.signature_from_der((tmp_path / "signature").read_bytes())
    sm2.verify(key.public_key, b"a text", signature, engine=engine)


def test_it_decrypts_ours(engine: Engine, key: sm2.PrivateKey, key_file: Path, tmp_path: Path) -> None:
    (tmp_path / "ciphertext").write_bytes(sm2.encrypt(key.public_key, b"secret", engine=engine))
    assert openssl("pkeyutl", "-decrypt", "-inkey", key_file, "-in", tmp_path / "ciphertext") == b"secret"


def test_ours_decrypts_its(engine: Engine, key: sm2.PrivateKey, key_file: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"secret")
    openssl("pkeyutl", "-encrypt", "-inkey", key_file, "-in", tmp_path / "text", "-out", tmp_path / "ciphertext")
    assert sm2.decrypt(key, (tmp_path / "ciphertext").read_bytes(), engine=engine) == b"secret"
