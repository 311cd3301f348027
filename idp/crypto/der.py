"""The two DER structures of GM/T 0009: signature and ciphertext. Reads only what DER allows, to the last byte."""

from idp.crypto.curve import check_point
from idp.crypto.errors import InvalidEncoding, InvalidKey

_INTEGER, _OCTETS, _SEQUENCE = 0x02, 0x04, 0x30


def signature_from_der(der: bytes) -> bytes:
    """r‖s, 64 bytes, of ``SEQUENCE { r INTEGER, s INTEGER }`` (GM/T 0009 §7.3). Raises :class:`InvalidEncoding`."""
    body = _whole(_SEQUENCE, der)
    r, body = _take(_INTEGER, body)
    s = _whole(_INTEGER, body)
    return _from_integer(r) + _from_integer(s)


def signature_to_der(signature: bytes) -> bytes:
    """The DER of r‖s."""
    return _wrap(_SEQUENCE, _to_integer(signature[:32]) + _to_integer(signature[32:]))


def ciphertext_from_der(der: bytes) -> tuple[bytes, bytes, bytes]:
    """C1 (x‖y, on the curve), C3 and C2 of ``SEQUENCE { x, y INTEGER, hash, ciphertext OCTET STRING }`` (GM/T 0009 §7.2).

    Raises :class:`InvalidEncoding`.
    """
    body = _whole(_SEQUENCE, der)
    x, body = _take(_INTEGER, body)
    y, body = _take(_INTEGER, body)
    c3, body = _take(_OCTETS, body)
    c2 = _whole(_OCTETS, body)
    c1 = _from_integer(x) + _from_integer(y)
    try:
        check_point(c1)  # before any multiplication: a point of another curve would leak the private key
    except InvalidKey:
        raise InvalidEncoding from None
    if len(c3) != 32 or not c2:
        raise InvalidEncoding
    return c1, c3, c2


def ciphertext_to_der(c1: bytes, c3: bytes, c2: bytes) -> bytes:
    """The DER of a ciphertext in the order C1, C3, C2."""
    return _wrap(_SEQUENCE, _to_integer(c1[:32]) + _to_integer(c1[32:]) + _wrap(_OCTETS, c3) + _wrap(_OCTETS, c2))


def _take(tag: int, data: bytes) -> tuple[bytes, bytes]:
    """The content of the first element, which must have this tag, and what follows it."""
    if len(data) < 2 or data[0] != tag:
        raise InvalidEncoding
    length, start = data[1], 2
    if length & 0x80:
        count = length & 0x7F
        start += count
        length = int.from_bytes(data[2:start], "big")
        # X.690 §10.1: the shortest form of the length, and never the indefinite one.
        if not 1 <= count <= 4 or len(data) < start or length < 0x80 or data[2] == 0:
            raise InvalidEncoding
    if len(data) < start + length:
        raise InvalidEncoding
    return data[start : start + length], data[start + length :]


def _whole(tag: int, data: bytes) -> bytes:
    content, rest = _take(tag, data)
    if rest:
        raise InvalidEncoding
    return content


def _wrap(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content


def _from_integer(content: bytes) -> bytes:
    # X.690 §8.3.2: no more bytes than needed; a set top bit would make it negative.
    if not content or content[0] & 0x80 or (len(content) > 1 and content[0] == 0 and not content[1] & 0x80):
        raise InvalidEncoding
    number = content.lstrip(b"\x00")
    if len(number) > 32:
        raise InvalidEncoding
    return number.rjust(32, b"\x00")


def _to_integer(number: bytes) -> bytes:
    shortest = number.lstrip(b"\x00") or b"\x00"
    return _wrap(_INTEGER, b"\x00" + shortest if shortest[0] & 0x80 else shortest)
