"""Our own person number, 一人一号: ``Y``, 14 random characters, one check character.

Drawn at random, so that it tells nothing — no birthday, no school, no role — and cannot be guessed from another: there are
28¹⁴, about 2⁶⁷. One for life, never reused.
"""

import secrets

from idp.registry.errors import NoSuchPerson

PREFIX = "Y"
LENGTH = 16
# ISO/IEC 7064 MOD 37,36 counts in 0-9A-Z. We draw from it without what hands and eyes confuse: 0 O, 1 I L, 2 Z, and U (V).
ALPHABET = "3456789ABCDEFGHJKMNPQRSTVWXY"
_ISO_7064 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def generate() -> str:
    """A fresh number."""
    body = PREFIX + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 2))
    return body + check_character(body)


def normalise(value: str) -> str:
    """The number as we write it, from how people type it: any case, with spaces or hyphens.

    Raises :class:`NoSuchPerson` for what cannot be a number: nobody has it.
    """
    number = value.strip().replace(" ", "").replace("-", "").upper()
    if not looks_like_one(number):
        raise NoSuchPerson
    return number


def looks_like_one(number: str) -> bool:
    """Whether ``number`` has the form and the check character of a person number."""
    if len(number) != LENGTH or number[0] != PREFIX or any(c not in ALPHABET for c in number[1:-1]):
        return False
    return number[-1] == check_character(number[:-1])


def check_character(body: str) -> str:
    """ISO/IEC 7064 MOD 37,36: finds every single wrong character and nearly all transpositions; always in 0-9A-Z."""
    product = 36
    for character in body:
        total = (product + _ISO_7064.index(character)) % 36 or 36
        product = total * 2 % 37
    return _ISO_7064[(37 - product) % 36]
