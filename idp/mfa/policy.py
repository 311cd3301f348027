"""Which proofs make which level, and how a token says so."""

from collections.abc import Collection

ACR_PREFIX = "urn:yima:acr:"
HIGHEST_LEVEL = 2  # what the kinds of this version reach; 3 and 4 are named in the design
PASSWORD = "pwd"


def level_of(methods: Collection[str], factor_levels: Collection[int] = ()) -> int:
    """1 for a password, more with a second factor beside it; 0 for nothing."""
    if PASSWORD not in methods:
        return 0
    return max([1, *factor_levels])


def amr_of(methods: Collection[str]) -> tuple[str, ...]:
    """RFC 8176: what was proven, and ``mfa`` when that was more than one kind."""
    ordered = tuple(method for method in (PASSWORD, "otp") if method in methods)
    return (*ordered, "mfa") if len(ordered) > 1 else ordered


def acr_of(level: int) -> str:
    """``urn:yima:acr:1`` and so on."""
    return f"{ACR_PREFIX}{level}"


def level_of_acr(acr: str) -> int | None:
    """The level that an ``acr`` value names, ``None`` for one we do not know."""
    number = acr.removeprefix(ACR_PREFIX)
    return int(number) if acr.startswith(ACR_PREFIX) and number in ("1", "2", "3", "4") else None
