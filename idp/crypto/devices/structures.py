"""The C structures of GM/T 0018 §5, and what they say in our own terms.

Their fields are bytes and 32-bit numbers at offsets that need no padding, so makers who pack them and makers who do not agree.
Numbers of the curve stand at the end of 64 bytes, zeros before them (ECCref_MAX_BITS is 512).
"""

import ctypes
from dataclasses import dataclass

from idp.crypto import sm2
from idp.crypto.errors import InvalidKey

FIELD_BYTES = 64
NUMBER_BYTES = 32
_SLACK_BYTES = 1024  # behind what a library writes, for those whose structures are longer than the standard's

_Field = ctypes.c_ubyte * FIELD_BYTES


class DeviceInfo(ctypes.Structure):
    """DEVICEINFO."""

    _fields_ = (
        ("issuer_name", ctypes.c_char * 40),
        ("device_name", ctypes.c_char * 16),
        ("device_serial", ctypes.c_char * 16),
        ("device_version", ctypes.c_uint),
        ("standard_version", ctypes.c_uint),
        ("asymmetric_ability", ctypes.c_uint * 2),
        ("symmetric_ability", ctypes.c_uint),
        ("hash_ability", ctypes.c_uint),
        ("buffer_size", ctypes.c_uint),
        ("slack", ctypes.c_ubyte * _SLACK_BYTES),
    )


class ECCrefPublicKey(ctypes.Structure):
    """ECCrefPublicKey."""

    _fields_ = (("bits", ctypes.c_uint), ("x", _Field), ("y", _Field), ("slack", ctypes.c_ubyte * _SLACK_BYTES))


class ECCSignature(ctypes.Structure):
    """ECCSignature."""

    _fields_ = (("r", _Field), ("s", _Field), ("slack", ctypes.c_ubyte * _SLACK_BYTES))


class ECCCipher(ctypes.Structure):
    """ECCCipher, its last field as long as any maker has it."""

    _fields_ = (
        ("x", _Field),
        ("y", _Field),
        ("hash", ctypes.c_ubyte * 32),
        ("length", ctypes.c_uint),
        ("ciphertext", ctypes.c_ubyte * _SLACK_BYTES),
    )


class OtherLayout(Exception):
    """The numbers do not stand where the standard puts them."""


@dataclass(frozen=True, slots=True)
class DeviceInformation:
    """What a device says of itself. The texts are the maker's."""

    issuer: str
    name: str
    serial: str
    version: int
    standard_version: int
    has_sm2: bool
    has_sm3: bool
    has_sm4: bool


def information_of(given: DeviceInfo) -> DeviceInformation:
    """The texts up to their first zero, without what a terminal would obey; abilities by the identifiers of GM/T 0006."""
    return DeviceInformation(
        issuer=_text(given.issuer_name),
        name=_text(given.device_name),
        serial=_text(given.device_serial),
        version=given.device_version,
        standard_version=given.standard_version,
        has_sm2=bool(given.asymmetric_ability[0] & 0x00020000),
        has_sm3=bool(given.hash_ability & 0x00000001),
        has_sm4=bool(given.symmetric_ability & 0x00000400),
    )


def public_key_of(given: ECCrefPublicKey) -> sm2.PublicKey:
    """The point. Raises :class:`OtherLayout`, or ``InvalidKey`` for what is not on the curve."""
    x, y = bytes(given.x), bytes(given.y)
    if given.bits != 256 and given.bits != 0x00010000:  # the second is 256 in the other order of bytes
        raise InvalidKey(detail="not a key of 256 bits")
    return sm2.PublicKey(_number(x) + _number(y))


def signature_of(given: ECCSignature) -> bytes:
    """r‖s, 64 bytes. Raises :class:`OtherLayout`."""
    return _number(bytes(given.r)) + _number(bytes(given.s))


def cipher_parts(given: ECCCipher) -> bytes:
    """C1 (x‖y) ‖ C3 ‖ C2. Raises :class:`OtherLayout`."""
    if not 0 < given.length <= _SLACK_BYTES:
        raise OtherLayout
    point = _number(bytes(given.x)) + _number(bytes(given.y))
    return point + bytes(given.hash) + bytes(given.ciphertext)[: given.length]


def cipher_from(parts: bytes) -> ECCCipher:
    """What :func:`cipher_parts` gave, as the interface has it. Raises ``InvalidKey`` for what is too short or too long."""
    ciphertext = parts[96:]
    if not 0 < len(ciphertext) <= _SLACK_BYTES:
        raise InvalidKey
    made = ECCCipher(length=len(ciphertext))
    made.x[NUMBER_BYTES:], made.y[NUMBER_BYTES:], made.hash[:] = parts[:32], parts[32:64], parts[64:96]
    made.ciphertext[: len(ciphertext)] = ciphertext
    return made


def _number(field: bytes) -> bytes:
    if any(field[: FIELD_BYTES - NUMBER_BYTES]):
        raise OtherLayout
    return field[FIELD_BYTES - NUMBER_BYTES :]


def _text(raw: bytes) -> str:
    text = raw.partition(b"\0")[0].decode("utf-8", "replace")
    return "".join(c for c in text if c.isprintable()).strip()
