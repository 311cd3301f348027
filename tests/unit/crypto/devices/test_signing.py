"""Signing with a key in a device: what is believed of it, and what is not."""

from pathlib import Path

import pytest

from idp.crypto import engines, sm2
from idp.crypto.devices.device import Device
from idp.crypto.devices.errors import (
    DeviceAccessDenied,
    DeviceAway,
    DeviceError,
    DeviceLibraryUnusable,
    DeviceRefused,
    DeviceUntrusted,
    InvalidKeyReference,
    NoSuchDeviceKey,
)
from idp.crypto.devices.pool import DeviceConfiguration
from idp.crypto.devices.reference import KeyReference
from idp.crypto.devices.results import Result, meaning, shown
from idp.crypto.devices.signer import SdfSigner, adopted
from idp.crypto.errors import InvalidKey
from idp.crypto.jose import KeySet, generate_signer, jwt
from idp.crypto.jose.sm2_key import SM2Key
from tests.at_once import at_once
from tests.services.sdf_device import StubDevice

MESSAGE = b"signed in a device"


def public_key(signer: SdfSigner) -> sm2.PublicKey:
    return SM2Key.from_jwk(signer.public_jwk()).public_key


@pytest.mark.parametrize("engine", ["gmssl", "libcrypto"])
def test_a_signature_of_the_device_verifies_with_either_engine(stub: StubDevice, engine: str) -> None:
    signer = adopted(stub.device(), 3)
    sm2.verify(public_key(signer), MESSAGE, signer.sign(MESSAGE), engine=engines.load(engine))


def test_its_key_set_entry_and_its_tokens_are_as_those_of_a_key_in_memory(stub: StubDevice) -> None:
    signer = adopted(stub.device(), 1)
    assert signer.public_jwk().keys() == generate_signer("SGD_SM3_SM2").public_jwk().keys()
    assert jwt.decode(jwt.encode({"n": 1}, signer), KeySet([signer.public_jwk()]), algorithms=["SGD_SM3_SM2"]).claims == {"n": 1}


def test_each_index_is_a_key_of_its_own_and_stays_the_same(stub: StubDevice) -> None:
    first, again = stub.device(), stub.device()
    kids = [adopted(first, index).kid for index in range(1, 9)]
    assert len(set(kids)) == 8
    assert kids == [adopted(again, index).kid for index in range(1, 9)]


def test_making_a_signer_asks_the_device_nothing(stub: StubDevice) -> None:
    key = adopted(stub.device(), 1).public_jwk()
    before = stub.opened()
    stub.fault("away")
    signer = SdfSigner(stub.device(), 1, SM2Key.from_jwk(key).public_key)
    assert signer.public_jwk() == key
    assert stub.opened() == before


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("wrong", "does not verify"),
        ("ecdsa", "ECDSA on the SM2 curve"),
        ("swapped", "another key stands at this index"),
        ("narrow", "fields of 64 bytes"),
    ],
)
def test_a_device_that_signs_otherwise_than_it_should_is_refused_at_its_first_signature(
    stub: StubDevice, fault: str, reason: str
) -> None:
    key = public_key(adopted(stub.device(), 2))
    stub.fault(fault)
    signer = SdfSigner(stub.device(), 2, key)
    for _again in range(2):  # and it is not believed the second time either
        with pytest.raises(DeviceUntrusted, match=reason) as refusal:
            signer.sign(MESSAGE)
        assert "sdf:hsm#2" in str(refusal.value)
    stub.fault()
    sm2.verify(key, MESSAGE, signer.sign(MESSAGE))


@pytest.mark.parametrize("fault", ["wrong", "ecdsa", "off-curve", "narrow"])
def test_a_key_is_not_taken_into_use_where_its_public_half_or_its_first_signature_is_wrong(stub: StubDevice, fault: str) -> None:
    stub.fault(fault)
    with pytest.raises(DeviceUntrusted):
        adopted(stub.device(), 1)


def test_where_every_signature_is_verified_none_is_let_out_that_went_wrong_later(stub: StubDevice) -> None:
    device = stub.device()
    trusting, careful = adopted(device, 1), adopted(device, 1, verify_all=True)
    stub.fault("wrong")
    trusting.sign(MESSAGE)
    with pytest.raises(DeviceUntrusted):
        careful.sign(MESSAGE)


def test_after_the_device_was_opened_anew_its_first_signature_is_verified_again(stub: StubDevice) -> None:
    signer = adopted(stub.device(), 1)
    stub.fault("away")
    with pytest.raises(DeviceAway):
        signer.sign(MESSAGE)
    stub.fault("ecdsa")
    with pytest.raises(DeviceUntrusted):
        signer.sign(MESSAGE)


@pytest.mark.parametrize("index", [9, 4096])
def test_a_key_that_is_not_there_is_named(stub: StubDevice, index: int) -> None:
    device = stub.device()
    with pytest.raises(NoSuchDeviceKey, match=f"sdf:hsm#{index}"):
        device.public_key(index)
    with pytest.raises(NoSuchDeviceKey, match=f"sdf:hsm#{index}"):
        device.sign(index, bytes(32))


def test_a_digest_of_another_length_is_refused_by_the_device_with_its_own_words(stub: StubDevice) -> None:
    with pytest.raises(DeviceRefused, match=r"SDF_InternalSign_ECC: an argument is wrong \(SDR_INARGERR\)"):
        stub.device().sign(1, bytes(20))


@pytest.mark.parametrize("password", [b"", b"password-of-2", b"password-of-1\n", b"\x00password-of-1", b"x" * 300])
def test_a_wrong_password_is_given_once_and_never_again_by_this_process(stub: StubDevice, password: bytes) -> None:
    device = stub.device(password=lambda _: password)
    results = at_once(lambda _: device.sign(1, bytes(32)))
    assert {type(result) for result in results} == {DeviceAccessDenied}
    assert stub.tries(1) == 1
    assert password.decode() not in "".join(map(str, results)) or not password


def test_another_password_is_tried_once_it_is_there(stub: StubDevice) -> None:
    passwords = [b"mistyped"]
    device = stub.device(password=lambda _: passwords[0])
    for _again in range(3):
        with pytest.raises(DeviceAccessDenied):
            device.sign(1, bytes(32))
    passwords[0] = stub.password(1)
    device.sign(1, bytes(32))
    assert stub.tries(1) == 1


def test_without_a_password_the_device_says_that_we_may_not(stub: StubDevice) -> None:
    with pytest.raises(DeviceAccessDenied, match="SDR_PARDENY"):
        stub.device(password=lambda _: None).sign(1, bytes(32))


def test_a_locked_key_is_a_code_of_the_makers_own_and_not_asked_twice(stub: StubDevice) -> None:
    (stub.folder / "tries-1").write_bytes(b"x" * 5)
    device = stub.device()
    with pytest.raises(DeviceAccessDenied, match="0x01000021"):
        device.sign(1, bytes(32))
    with pytest.raises(DeviceAccessDenied, match="not tried again"):
        device.sign(1, bytes(32))


def test_what_a_device_says_of_itself_is_read_to_the_end_of_its_fields(stub: StubDevice) -> None:
    about = stub.device().information()
    assert (about.issuer, about.name, about.serial) == ("Yima tests", "S" * 16, "2026113000100001")
    assert (about.version, about.standard_version, about.has_sm2, about.has_sm3, about.has_sm4) == (0x00010002, 2, True, True, True)


@pytest.mark.parametrize("content", [None, b"", b"no library", b"libc.so.6"])
def test_a_library_that_is_none_or_another_says_so(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "lib.so"
    if content == b"libc.so.6":
        path = Path("libc.so.6")  # a real one, without the interface
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(DeviceLibraryUnusable, match="hsm"):
        Device(DeviceConfiguration("hsm", path, lambda _: b"")).information()


@pytest.mark.parametrize(
    "text",
    ["", "sdf:hsm", "hsm#1", "sdf:#1", "sdf:hsm#0", "sdf:hsm#01", "sdf:hsm#1 ", "sdf:HSM#1", "sdf:hsm#1\n", "sdf:hsm#１", "x"],
)
def test_what_names_no_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidKeyReference):
        KeyReference.parse(text)


def test_a_reference_is_written_as_it_is_read() -> None:
    assert str(KeyReference.parse("sdf:prov-hsm2#17")) == "sdf:prov-hsm2#17"


def test_every_code_of_the_standard_has_a_meaning_and_others_are_the_makers() -> None:
    meanings = [meaning(code) for code in Result]
    assert len(set(meanings)) == len(Result) == 32
    assert [int(code) - 0x01000000 for code in Result if code] == list(range(1, 32))
    assert meaning(0x01010106) not in meanings
    assert shown(0x01010106) == "0x01010106"
    assert shown(0x01000007) == "SDR_PARDENY"


def test_every_error_of_the_room_can_be_told_from_other_cryptography() -> None:
    assert not issubclass(InvalidKey, DeviceError)
    for error in (DeviceAway, DeviceRefused, DeviceUntrusted, DeviceAccessDenied, NoSuchDeviceKey, DeviceLibraryUnusable):
        assert issubclass(error, DeviceError)
