"""What comes next, from values alone."""

from dataclasses import replace

import pytest

from idp.login.next_step import Reminder, State, Step, asked_level, enrolled_level, next_step
from idp.login.requirement import Requirement, chosen_level

FRESH = State(required=1, proven=0, best=0, offered=3, asks=False, second=False)
TYPED = replace(FRESH, proven=1)
HAS_CODES = replace(TYPED, best=2, asks=True)


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (FRESH, Step.PASSWORD),
        (TYPED, Step.DONE),
        (HAS_CODES, Step.SECOND_FACTOR),
        (replace(HAS_CODES, proven=2, second=True), Step.DONE),
        (replace(TYPED, required=2), Step.ENROL),
        (replace(TYPED, required=4), Step.UNMET),
        (replace(TYPED, required=2, offered=0), Step.UNMET),
        (replace(TYPED, required=2, may_enrol=False), Step.UNMET),
        (replace(HAS_CODES, required=3), Step.SECOND_FACTOR),
        (replace(HAS_CODES, required=3, proven=2, second=True), Step.ENROL),
        (replace(HAS_CODES, required=3, proven=2, second=True, offered=2), Step.UNMET),
        (replace(HAS_CODES, required=3, proven=2, second=True, best=3), Step.SECOND_FACTOR),
        (replace(HAS_CODES, required=2, may_enrol=False), Step.SECOND_FACTOR),
        # A factor that does not count is asked for, and then another one is set up.
        (replace(TYPED, required=2, asks=True), Step.SECOND_FACTOR),
        (replace(TYPED, required=2, asks=True, second=True), Step.ENROL),
        (replace(TYPED, asks=True, second=True), Step.DONE),
        # A certificate in place of the password is good for level 1; who needs more gives the password too.
        (replace(HAS_CODES, second=True, key_alone=True), Step.DONE),
        (replace(HAS_CODES, second=True, key_alone=True, required=2), Step.PASSWORD),
        (replace(HAS_CODES, second=True, key_alone=True, required=2, best=3), Step.PASSWORD),
        # A remembered device spares the second step, and opens no way around it to a new factor or password.
        (replace(HAS_CODES, remembered=True), Step.DONE),
        (replace(HAS_CODES, remembered=True, required=2), Step.SECOND_FACTOR),
        (replace(HAS_CODES, remembered=True, required=3), Step.SECOND_FACTOR),
        (replace(HAS_CODES, remembered=True, proven=2, required=3), Step.SECOND_FACTOR),
        (replace(HAS_CODES, remembered=True, proven=2, required=2), Step.DONE),
        (replace(HAS_CODES, remembered=True, coming=3), Step.REMIND),
        (replace(HAS_CODES, remembered=True, coming=3, reminder=Reminder.NOW), Step.SECOND_FACTOR),
        (replace(HAS_CODES, remembered=True, new_password=True), Step.SECOND_FACTOR),
        (replace(HAS_CODES, second=True, proven=2, new_password=True), Step.NEW_PASSWORD),
        (replace(TYPED, new_password=True), Step.NEW_PASSWORD),
        (replace(TYPED, new_password=True, required=2), Step.ENROL),
        # Whoever used a recovery code sets another factor up, whatever they said to a reminder; what is due comes first.
        (replace(HAS_CODES, replace=True), Step.SECOND_FACTOR),
        (replace(HAS_CODES, replace=True, proven=2, second=True), Step.ENROL),
        (replace(HAS_CODES, replace=True, proven=2, second=True, reminder=Reminder.LATER), Step.ENROL),
        (replace(HAS_CODES, replace=True, proven=2, second=True, new_password=True), Step.ENROL),
        (replace(HAS_CODES, replace=True, proven=2, second=True, required=3, best=3), Step.SECOND_FACTOR),
        (replace(HAS_CODES, replace=True, proven=2, second=True, required=3, may_enrol=False), Step.UNMET),
        # What is coming is said after everything that is due.
        (replace(TYPED, coming=2), Step.REMIND),
        (replace(HAS_CODES, coming=3), Step.SECOND_FACTOR),
        (replace(TYPED, coming=2, reminder=Reminder.LATER), Step.DONE),
        (replace(TYPED, coming=2, reminder=Reminder.NOW), Step.ENROL),
        (replace(TYPED, coming=2, required=3), Step.ENROL),
        (replace(TYPED, coming=4), Step.DONE),
    ],
)
def test_the_next_step(state: State, step: Step) -> None:
    assert next_step(state) is step


@pytest.mark.parametrize(
    ("state", "level"),
    [
        (HAS_CODES, 2),
        (replace(HAS_CODES, required=3), 2),
        (replace(HAS_CODES, required=3, best=3), 3),
        (replace(TYPED, required=2, asks=True), 0),
    ],
)
def test_what_is_asked_for_is_what_is_missing(state: State, level: int) -> None:
    assert asked_level(state) == level


@pytest.mark.parametrize(
    ("state", "level"), [(replace(TYPED, required=3), 3), (replace(TYPED, coming=3), 3), (replace(TYPED, coming=3, required=2), 2)]
)
def test_what_is_set_up_reaches_what_is_missing_or_coming(state: State, level: int) -> None:
    assert enrolled_level(state) == level


@pytest.mark.parametrize(
    ("least", "wished", "best", "offered", "chosen"),
    [
        (1, (), 0, 3, 1),
        (2, (), 0, 3, 2),
        (1, (3, 2), 3, 3, 3),
        (1, (2, 3), 3, 3, 2),
        (1, (3, 2), 2, 3, 2),  # what they have comes before what they could set up
        (1, (3, 1), 0, 3, 1),
        (1, (3, 2), 0, 3, 3),
        (1, (3, 2), 0, 2, 2),
        (1, (4, 3, 2), 0, 3, 3),
        (2, (3, 1), 0, 3, 3),
        (2, (3, 1), 2, 3, 2),  # never less than the app's own
        (3, (2, 1), 2, 3, 3),
        (1, (3,), 2, 2, 3),  # cannot be met
        (1, (4, 3), 2, 2, 3),
    ],
)
def test_of_several_levels_the_first_that_the_person_can_reach(
    least: int, wished: tuple[int, ...], best: int, offered: int, chosen: int
) -> None:
    assert chosen_level(Requirement(least, wished=wished), best, offered) == chosen
