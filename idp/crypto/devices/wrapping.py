"""A secret kept so that one device alone gives it back.

A digital envelope by what GM/T 0018 has for it: a session key that the device makes and encrypts to its own key pair
(``SDF_GenerateKeyWithIPK_ECC``), the secret under that key by SM4-CBC (``SDF_Encrypt``); back by ``SDF_ImportKeyWithISK_ECC`` and
``SDF_Decrypt``. The session key never leaves the device in the clear. The text is ``sdf1.<label>.<index>.<key>.<secret>.<check>``,
the last three in base64url: C1 ‖ C3 ‖ C2; the initial vector and the ciphertext; HMAC-SM3 of all before it under the secret itself,
because CBC notices nothing.
"""

import ctypes
import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from idp.crypto import base64url, sm3
from idp.crypto.curve import check_point
from idp.crypto.devices.device import Device
from idp.crypto.devices.errors import DeviceUntrusted, InvalidKeyReference
from idp.crypto.devices.reference import KeyReference
from idp.crypto.devices.session import Session
from idp.crypto.devices.structures import ECCCipher, OtherLayout, cipher_from, cipher_parts
from idp.crypto.errors import DecryptionFailed, InvalidEncoding, InvalidKey
from idp.i18n import N_

VERSION = "sdf1"
_SGD_SM4_CBC = 0x00000402  # GM/T 0006
_BLOCK = 16
_KEY_BITS = 128
_CHECK_BYTES = 16


def is_wrapped(text: str) -> bool:
    """Whether a text is one of these."""
    return text.startswith(VERSION + ".")


def reference_in(text: str) -> KeyReference:
    """The device and index whose encryption key opens it. Raises :class:`DecryptionFailed`."""
    parts = text.split(".")
    if len(parts) != 6 or parts[0] != VERSION:
        raise DecryptionFailed
    try:
        return KeyReference.parse(f"sdf:{parts[1]}#{parts[2]}")
    except InvalidKeyReference:
        raise DecryptionFailed from None


def wrap(device: Device, index: int, secret: bytes) -> str:
    """``secret``, whole blocks of 16 bytes, for the encryption key at ``index``; tried at once whether it comes back.

    Raises a ``DeviceError``.
    """

    def work(session: Session) -> tuple[bytes, bytes]:
        wrapped, vector = ECCCipher(), secrets.token_bytes(_BLOCK)
        handle = ctypes.c_void_p()
        session.call("SDF_GenerateKeyWithIPK_ECC", index, _KEY_BITS, ctypes.byref(wrapped), ctypes.byref(handle))
        with _destroyed(session, handle):
            return cipher_parts(wrapped), vector + _by(session, "SDF_Encrypt", handle, vector, secret)

    reference = KeyReference(device.label, index)
    try:
        key, ciphertext = device.run(work, index)[0]
    except OtherLayout:
        raise DeviceUntrusted(key=str(reference), reason=N_("its numbers do not stand where GM/T 0018 puts them")) from None
    body = ".".join((VERSION, device.label, str(index), base64url.encode(key), base64url.encode(ciphertext)))
    text = f"{body}.{base64url.encode(_check(secret, body))}"
    try:
        unwrap(device, text)
    except DecryptionFailed:
        raise DeviceUntrusted(key=str(reference), reason=N_("it does not give back what it was given")) from None
    return text


def unwrap(device: Device, text: str) -> bytes:
    """What was wrapped. Raises :class:`DecryptionFailed` for a text that was changed, or a ``DeviceError``."""
    index = reference_in(text).index
    body, _, check = text.rpartition(".")
    try:
        key, ciphertext = (base64url.decode(part) for part in body.split(".")[3:])
        given = base64url.decode(check)
        check_point(key[:64])
        wrapped = cipher_from(key)
    except (InvalidEncoding, InvalidKey, ValueError):
        raise DecryptionFailed from None
    if len(ciphertext) < 2 * _BLOCK or len(ciphertext) % _BLOCK:
        raise DecryptionFailed

    def work(session: Session) -> bytes:
        device.grant(session, index)
        handle = ctypes.c_void_p()
        session.call("SDF_ImportKeyWithISK_ECC", index, ctypes.byref(wrapped), ctypes.byref(handle))
        with _destroyed(session, handle):
            return _by(session, "SDF_Decrypt", handle, ciphertext[:_BLOCK], ciphertext[_BLOCK:])

    secret = device.run(work, index)[0]
    if not hmac.compare_digest(_check(secret, body), given):
        raise DecryptionFailed
    return secret


def _by(session: Session, function: str, key: ctypes.c_void_p, vector: bytes, data: bytes) -> bytes:
    out = ctypes.create_string_buffer(len(data) + _BLOCK)
    length = ctypes.c_uint(len(data))
    copy = ctypes.create_string_buffer(vector, _BLOCK)  # some write the next vector into it
    session.call(function, key, _SGD_SM4_CBC, ctypes.cast(copy, ctypes.c_char_p), data, len(data), out, ctypes.byref(length))
    return out.raw[: min(length.value, len(data))]


@contextmanager
def _destroyed(session: Session, key: ctypes.c_void_p) -> Iterator[None]:
    try:
        yield
    finally:
        session.call("SDF_DestroyKey", key)


def _check(secret: bytes, body: str) -> bytes:
    return sm3.hmac(secret, b"yima wrapped 1" + body.encode())[:_CHECK_BYTES]
