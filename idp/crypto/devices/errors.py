"""What can go wrong with a device. Their texts are for operators: pages and answers to apps say less."""

from idp.crypto.devices.results import meaning, shown
from idp.crypto.errors import CryptoError
from idp.i18n import N_


class DeviceError(CryptoError):
    """The family of this room."""

    code = "device"


class InvalidKeyReference(DeviceError):
    """The text does not name a key in a device."""

    code = "device.invalid_reference"
    default_message = N_("A key in a device is named sdf:LABEL#INDEX, for example sdf:hsm#1. Index 0 is the device's own key.")


class NoSuchDevice(DeviceError):
    """The settings name no device so."""

    code = "device.unknown"
    default_message = N_("No device is called %(device)s in the settings (sdf_devices).")


class DeviceLibraryUnusable(DeviceError):
    """The maker's library cannot be loaded, or lacks a function. ``said`` is what the loader says of it."""

    code = "device.library"
    default_message = N_("The library of the device %(device)s cannot be used: %(said)s")


class DevicePasswordMissing(DeviceError):
    """There is no password for the key where the settings say that it is."""

    code = "device.password_missing"
    default_message = N_("There is no password for the keys of the device %(device)s at %(path)s.")


class DevicePasswordUnsafe(DeviceError):
    """Others on this machine may read the password."""

    code = "device.password_unsafe"
    default_message = N_("Others can read the password of the device %(device)s. Run: chmod 600 %(path)s")


class DeviceAway(DeviceError):
    """The device cannot be reached now; it may be back in a moment. Nothing was signed."""

    code = "device.away"
    default_message = N_("The device %(device)s does not answer: %(reason)s (%(result)s).")


class DeviceRefused(DeviceError):
    """The device answered, and refused."""

    code = "device.refused"
    default_message = N_("The device %(device)s refuses %(function)s: %(reason)s (%(result)s).")

    def __init__(self, device: str, function: str, result: int) -> None:
        super().__init__(device=device, function=function, reason=meaning(result), result=shown(result))
        self.result = result


class NoSuchDeviceKey(DeviceError):
    """There is no key at this index."""

    code = "device.no_key"
    default_message = N_("There is no key %(key)s. Make it with the tool of the device's maker.")


class DeviceAccessDenied(DeviceError):
    """The device does not give the right to use the key. It is not asked again with the same password: keys lock themselves."""

    code = "device.access_denied"
    default_message = N_("The device does not let us use the key %(key)s: is its password right? (%(result)s)")


class DeviceUntrusted(DeviceError):
    """What the device answers is not what it should: nothing of it is used."""

    code = "device.untrusted"
    default_message = N_("The key %(key)s cannot be trusted: %(reason)s.")
