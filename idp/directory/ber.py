"""Reading BER as LDAP restricts it (RFC 4511 §5.1): definite lengths, primitive strings.

Not :mod:`idp.crypto.der`: LDAP lets a length be longer than need be, and Active Directory writes every one in four bytes.
"""

from collections.abc import Iterator

from idp.directory.errors import Unavailable

MAX_MESSAGE = 256 * 1024  # our policy: one entry without attributes, or a refusal with its reason, is a fraction of it

BOOLEAN, INTEGER, OCTET_STRING, ENUMERATED, SEQUENCE = 0x01, 0x02, 0x04, 0x0A, 0x30


def expected(head: bytes) -> int | None:
    """How many bytes the element that ``head`` begins has in all; ``None`` while that cannot be told. Raises ``Unavailable``."""
    if len(head) < 2:
        return None
    length, size = head[1], 2
    if length >= 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4:  # RFC 4511 §5.1: only the definite form
            raise Unavailable(detail="an answer of an indefinite or absurd length")
        size += count
        if len(head) < size:
            return None
        length = int.from_bytes(head[2:size], "big")
    if length > MAX_MESSAGE:
        raise Unavailable(detail=f"an answer of more than {MAX_MESSAGE} bytes")
    return size + length


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each element. Raises ``Unavailable`` where the data is not made of whole ones."""
    position = 0
    while position < len(data):
        # RFC 4511 uses no tag of more than one byte.
        size = expected(data[position : position + 6])
        if data[position] & 0x1F == 0x1F or size is None or position + size > len(data):
            raise Unavailable(detail="an answer that is not BER")
        length = data[position + 1]
        start = position + 2 + (length & 0x7F if length >= 0x80 else 0)
        yield data[position], data[start : position + size]
        position += size


def integer(content: bytes) -> int:
    """The value of an INTEGER or ENUMERATED. Raises ``Unavailable`` for none, or one of more than eight bytes."""
    if not 1 <= len(content) <= 8:
        raise Unavailable(detail="a number that is none")
    return int.from_bytes(content, "big", signed=True)
