"""What a provider told of somebody who has just signed in there, in our words whatever its own were."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FIELDS = ("subject", "name", "document", "document_kind", "local_number", "person_number", "affiliation", "acr", "amr")
"""What can be read from an answer, each from a place in it that the provider's settings name."""

MAX_SUBJECT, MAX_VALUE = 255, 500


@dataclass(frozen=True)
class Arrival:
    """An account elsewhere, proven just now.

    ``subject`` is what the provider knows it by, for good. ``told`` are the other :data:`FIELDS` that it tells, ``claims`` all of
    its answer, for rules that look at it. Both may hold identity numbers, and are not in the representation.
    """

    subject: str
    told: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def first(self, name: str) -> str:
        """The field, the first of several values; empty if it was not told."""
        return next(iter(self.told.get(name, ())), "")


def read(claims: Mapping[str, Any], places: Mapping[str, str]) -> Arrival | None:
    """Reads an answer. ``places`` gives for each field where it stands; ``None`` where the subject is missing or is none."""
    told = {name: found for name, place in places.items() if (found := values_at(claims, place))}
    subject = told.pop("subject", ())
    if len(subject) != 1 or len(subject[0]) > MAX_SUBJECT:
        return None
    return Arrival(subject[0], told, claims)


def values_at(claims: Any, place: str) -> tuple[str, ...]:
    """The texts at a place such as ``result.user.id``: members by name, parts of an array by number, and a whole array's.

    A member whose name has dots in it is found as such first. Numbers are texts; anything else is not there.
    """
    found = _at(claims, place)
    candidates = found if isinstance(found, list | tuple) else [found]
    texts = (str(one) if isinstance(one, int) and not isinstance(one, bool) else one for one in candidates[:50])
    return tuple(
        one.strip() for one in texts if isinstance(one, str) and one.strip() and len(one) <= MAX_VALUE and one.isprintable()
    )


def _at(claims: Any, place: str) -> Any:
    if isinstance(claims, Mapping) and place in claims:
        return claims[place]
    head, dot, rest = place.partition(".")
    if isinstance(claims, Mapping):
        inner = claims.get(head)
    elif isinstance(claims, list) and head.isascii() and head.isdigit() and int(head) < len(claims):
        inner = claims[int(head)]
    else:
        return None
    return _at(inner, rest) if dot else inner
