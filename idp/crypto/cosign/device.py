"""The phone's own signature, over every message it sends: ECDSA on P-256, by a key that the browser keeps and shows to nobody.

It tells strangers from the phone before anything is counted: who knows the name of a key, but has not the phone, locks nobody out.
"""

import re

from cryptography.exceptions import InvalidSignature as Invalid
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from idp.crypto.errors import InvalidEncoding, InvalidKey, InvalidSignature

DOMAIN = "YIMA-COSIGN-DEVICE-1"
_POINT = re.compile(r"04[0-9a-f]{128}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")


def check_device_key(text: str) -> None:
    """Raises :class:`InvalidEncoding` or :class:`InvalidKey` unless ``text`` is a point of P-256 as ``04‖x‖y`` in 130 digits."""
    if not _POINT.fullmatch(text):
        raise InvalidEncoding
    _parsed(text)


def check_device_signature(key: str, address: str, text: str, signature: str) -> None:
    """Raises :class:`InvalidSignature` unless ``signature``, r‖s in 128 digits, is over ``text`` sent to ``address``."""
    if not _SIGNATURE.fullmatch(signature):
        raise InvalidSignature
    raw = bytes.fromhex(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    try:
        _parsed(key).verify(der, f"{DOMAIN}\n{address}\n{text}".encode(), ec.ECDSA(hashes.SHA256()))
    except Invalid:
        raise InvalidSignature from None


def _parsed(text: str) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(text))
    except ValueError:
        raise InvalidKey from None
