"""Choosing an engine, and the self-test at start."""

from pathlib import Path

import pytest

from idp.crypto import engines, selftest
from idp.crypto.engines import Engine
from idp.crypto.engines.base import EnginePrivateKey, EnginePublicKey
from idp.crypto.errors import EngineUnavailable, InvalidSignature, SelfTestFailed


def test_every_engine_passes_the_self_test(engine: Engine) -> None:
    selftest.run(engine)


def test_an_engine_that_does_not_exist_is_named() -> None:
    with pytest.raises(EngineUnavailable, match="enigma"):
        engines.load("enigma")


def test_a_library_that_was_named_and_is_not_there_is_an_error_not_a_silent_fallback(tmp_path: Path) -> None:
    for name in ("libcrypto", "auto"):
        with pytest.raises(EngineUnavailable):
            engines.load(name, tmp_path / "libnothing.so")


def test_a_library_that_has_no_sm2_is_refused() -> None:
    import ctypes.util

    libc = ctypes.util.find_library("c") or "libc.so.6"
    with pytest.raises(EngineUnavailable):
        engines.load("libcrypto", Path(libc))


class Broken:
    """An engine that is wrong in one way."""

    name = "broken"
    constant_time = True

    def __init__(self, fault: str) -> None:
        self._fault = fault
        self._inner = engines.load("gmssl")

    def public_point(self, scalar: bytes) -> bytes:
        return bytes(64) if self._fault == "point" else self._inner.public_point(scalar)

    def private_key(self, scalar: bytes, point: bytes) -> EnginePrivateKey:
        inner = self._inner.private_key(scalar, point)
        return _BrokenPrivate(inner, self._fault)

    def public_key(self, point: bytes) -> EnginePublicKey:
        return _BrokenPublic(self._inner.public_key(point), self._fault)


class _BrokenPrivate:
    def __init__(self, inner: EnginePrivateKey, fault: str) -> None:
        self._inner, self._fault = inner, fault

    def sign(self, message: bytes, signer_id: bytes) -> bytes:
        return self._inner.sign(message, b"wrong" if self._fault == "sign" else signer_id)

    def decrypt(self, c1: bytes, c3: bytes, c2: bytes) -> bytes:
        return b"" if self._fault == "decrypt" else self._inner.decrypt(c1, c3, c2)


class _BrokenPublic:
    def __init__(self, inner: EnginePublicKey, fault: str) -> None:
        self._inner, self._fault = inner, fault

    def verify(self, message: bytes, signature: bytes, signer_id: bytes) -> None:
        if self._fault == "refuse":
            raise InvalidSignature
        if self._fault != "accept":
            self._inner.verify(message, signature, signer_id)

    def encrypt(self, plaintext: bytes) -> tuple[bytes, bytes, bytes]:
        return self._inner.encrypt(plaintext)


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("point", "public key"),
        ("refuse", "signature"),
        ("decrypt", "decryption"),
        ("sign", "checked by gmssl"),
        ("accept", "refusal"),
    ],
)
def test_an_engine_that_is_wrong_does_not_start_and_the_check_is_named(fault: str, check: str) -> None:
    with pytest.raises(SelfTestFailed, match=check):
        selftest.run(Broken(fault))


@pytest.mark.parametrize(("function", "check"), [("_sm3_known_answer", "SM3"), ("_sm4_known_answer", "SM4")])
def test_a_wrong_digest_or_cipher_does_not_start(monkeypatch: pytest.MonkeyPatch, function: str, check: str) -> None:
    monkeypatch.setattr(selftest, function, lambda: False)
    with pytest.raises(SelfTestFailed, match=check):
        selftest.run(engines.load("gmssl"))
