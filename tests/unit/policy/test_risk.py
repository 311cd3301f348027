"""What of a sign-in is unusual, and what follows from it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from idp.policy.demand import Position
from idp.policy.document import Mode, Place, Policy, Signal, read
from idp.policy.risk import Circumstances, Raised, place_of, raised

NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)
TEACHER = Position("11", "2111000001", "teacher")
PUPIL = Position("11", "2111000001", "student")
USUAL = Circumstances(NOW, device_known=True, place="校园网", usual_places=frozenset({"校园网"}))
ABROAD = replace(USUAL, device_known=False, place="")
PLACES = (
    Place(name="省", networks=("10.0.0.0/8",)),
    Place(name="校园网", networks=("10.1.0.0/16", "2001:db8::/32")),
)


def seen(circumstances: Circumstances, policy: Policy | None = None, who: Position = TEACHER) -> list[Signal]:
    policy = policy or Policy()
    return [one.signal for one in raised(policy, policy.rules, [who], circumstances)]


@pytest.mark.parametrize(
    "circumstances",
    [
        USUAL,
        replace(ABROAD, device_known=True),
        replace(ABROAD, device_known=None),
        replace(ABROAD, place="校园网"),
        replace(ABROAD, usual_places=frozenset()),
        replace(USUAL, failures=5),
        replace(USUAL, number_changed_at=NOW - timedelta(hours=24)),
    ],
)
def test_what_is_usual_raises_nothing(circumstances: Circumstances) -> None:
    assert seen(circumstances) == []


@pytest.mark.parametrize(
    ("circumstances", "signal"),
    [
        (ABROAD, Signal.NEW_PLACE),
        (replace(ABROAD, place="省"), Signal.NEW_PLACE),
        (replace(USUAL, failures=6), Signal.MANY_FAILURES),
        (replace(USUAL, number_changed_at=NOW - timedelta(hours=23, minutes=59)), Signal.NUMBER_CHANGED),
    ],
)
def test_each_signal_shows_by_itself(circumstances: Circumstances, signal: Signal) -> None:
    assert seen(circumstances) == [signal]


def test_everything_is_recorded_only_until_the_operator_has_looked() -> None:
    (found,) = raised(Policy(), (), [TEACHER], ABROAD)
    assert found == Raised(Signal.NEW_PLACE, Mode.RECORD_ONLY, 2)


def test_what_is_off_is_not_seen() -> None:
    assert seen(ABROAD, read({"risk": {"new_place": {"mode": "off"}}})) == []


def test_pupils_are_left_out_unless_they_are_named() -> None:
    assert seen(ABROAD, who=PUPIL) == []
    named = read({"risk": {"new_place": {"roles": ["student"]}}})
    assert seen(ABROAD, named, PUPIL) == [Signal.NEW_PLACE]
    assert seen(ABROAD, named) == []


def test_after_a_changed_number_a_text_message_is_good_for_nothing() -> None:
    (found,) = raised(Policy(), (), [TEACHER], replace(USUAL, number_changed_at=NOW))
    assert not found.restricted


def test_a_rule_in_trial_is_seen_with_its_name() -> None:
    tried = read({"rules": [{"role": "teacher", "level": 3, "mode": "record_only"}, {"role": "student", "level": 2}]})
    (found,) = raised(tried, tried.rules, [TEACHER], USUAL)
    assert (found.signal, found.level, found.rule) == (Signal.RULE, 3, tried.rules[0].key)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("10.1.2.3", "校园网"),
        ("10.2.0.1", "省"),
        ("::ffff:10.1.2.3", "校园网"),
        ("2001:db8::1", "校园网"),
        ("2001:db8::1%eth0", "校园网"),
        ("203.0.113.9", ""),
        ("nonsense", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_a_place_is_the_smallest_network_that_has_a_name(address: str | None, place: str) -> None:
    assert place_of(PLACES, address) == place
