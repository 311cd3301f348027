"""The two values of GM/T 0009 that SM2 makes: signature and ciphertext. Raw on our side, DER on the wire."""

from idp.crypto.curve import check_point
from idp.crypto.der import writer
from idp.crypto.der.reader import Reader
from idp.crypto.errors import InvalidKey

_MAX_SIGNATURE_BYTES = 72
_MAX_CIPHERTEXT_BYTES = 1 << 26
_DIGEST_BYTES = 32


def signature_from_der(der: bytes) -> bytes:
    """r‖s, 64 bytes, of ``SEQUENCE { r INTEGER, s INTEGER }`` (GM/T 0009 §7.3). Raises :class:`InvalidEncoding`."""
    reader = Reader(der, limit=_MAX_SIGNATURE_BYTES)
    inner = reader.sequence()
    reader.finish()
    signature = _number(inner) + _number(inner)
    inner.finish()
    return signature


def signature_to_der(signature: bytes) -> bytes:
    """The DER of r‖s."""
    return writer.sequence(
        writer.integer(int.from_bytes(signature[:32], "big")), writer.integer(int.from_bytes(signature[32:], "big"))
    )


def ciphertext_from_der(der: bytes) -> tuple[bytes, bytes, bytes]:
    """C1 (x‖y, on the curve), C3 and C2 of an SM2Cipher that fills ``der``. Raises :class:`InvalidEncoding`."""
    reader = Reader(der, limit=_MAX_CIPHERTEXT_BYTES)
    parts = read_ciphertext(reader)
    reader.finish()
    return parts


def read_ciphertext(reader: Reader) -> tuple[bytes, bytes, bytes]:
    """The next element: ``SEQUENCE { x, y INTEGER, hash, ciphertext OCTET STRING }`` (GM/T 0009 §7.2).

    Raises :class:`InvalidEncoding`.
    """
    inner = reader.sequence()
    c1 = _number(inner) + _number(inner)
    try:
        check_point(c1)  # before any multiplication: a point of another curve would leak the private key
    except InvalidKey:
        raise inner.fail("C1 is not on the curve") from None
    c3, c2 = inner.octets(), inner.octets()
    inner.finish()
    if len(c3) != _DIGEST_BYTES or not c2:
        raise inner.fail("C3 is not a digest, or C2 is empty")
    return c1, c3, c2


def ciphertext_to_der(c1: bytes, c3: bytes, c2: bytes) -> bytes:
    """The DER of a ciphertext in the order C1, C3, C2."""
    x, y = int.from_bytes(c1[:32], "big"), int.from_bytes(c1[32:], "big")
    return writer.sequence(writer.integer(x), writer.integer(y), writer.octets(c3), writer.octets(c2))


def _number(reader: Reader) -> bytes:
    at = reader.position
    number = reader.integer()
    if number < 0 or number.bit_length() > 256:
        raise reader.fail("a number outside the field", at)
    return number.to_bytes(32, "big")
