"""What comes next in a sign-in: one function, from values, and nothing else decides it."""

from dataclasses import dataclass
from enum import StrEnum

from idp.mfa.policy import HIGHEST_LEVEL, PASSWORD


class Step(StrEnum):
    """What the person is asked for now."""

    PASSWORD = "password"
    SECOND_FACTOR = "second_factor"
    ENROL = "enrol"
    UNMET = "unmet"
    DONE = "done"


@dataclass(frozen=True)
class State:
    """Where the sign-in stands. ``level`` is what ``methods`` have proven; ``kinds`` are the factors the person has."""

    required_level: int
    methods: frozenset[str]
    level: int
    kinds: frozenset[str]


def next_step(state: State) -> Step:
    """The step that is next.

    Whoever has a second factor is asked for it at every sign-in, whatever the app requires: that is what they set it up for.
    """
    if PASSWORD not in state.methods:
        return Step.PASSWORD
    if state.kinds and state.level < 2:
        return Step.SECOND_FACTOR
    if state.level >= state.required_level:
        return Step.DONE
    if state.required_level > HIGHEST_LEVEL:
        return Step.UNMET
    return Step.ENROL
