"""Texts with places such as ``{code}`` to fill in."""

import re
from collections.abc import Collection, Mapping
from urllib.parse import quote

_PLACE = re.compile(r"\{([a-z_][a-z0-9_]*)\}")


def places(text: str) -> set[str]:
    """The names of the places."""
    return set(_PLACE.findall(text))


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its places filled; one that has no value is empty."""
    return _PLACE.sub(lambda found: values.get(found[1], ""), text)


def fill_address(text: str, values: Mapping[str, str], trusted: Collection[str]) -> str:
    """The address with its places filled. Only what the operator said (``trusted``) stands there as it is: all else is encoded."""
    return _PLACE.sub(
        lambda found: values.get(found[1], "") if found[1] in trusted else quote(values.get(found[1], ""), safe=""), text
    )
