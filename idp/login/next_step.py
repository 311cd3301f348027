"""What comes next in a sign-in: one function, from values, and nothing else decides it."""

from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """What the person is asked for now. ``remind`` shows what will be demanded from a day on, and may be put off;
    ``new_password`` replaces one that others may know.
    """

    PASSWORD = "password"
    SECOND_FACTOR = "second_factor"
    ENROL = "enrol"
    REMIND = "remind"
    NEW_PASSWORD = "new_password"
    UNMET = "unmet"
    DONE = "done"


class Reminder(StrEnum):
    """What the person said to the reminder."""

    NOT_ASKED = ""
    NOW = "now"
    LATER = "later"


@dataclass(frozen=True)
class State:
    """Where the sign-in stands, in levels: what is required, what has been proven (0 for nothing), the best that the person's
    factors reach (0 without any that counts), and the highest that they may set up here.

    ``asks`` says whether the person has any factor to be asked for, ``second`` whether one was proven; ``may_enrol`` is off where
    a factor set up now would prove nothing. ``coming`` is the level that will be required from a day on, 0 for none.
    ``remembered``: this browser spares the second step where nothing requires it; ``replace``: a recovery code stood for a factor
    that is gone, and another can be set up in its place; ``new_password``: the one there is may be known to others;
    ``key_alone``: all that was proven is a certificate, in place of the password.
    """

    required: int
    proven: int
    best: int
    offered: int
    asks: bool
    second: bool
    may_enrol: bool = True
    coming: int = 0
    reminder: Reminder = Reminder.NOT_ASKED
    remembered: bool = False
    replace: bool = False
    new_password: bool = False
    key_alone: bool = False


def next_step(state: State) -> Step:
    """The step that is next.

    Whoever has a second factor is asked for it at every sign-in, whatever is required: that is what they set it up for.
    """
    if state.proven < 1 or (state.key_alone and state.proven < state.required):
        return Step.PASSWORD  # the same key shown twice is no more than shown once
    if state.asks and not state.second and not _spared(state):
        return Step.SECOND_FACTOR
    if state.proven < state.required:
        return _lacking(state)
    if state.replace and state.second:
        return Step.ENROL  # there is no later: the sheet of codes comes to its end
    if state.new_password:
        return Step.NEW_PASSWORD
    if state.coming and state.offered >= state.coming and state.reminder is not Reminder.LATER:
        return Step.ENROL if state.reminder is Reminder.NOW else Step.REMIND
    return Step.DONE


def asked_level(state: State) -> int:
    """The level that the second factor asked for now should reach: the required one where the person has one for it.

    0 where none that they have counts: then any is asked for.
    """
    if state.best >= state.required:
        return max(2, state.required)
    return 2 if state.best else 0


def enrolled_level(state: State) -> int:
    """The level that a factor set up now should reach."""
    return max(2, state.required if state.proven < state.required else state.coming)


def _spared(state: State) -> bool:
    """Whether a remembered device may stand here: never before something that changes how one signs in."""
    changes = state.new_password or state.reminder is Reminder.NOW
    return state.remembered and state.proven >= state.required and not changes


def _lacking(state: State) -> Step:
    if state.best >= state.required:
        return Step.SECOND_FACTOR
    if state.may_enrol and state.offered >= state.required:
        return Step.ENROL
    return Step.UNMET
