"""How much an arrival proves, and what a session says was done: we cannot say what happened elsewhere, and so name no method."""

from dataclasses import dataclass

from idp.mfa.policy import ELSEWHERE, MULTIPLE
from idp.upstream.arrival import Arrival
from idp.upstream.rules import Rules


@dataclass(frozen=True)
class Proven:
    """A level as in :mod:`idp.mfa.policy`, and methods for the session."""

    level: int
    methods: tuple[str, ...]


def proven(rules: Rules, arrival: Arrival) -> Proven:
    """What the provider's word is good for. Without a rule that trusts it further it is worth a password: level 1."""
    said = (*arrival.told.get("acr", ()), *arrival.told.get("amr", ()))
    level = max((rules.levels[one] for one in said if one in rules.levels), default=1)
    return Proven(level, (ELSEWHERE, MULTIPLE) if level > 1 else (ELSEWHERE,))
