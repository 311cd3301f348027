"""Authentication contexts: what an app may ask for, which level that is, and what an answer says was done."""

from collections.abc import Mapping
from typing import Literal

from idp.mfa.policy import acr_of, level_of_acr
from idp.sso.saml import names
from idp.sso.saml.errors import NoAuthnContext

Comparison = Literal["exact", "minimum", "maximum", "better"]
COMPARISONS = ("exact", "minimum", "maximum", "better")
MAX_CLASSES = 20

# The least that each class of others says. Whatever proves more proves it too: our policy, for a passkey is no worse than the
# password that somebody once asked for.
_LEVELS: Mapping[str, int] = {
    names.ANY_CONTEXT: 1,
    names.PASSWORD: 1,
    names.PASSWORD_PROTECTED_TRANSPORT: 1,
    names.REFEDS_SFA: 1,
    "urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken": 2,
    "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract": 2,
    names.REFEDS_MFA: 2,
}


def level_of(reference: str) -> int | None:
    """The level that a class needs; ``None`` for one we do not know."""
    return _LEVELS.get(reference) or level_of_acr(reference)


def required_level(classes: tuple[str, ...], comparison: str, highest: int) -> int:
    """What the sign-in must reach (SAML Core §3.3.2.2.1). Raises :class:`NoAuthnContext` for more than ``highest``."""
    if not classes:
        return 1
    known = [level for one in classes if (level := level_of(one)) is not None]
    if not known:
        raise NoAuthnContext(detail="none of the classes is known")
    # "Better" is stronger than any one of them: than the weakest is enough.
    needed = {"maximum": 1, "better": min(known) + 1}.get(comparison, min(known))
    if needed > highest:
        raise NoAuthnContext(detail=f"level {needed}")
    return needed


def answered(classes: tuple[str, ...], comparison: str, level: int) -> str:
    """The class that an answer names for what was proven, ``level``."""
    reached = [one for one in classes if (needed := level_of(one)) is not None and needed <= level and one != names.ANY_CONTEXT]
    own = any(one.startswith(acr_of(1)[:-1]) for one in classes)
    if reached and comparison in ("exact", "maximum"):
        # Of those that were asked for, the strongest that holds; of two alike the first, as the app prefers it.
        return max(reached, key=lambda one: level_of(one) or 0)
    if own:
        return acr_of(level)
    return names.REFEDS_MFA if level >= 2 else names.PASSWORD_PROTECTED_TRANSPORT
