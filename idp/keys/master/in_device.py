"""A master key that only a device opens: its file holds it wrapped, and a thief of the disk has nothing.

Whoever starts a process needs the device then, and not afterwards. The way back, and the custodians' shares, hold the key itself.
"""

from idp.crypto.devices.reference import KeyReference
from idp.crypto.devices.wrapping import reference_in, unwrap, wrap
from idp.crypto.errors import DecryptionFailed
from idp.keys.devices import configured
from idp.keys.errors import MasterKeyNotOpened
from idp.settings import Settings


def opened(text: str, settings: Settings) -> bytes:
    """The secret in a wrapped text. Raises :class:`MasterKeyNotOpened`, or a ``DeviceError``."""
    devices = configured(settings)
    try:
        return unwrap(devices[reference_in(text).label], text)
    except DecryptionFailed:
        raise MasterKeyNotOpened from None
    finally:
        devices.close()


def wrapped(secret: bytes, reference: KeyReference, settings: Settings) -> str:
    """The secret for the encryption key of a device, after it has come back from there once. Raises a ``DeviceError``."""
    devices = configured(settings)
    try:
        return wrap(devices[reference.label], reference.index, secret)
    finally:
        devices.close()
