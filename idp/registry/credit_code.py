"""The unified social credit code, 统一社会信用代码 (GB 32100-2015): 18 characters with two check characters."""

from idp.i18n import N_
from idp.registry.errors import InvalidCreditCode

# GB 32100-2015 §4.2: without I, O, S, V and Z. Letters are *not* consecutive: a table, not arithmetic on character codes.
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
_ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def normalise(value: str) -> str:
    """The code in capital letters, both check characters verified. Raises :class:`InvalidCreditCode`."""
    code = value.strip().upper()
    if len(code) != 18 or any(c not in ALPHABET for c in code):
        raise InvalidCreditCode(reason=N_("it needs 18 characters of 0-9 and A-Z without I, O, S, V, Z"))
    if not code[2:8].isdigit():
        raise InvalidCreditCode(reason=N_("characters 3 to 8 are the digits of a region"))
    if code[16] != organisation_check_character(code[8:16]):
        raise InvalidCreditCode(reason=N_("the check character of the organisation code (the 17th) does not fit"))
    if code[17] != check_character(code[:17]):
        raise InvalidCreditCode(reason=N_("the check character (the 18th) does not fit"))
    return code


def check_character(first: str) -> str:
    """The 18th character from the first 17 (GB/T 17710, weights 3ⁱ modulo 31)."""
    return ALPHABET[-sum(ALPHABET.index(c) * w for c, w in zip(first, _WEIGHTS, strict=True)) % 31]


def organisation_check_character(first: str) -> str:
    """The ninth character of the organisation code, from its first eight (GB 11714): 10 is written X, 11 is written 0."""
    values = (_ORGANISATION_ALPHABET.index(c) for c in first)
    check = 11 - sum(v * w for v, w in zip(values, _ORGANISATION_WEIGHTS, strict=True)) % 11
    return {10: "X", 11: "0"}.get(check, str(check))
