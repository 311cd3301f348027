"""Which proofs make which level, and how a token says so.

Level 1 is a password, 2 a second factor beside it, 3 co-signing on the phone or a passkey that verified its user, with or
without a password; 4 is attested hardware.
"""

from collections.abc import Collection

from idp.mfa.factors import FACTORS

ACR_PREFIX = "urn:yima:acr:"
PASSWORD = "pwd"

HIGHEST_LEVEL = max(1, *(factor.level for factor in FACTORS.values()))
"""What the registered kinds reach: nothing more is promised to apps."""

# RFC 8176 §2, in the order in which tokens name them, each with what it shows: something known, something had, something one
# is. `user` and `rba` show neither.
_METHODS = {
    PASSWORD: "known",
    "pin": "known",
    "otp": "had",
    "sms": "had",
    "swk": "had",
    "hwk": "had",
    "sc": "had",
    "fpt": "is",
    "face": "is",
    "iris": "is",
    "user": "",
    "rba": "",
}
MULTIPLE = "mfa"


def amr_of(methods: Collection[str]) -> tuple[str, ...]:
    """RFC 8176: what was proven, and ``mfa`` when that was of more than one kind, or when a factor alone proved more than one."""
    ordered = tuple(method for method in _METHODS if method in methods)
    kinds = {_METHODS[method] for method in ordered} - {""}
    return (*ordered, MULTIPLE) if len(kinds) > 1 or MULTIPLE in methods else ordered


def acr_of(level: int) -> str:
    """``urn:yima:acr:1`` and so on."""
    return f"{ACR_PREFIX}{level}"


def level_of_acr(acr: str) -> int | None:
    """The level that an ``acr`` value names, ``None`` for one we do not know."""
    number = acr.removeprefix(ACR_PREFIX)
    return int(number) if acr.startswith(ACR_PREFIX) and number in ("1", "2", "3", "4") else None
