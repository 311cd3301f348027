"""What comes next in a sign-in: one function, from values, and nothing else decides it."""

from dataclasses import dataclass
from enum import StrEnum

from idp.mfa.policy import HIGHEST_LEVEL


class Step(StrEnum):
    """What the person is asked for now."""

    PASSWORD = "password"
    SECOND_FACTOR = "second_factor"
    ENROL = "enrol"
    UNMET = "unmet"
    DONE = "done"


@dataclass(frozen=True)
class State:
    """Where the sign-in stands, in levels: what the app requires, what has been proven (0 for nothing), the best that the
    person's factors reach (0 without any), and the highest that any kind of factor reaches here.
    """

    required: int
    proven: int
    best: int
    highest: int = HIGHEST_LEVEL


def next_step(state: State) -> Step:
    """The step that is next.

    Whoever has a second factor is asked for it at every sign-in, whatever the app requires: that is what they set it up for.
    """
    if state.proven < 1:
        return Step.PASSWORD
    if state.best and state.proven < 2:
        return Step.SECOND_FACTOR
    if state.proven >= state.required:
        return Step.DONE
    if state.required > state.highest:
        return Step.UNMET
    if state.best >= state.required:
        return Step.SECOND_FACTOR
    return Step.ENROL


def asked_level(state: State) -> int:
    """The level that the second factor asked for now should reach: the app's own where the person has one for it."""
    return state.required if state.best >= state.required else 2
