"""Which characters a name may have."""

import unicodedata

# Controls, direction marks and other invisible ones, surrogates, private use, unassigned, line and paragraph separators.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def has_unseen(text: str) -> bool:
    """Whether a character in it cannot be seen, so that two names that look alike would differ (Unicode TR 36 §3.1)."""
    if text.isascii():
        return not text.isprintable()
    return any(unicodedata.category(character) in _UNSEEN for character in text)
