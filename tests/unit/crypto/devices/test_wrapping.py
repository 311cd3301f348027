"""A secret that one device alone gives back."""

import secrets
from dataclasses import replace

import pytest

from idp.crypto import base64url
from idp.crypto.devices.errors import DeviceAccessDenied, DeviceAway, DeviceError, DeviceUntrusted, NoSuchDeviceKey
from idp.crypto.devices.reference import KeyReference
from idp.crypto.devices.wrapping import is_wrapped, reference_in, unwrap, wrap
from idp.crypto.errors import DecryptionFailed
from tests.services.sdf_device import FOLDER, StubDevice

SECRET = secrets.token_bytes(32)


def test_what_was_wrapped_comes_back_from_the_same_device_in_another_process_of_it(stub: StubDevice) -> None:
    text = wrap(stub.device(), 2, SECRET)
    assert is_wrapped(text)
    assert not is_wrapped(SECRET.hex())
    assert reference_in(text) == KeyReference("hsm", 2)
    assert unwrap(stub.device(), text) == SECRET
    assert SECRET.hex() not in text
    assert base64url.encode(SECRET) not in text


def test_each_time_it_is_another_text(stub: StubDevice) -> None:
    assert wrap(stub.device(), 2, SECRET) != wrap(stub.device(), 2, SECRET)


def test_another_device_does_not_give_it_back(stub: StubDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    text = wrap(stub.device(), 2, SECRET)
    other = replace(stub, folder=stub.folder.parent / "other")
    other.folder.mkdir()
    monkeypatch.setenv(FOLDER, str(other.folder))
    with pytest.raises(DeviceError, match="SDR_ENCDATAERR"):
        unwrap(other.device(), text)


def test_nor_does_another_index(stub: StubDevice) -> None:
    parts = wrap(stub.device(), 2, SECRET).split(".")
    with pytest.raises(DeviceError):
        unwrap(stub.device(), ".".join([*parts[:2], "3", *parts[3:]]))


@pytest.mark.parametrize("part", [3, 4, 5])
@pytest.mark.parametrize("at", [0, 10, -2])
def test_a_text_that_was_changed_anywhere_gives_nothing(stub: StubDevice, part: int, at: int) -> None:
    parts = wrap(stub.device(), 2, SECRET).split(".")
    changed = bytearray(base64url.decode(parts[part]))
    changed[at] ^= 1
    parts[part] = base64url.encode(bytes(changed))
    with pytest.raises((DecryptionFailed, DeviceError)):
        unwrap(stub.device(), ".".join(parts))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sdf1",
        "sdf1.hsm.2.a.b",
        "sdf1.hsm.2.a.b.c.d",
        "y1.hsm.2.a.b.c",
        "sdf1.hsm.2.?.b.c",
        "sdf1.HSM.2.a.b.c",
        "sdf1.hsm.0.a.b.c",
    ],
)
def test_what_is_no_such_text_is_refused(stub: StubDevice, text: str) -> None:
    with pytest.raises(DecryptionFailed):
        unwrap(stub.device(), text)


@pytest.mark.parametrize("which", [3, 4])
@pytest.mark.parametrize("length", [0, 1, 15, 96, 97, 5000])
def test_parts_of_a_wrong_length_are_refused(stub: StubDevice, which: int, length: int) -> None:
    parts = wrap(stub.device(), 2, SECRET).split(".")
    whole = base64url.decode(parts[which])
    parts[which] = base64url.encode((whole * 60)[:length])
    with pytest.raises((DecryptionFailed, DeviceError)):
        unwrap(stub.device(), ".".join(parts))


@pytest.mark.parametrize(("fault", "error"), [("away", DeviceAway), ("garbled", DeviceUntrusted)])
def test_nothing_is_wrapped_that_would_not_come_back(stub: StubDevice, fault: str, error: type[DeviceError]) -> None:
    stub.fault(fault)
    with pytest.raises(error):
        wrap(stub.device(), 2, SECRET)


def test_it_needs_the_key_and_its_password(stub: StubDevice) -> None:
    text = wrap(stub.device(), 2, SECRET)
    with pytest.raises(DeviceAccessDenied):
        unwrap(stub.device(password=lambda _: b"wrong"), text)
    with pytest.raises(NoSuchDeviceKey):
        wrap(stub.device(), 9, SECRET)
