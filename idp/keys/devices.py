"""The devices that the settings name, and their passwords.

A password lies in a file that only the operator can read, as the master key does, or in the environment; it is read when a
session needs it, so that a new one is used without a restart.
"""

import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from idp.crypto import sm2
from idp.crypto.devices.device import Device
from idp.crypto.devices.errors import DevicePasswordMissing, DevicePasswordUnsafe, NoSuchDevice
from idp.crypto.devices.pool import DeviceConfiguration
from idp.crypto.devices.reference import KeyReference
from idp.crypto.devices.signer import SdfSigner, adopted
from idp.settings import Settings
from idp.settings.devices import SdfDevice


class Devices:
    """Devices by their label. None is opened before it is needed."""

    def __init__(self, devices: Mapping[str, Device] | None = None) -> None:
        self._devices = dict(devices or {})

    def __iter__(self) -> Iterator[Device]:
        return iter(self._devices.values())

    def __getitem__(self, label: str) -> Device:
        """Raises :class:`NoSuchDevice`."""
        found = self._devices.get(label)
        if found is None:
            raise NoSuchDevice(device=label)
        return found

    def signer(self, reference: KeyReference, public_key: sm2.PublicKey, *, verify_all: bool = False) -> SdfSigner:
        """A signer for a key that is in use already; the device is not asked. Raises :class:`NoSuchDevice`."""
        return SdfSigner(self[reference.label], reference.index, public_key, verify_all=verify_all)

    def adopted(self, reference: KeyReference, *, verify_all: bool = False) -> SdfSigner:
        """A signer for a key that is taken into use now, after it has signed something. Raises a ``DeviceError``."""
        return adopted(self[reference.label], reference.index, verify_all=verify_all)

    def close(self) -> None:
        """Closes what this process has opened."""
        for device in self:
            device.close()


def configured(settings: Settings) -> Devices:
    """The devices of an installation."""
    return Devices({label: Device(_reached(settings.home, label, one)) for label, one in settings.sdf_devices.items()})


def _reached(home: Path, label: str, one: SdfDevice) -> DeviceConfiguration:
    password = _password(home, label, one)
    return DeviceConfiguration(label, one.library, password, sessions=one.sessions, patience=one.seconds)


def _password(home: Path, label: str, one: SdfDevice) -> Callable[[int], bytes | None]:
    def given(_index: int) -> bytes | None:
        return one.password.get_secret_value().encode() if one.password is not None else None

    def read(index: int) -> bytes:
        path = home / one.password_file.replace("{index}", str(index))
        try:
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise DevicePasswordUnsafe(device=label, path=path)
            password = path.read_bytes().rstrip(b"\r\n")
        except OSError:
            raise DevicePasswordMissing(device=label, path=path) from None
        if not password:
            raise DevicePasswordMissing(device=label, path=path)
        return password

    return read if one.password_file else given
