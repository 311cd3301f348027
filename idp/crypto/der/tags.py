"""The tags of X.680 §8.6 that these formats use, as the one byte DER writes for each."""

BOOLEAN = 0x01
INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
NULL = 0x05
OBJECT_IDENTIFIER = 0x06
ENUMERATED = 0x0A
UTF8_STRING = 0x0C
PRINTABLE_STRING = 0x13
IA5_STRING = 0x16
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30
SET = 0x31

_CONTEXT, _CONSTRUCTED = 0x80, 0x20


def context(number: int, *, constructed: bool = False) -> int:
    """``[number]``: constructed for an explicit tag or an implicit one over a SEQUENCE or SET, primitive otherwise."""
    return _CONTEXT | (_CONSTRUCTED if constructed else 0) | number
