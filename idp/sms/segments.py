"""Cutting a text into segments that a phone puts together again.

Everything goes as UCS-2. The seven-bit alphabet would save a segment for English, but gateways differ in how they turn ASCII into
it — ``@``, which the last line of every code needs, is a zero byte there — and the text must arrive as it was.
"""

from idp.sms.errors import MessageTooLong

# 3GPP TS 23.040 §9.2.3.24: 140 octets of user data; with the six octets of a concatenation header 134 are left, 67 characters.
SINGLE = 140
PART = 134
MAX_SEGMENTS = 5  # our policy


def split(text: str) -> tuple[bytes, ...]:
    """The text in UCS-2, cut where it must be and never inside a surrogate pair. Raises :class:`MessageTooLong`."""
    octets = text.encode("utf-16-be", "replace")
    if len(octets) <= SINGLE:
        return (octets,)
    parts, start = [], 0
    while start < len(octets):
        end = start + PART
        if end < len(octets) and 0xD8 <= octets[end - 2] <= 0xDB:  # the first half of a pair would be the last of this part
            end -= 2
        parts.append(octets[start:end])
        start = end
    if len(parts) > MAX_SEGMENTS:
        raise MessageTooLong
    return tuple(parts)


def user_data(parts: tuple[bytes, ...], reference: int) -> list[bytes]:
    """The segments as they travel: each with the header that says which part of what it is, where there are several.

    3GPP TS 23.040 §9.2.3.24.1: length of the header, information element 0 of length 3, reference, number of parts, this part.
    """
    if len(parts) == 1:
        return list(parts)
    return [bytes((5, 0, 3, reference & 0xFF, len(parts), number)) + part for number, part in enumerate(parts, 1)]
