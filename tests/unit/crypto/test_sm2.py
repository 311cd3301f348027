"""SM2: the standard's examples, every engine against every other, and what is refused."""

import pytest

from idp.crypto import der, engines, sm2
from idp.crypto.curve import GX, GY, N, P
from idp.crypto.engines import Engine
from idp.crypto.errors import DecryptionFailed, InvalidEncoding, InvalidKey, InvalidSignature
from idp.crypto.z_value import digest_for_signature, z_value
from tests.vectors import read

VECTOR = read("gbt32918_5")
SIGNATURE, CIPHERTEXT = VECTOR["signature"], VECTOR["encryption"]
PRIVATE, PUBLIC = bytes.fromhex(VECTOR["private_key"]), bytes.fromhex(VECTOR["public_key"])
MESSAGE = SIGNATURE["message"].encode()
STANDARD_SIGNATURE = bytes.fromhex(SIGNATURE["r"] + SIGNATURE["s"])
OUT_OF_RANGE = (0, N, N + 1, 2**256 - 1)


def number(value: int) -> bytes:
    return value.to_bytes(32, "big")


def test_the_public_key_of_the_standard_follows_from_its_private_key(engine: Engine) -> None:
    assert engine.public_point(PRIVATE) == PUBLIC


def test_z_and_e_are_those_of_the_standard() -> None:
    identity = SIGNATURE["id"].encode()
    assert z_value(PUBLIC, identity).hex().upper() == SIGNATURE["z"]
    assert digest_for_signature(PUBLIC, MESSAGE, identity).hex().upper() == SIGNATURE["e"]


def test_the_signature_of_the_standard_verifies(engine: Engine) -> None:
    sm2.verify(sm2.PublicKey(PUBLIC), MESSAGE, STANDARD_SIGNATURE, engine=engine)


def test_with_the_nonce_of_the_standard_gmssl_gives_its_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("idp.crypto.engines.gmssl._nonce", lambda: int(SIGNATURE["nonce"], 16))
    assert sm2.sign(sm2.PrivateKey(PRIVATE), MESSAGE, engine=engines.load("gmssl")) == STANDARD_SIGNATURE


def test_the_ciphertext_of_the_standard_decrypts(engine: Engine) -> None:
    c1, c3, c2 = (bytes.fromhex(CIPHERTEXT[name]) for name in ("c1", "c3", "c2"))
    plaintext = sm2.decrypt(sm2.PrivateKey(PRIVATE), der.ciphertext_to_der(c1, c3, c2), engine=engine)
    assert plaintext == CIPHERTEXT["message"].encode()


def test_with_the_nonce_of_the_standard_gmssl_gives_its_ciphertext(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("idp.crypto.engines.gmssl._nonce", lambda: int(CIPHERTEXT["nonce"], 16))
    ciphertext = sm2.encrypt(sm2.PublicKey(PUBLIC), CIPHERTEXT["message"].encode(), engine=engines.load("gmssl"))
    c1, c3, c2 = der.ciphertext_from_der(ciphertext)
    assert [c1.hex().upper(), c3.hex().upper(), c2.hex().upper()] == [CIPHERTEXT[n] for n in ("c1", "c3", "c2")]


@pytest.mark.parametrize("signer_id", [sm2.DEFAULT_ID, b"", b"school@example.edu.cn", "校长".encode()])
def test_every_engine_verifies_every_other(engine: Engine, other_engine: Engine, signer_id: bytes) -> None:
    key = sm2.PrivateKey.generate()
    signature = sm2.sign(key, b"text", signer_id=signer_id, engine=engine)
    sm2.verify(key.public_key, b"text", signature, signer_id=signer_id, engine=other_engine)


@pytest.mark.parametrize("length", [1, 31, 32, 33, 1000])
def test_every_engine_decrypts_every_other(engine: Engine, other_engine: Engine, length: int) -> None:
    key = sm2.PrivateKey.generate()
    plaintext = bytes(range(256)) * 4
    ciphertext = sm2.encrypt(key.public_key, plaintext[:length], engine=engine)
    assert sm2.decrypt(key, ciphertext, engine=other_engine) == plaintext[:length]


def test_two_signatures_of_one_message_differ(engine: Engine) -> None:
    key = sm2.PrivateKey.generate()
    assert sm2.sign(key, b"text", engine=engine) != sm2.sign(key, b"text", engine=engine)


@pytest.mark.parametrize(("message", "signer_id"), [(b"other", sm2.DEFAULT_ID), (MESSAGE, b"other"), (b"", sm2.DEFAULT_ID)])
def test_another_message_or_signer_is_refused(engine: Engine, message: bytes, signer_id: bytes) -> None:
    with pytest.raises(InvalidSignature):
        sm2.verify(sm2.PublicKey(PUBLIC), message, STANDARD_SIGNATURE, signer_id=signer_id, engine=engine)


def test_another_key_is_refused(engine: Engine) -> None:
    with pytest.raises(InvalidSignature):
        sm2.verify(sm2.PrivateKey.generate().public_key, MESSAGE, STANDARD_SIGNATURE, engine=engine)


def test_a_signature_over_the_message_without_z_is_refused(engine: Engine) -> None:
    """A public provider leaves Z out; whoever does the same forges nothing here."""
    key = sm2.PrivateKey.generate()
    bare = engines.load("gmssl").private_key(key.scalar, key.public_key.point)
    from idp.crypto import sm3

    signature = bytes.fromhex(bare._curve.sign(sm3.digest(MESSAGE), f"{12345:064x}"))  # type: ignore[attr-defined]
    with pytest.raises(InvalidSignature):
        sm2.verify(key.public_key, MESSAGE, signature, engine=engine)


@pytest.mark.parametrize("wrong", OUT_OF_RANGE)
def test_r_or_s_out_of_range_is_refused(engine: Engine, wrong: int) -> None:
    r, s = STANDARD_SIGNATURE[:32], STANDARD_SIGNATURE[32:]
    for signature in (number(wrong) + s, r + number(wrong), number(wrong) * 2):
        with pytest.raises(InvalidSignature):
            sm2.verify(sm2.PublicKey(PUBLIC), MESSAGE, signature, engine=engine)


def test_r_and_s_that_sum_to_the_order_are_refused(engine: Engine) -> None:
    with pytest.raises(InvalidSignature):
        sm2.verify(sm2.PublicKey(PUBLIC), MESSAGE, number(5) + number(N - 5), engine=engine)


@pytest.mark.parametrize("length", [0, 1, 63, 65, 70, 128])
def test_a_signature_of_another_length_is_refused(engine: Engine, length: int) -> None:
    with pytest.raises(InvalidSignature):
        sm2.verify(sm2.PublicKey(PUBLIC), MESSAGE, (STANDARD_SIGNATURE * 2)[:length], engine=engine)


@pytest.mark.parametrize(
    "point",
    [
        b"",
        PUBLIC[:63],
        PUBLIC + b"\0",
        b"\x02" + PUBLIC,
        bytes(64),
        PUBLIC[:32] + number(int.from_bytes(PUBLIC[32:], "big") ^ 1),
        number(GX + P if GX + P < 2**256 else 2**256 - 1) + number(GY),
        number(P) + number(P),
    ],
)
def test_a_point_that_is_not_on_the_curve_is_no_key(point: bytes) -> None:
    with pytest.raises(InvalidKey):
        sm2.PublicKey(point)


@pytest.mark.parametrize("scalar", [0, -1, N - 1, N, N + 5, 2**256])
def test_a_number_outside_of_the_range_is_no_private_key(scalar: int) -> None:
    with pytest.raises((InvalidKey, OverflowError)):
        sm2.PrivateKey(scalar)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_private_key_has_32_bytes(length: int) -> None:
    with pytest.raises(InvalidKey):
        sm2.PrivateKey(bytes([1]) * length)


def test_a_private_key_does_not_print_itself() -> None:
    key = sm2.PrivateKey(PRIVATE)
    assert VECTOR["private_key"].lower() not in (repr(key) + str(key)).lower()


def test_nothing_cannot_be_encrypted(engine: Engine) -> None:
    with pytest.raises(InvalidEncoding):
        sm2.encrypt(sm2.PublicKey(PUBLIC), b"", engine=engine)


def test_a_ciphertext_with_any_byte_changed_is_refused(engine: Engine) -> None:
    key = sm2.PrivateKey(PRIVATE)
    ciphertext = sm2.encrypt(key.public_key, b"secret", engine=engine)
    for position in range(len(ciphertext)):
        broken = bytearray(ciphertext)
        broken[position] ^= 1
        with pytest.raises(DecryptionFailed):
            sm2.decrypt(key, bytes(broken), engine=engine)


@pytest.mark.parametrize("cut", [0, 1, 2, 50])
def test_a_ciphertext_cut_short_or_with_something_behind_is_refused(engine: Engine, cut: int) -> None:
    key = sm2.PrivateKey(PRIVATE)
    ciphertext = sm2.encrypt(key.public_key, b"secret", engine=engine)
    for broken in (ciphertext[: len(ciphertext) - cut - 1], ciphertext + bytes(cut + 1), b""):
        with pytest.raises(DecryptionFailed):
            sm2.decrypt(key, broken, engine=engine)
