"""Each known defect of the package gmssl: shown on the bare package, and absent behind our face."""

import random

import pytest
from gmssl import func
from gmssl.sm2 import CryptSM2

from idp.crypto import der, engines, sm2
from idp.crypto.curve import GX, GY, N
from idp.crypto.engines import gmssl as face
from idp.crypto.errors import DecryptionFailed, InvalidSignature

BASE = f"{GX:064x}{GY:064x}"


def bare(private: sm2.PrivateKey) -> CryptSM2:
    curve = CryptSM2(private_key=private.scalar.hex(), public_key="")
    curve.public_key = private.public_key.point.hex()
    return curve


def test_nonces_do_not_come_from_a_predictable_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    random.seed(1)
    first = func.random_hex(64)
    random.seed(1)
    assert func.random_hex(64) == first  # the defect

    key = sm2.PrivateKey.generate()
    signatures = set()
    for _ in range(3):
        random.seed(1)
        signatures.add(sm2.sign(key, b"text", engine=engines.load("gmssl")))
    assert len(signatures) == 3


def test_a_public_key_that_begins_with_0_or_4_stays_whole() -> None:
    while True:
        key = sm2.PrivateKey.generate()
        text = key.public_key.point.hex()
        if text[0] in "04":
            break
    assert CryptSM2(private_key="", public_key="04" + text).public_key != text  # the defect

    engine = engines.load("gmssl")
    signature = sm2.sign(key, b"text", engine=engine)
    sm2.verify(sm2.PublicKey(key.public_key.point), b"text", signature, engine=engine)


def test_a_nonce_that_gives_no_signature_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    key, nonce = sm2.PrivateKey.generate(), 4711
    x = int.from_bytes(face._multiply(nonce, BASE)[:32], "big")
    digest = ((-x) % N).to_bytes(32, "big")  # e + x = n, so r = 0
    assert bare(key).sign(digest, f"{nonce:064x}") is None  # the defect

    nonces = iter((nonce, 815))
    monkeypatch.setattr(face, "_nonce", lambda: next(nonces))
    monkeypatch.setattr(face, "digest_for_signature", lambda *_: digest)
    assert len(sm2.sign(key, b"text", engine=face.GmsslEngine())) == 64
    assert next(nonces, None) is None


def test_a_signature_written_with_s_above_the_order_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    key, r, s = sm2.PrivateKey.generate(), 31337, 42
    point = face._curve()._add_point(
        face._multiply(s, BASE).hex() + "1", face._multiply(r + s, key.public_key.point.hex()).hex() + "1"
    )
    x = int(face._curve()._convert_jacb_to_nor(point)[:64], 16)
    digest = ((r - x) % N).to_bytes(32, "big")
    genuine, malleable = f"{r:064x}{s:064x}", f"{r:064x}{s + N:064x}"
    assert bare(key).verify(genuine, digest)
    assert bare(key).verify(malleable, digest)  # the defect

    monkeypatch.setattr(face, "digest_for_signature", lambda *_: digest)
    engine = face.GmsslEngine()
    sm2.verify(key.public_key, b"text", bytes.fromhex(genuine), engine=engine)
    with pytest.raises(InvalidSignature):
        sm2.verify(key.public_key, b"text", bytes.fromhex(malleable), engine=engine)


def test_a_ciphertext_with_another_c3_is_refused() -> None:
    key = sm2.PrivateKey.generate()
    c1, _c3, c2 = der.ciphertext_from_der(sm2.encrypt(key.public_key, b"secret"))
    other = bytes(32)
    assert bare(key).decrypt(c1 + c2 + other) == b"secret"  # the defect

    with pytest.raises(DecryptionFailed):
        sm2.decrypt(key, der.ciphertext_to_der(c1, other, c2), engine=engines.load("gmssl"))


def test_a_ciphertext_with_a_point_off_the_curve_is_refused_before_it_is_multiplied(monkeypatch: pytest.MonkeyPatch) -> None:
    key = sm2.PrivateKey.generate()
    off = (5).to_bytes(32, "big") + (7).to_bytes(32, "big")
    assert bare(key).decrypt(off + b"secret" + bytes(32)) is not None  # the defect

    monkeypatch.setattr(face, "_multiply", lambda *_: pytest.fail("multiplied a point off the curve"))
    with pytest.raises(DecryptionFailed):
        sm2.decrypt(key, der.ciphertext_to_der(off, bytes(32), b"secret"), engine=engines.load("gmssl"))


def test_the_order_of_a_ciphertext_is_the_standards() -> None:
    key = sm2.PrivateKey.generate()
    draft = bare(key).encrypt(b"secret")
    assert len(draft) == 64 + 6 + 32
    assert bare(key).decrypt(draft) == b"secret"  # the defect: C1 C2 C3, the withdrawn draft's order

    c1, c3, c2 = der.ciphertext_from_der(sm2.encrypt(key.public_key, b"secret", engine=engines.load("gmssl")))
    assert (len(c1), len(c3), len(c2)) == (64, 32, 6)
    assert CryptSM2(private_key=key.scalar.hex(), public_key="", mode=1).decrypt(c1 + c3 + c2) == b"secret"


def test_other_signer_ids_than_the_default_are_possible() -> None:
    key = sm2.PrivateKey.generate()
    assert not hasattr(bare(key), "signer_id")  # the defect: it knows one
    engine = engines.load("gmssl")
    signature = sm2.sign(key, b"text", signer_id=b"another", engine=engine)
    assert not bare(key).verify_with_sm3(signature.hex(), b"text")
    sm2.verify(key.public_key, b"text", signature, signer_id=b"another", engine=engine)


def test_a_constant_time_engine_signs_where_one_is_present() -> None:
    assert not engines.load("gmssl").constant_time  # the defect
    assert engines.load("auto").constant_time
