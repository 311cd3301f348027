"""The strictest level wins and the narrowest set of kinds, in whatever order the rules stand."""

import random
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy import demand
from idp.policy.demand import Demand, Duty, Position, concerning, standing
from idp.policy.document import Mode, Rule
from idp.registry.affiliations import Role

NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)
TEACHER = Position("11", "2111000001", "teacher")
ADMIN = Position("32", "2132000009", "school_admin")
LEVELS = {"cosign": 3, "passkey": 3, "totp": 2}
KINDS = (*LEVELS, "sms")

rules = st.builds(
    Rule,
    province=st.sampled_from(["", "11"]),
    institution=st.sampled_from(["", "2111000001"]),
    role=st.sampled_from([None, Role.TEACHER, Role.STUDENT]),
    level=st.integers(2, 4),
    kinds=st.none() | st.lists(st.sampled_from(KINDS), min_size=1).map(tuple),
    grace_days=st.none() | st.integers(0, 30),
    since=st.none() | st.just(NOW - timedelta(days=1)),
)
demands = st.builds(
    Demand,
    duties=st.frozensets(st.builds(Duty, st.integers(2, 4), st.text(max_size=2)), max_size=4),
    kinds=st.none() | st.frozensets(st.sampled_from(KINDS)),
)


def demand_of(rules: Collection[Rule], held: Collection[Position], client_id: str, now: datetime) -> Demand:
    return demand.demand_of(rules, held, client_id, now, LEVELS)


def rule(**said: object) -> Rule:
    return Rule(**{"level": 2, **said})


@given(demands, demands, demands)
def test_joining_is_commutative_associative_and_idempotent(one: Demand, other: Demand, third: Demand) -> None:
    assert one.joined(other) == other.joined(one)
    assert one.joined(other).joined(third) == one.joined(other.joined(third))
    assert one.joined(one) == one


@given(st.lists(rules, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_the_rules_changes_nothing(given_rules: list[Rule], chance: random.Random) -> None:
    shuffled = given_rules[:]
    chance.shuffle(shuffled)
    assert demand_of(shuffled, [TEACHER], "", NOW) == demand_of(given_rules, [TEACHER], "", NOW)


@given(st.lists(rules, max_size=8), rules, st.integers(0, 3), st.dictionaries(st.just("any"), st.just(NOW)))
def test_one_rule_more_never_lowers_the_level_nor_widens_the_kinds(
    before: list[Rule], more: Rule, best: int, began: dict[str, datetime]
) -> None:
    old, new = demand_of(before, [TEACHER], "", NOW), demand_of([*before, more], [TEACHER], "", NOW)
    assert new.level >= old.level
    assert standing(new, best, began, NOW, signing_in=True).level >= standing(old, best, began, NOW, signing_in=True).level
    if old.kinds is not None:
        assert new.kinds is not None
        assert new.kinds <= old.kinds


@given(st.lists(rules, max_size=6))
def test_another_position_never_lowers_the_level(given_rules: list[Rule]) -> None:
    alone, both = demand_of(given_rules, [TEACHER], "", NOW), demand_of(given_rules, [TEACHER, ADMIN], "", NOW)
    assert both.level >= alone.level
    assert both.duties >= alone.duties


@pytest.mark.parametrize(
    "said",
    [
        {"province": "32"},
        {"institution": "2132000009"},
        {"role": "student"},
        {"app": "grades"},
        {"begins": "2027-03-02"},
        {"ends": "2027-03-01"},
        {"mode": "off"},
        {"mode": "record_only"},
        {"institution": "2111000001", "role": "school_admin"},
    ],
)
def test_a_rule_for_somebody_else_somewhere_else_or_another_time_demands_nothing(said: dict[str, object]) -> None:
    assert demand_of([rule(**said)], [TEACHER], "", NOW).level == 1


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"province": "11"},
        {"institution": "2111000001"},
        {"role": "teacher"},
        {"begins": "2027-03-01", "ends": "2027-03-02"},
        {"province": "11", "role": "teacher"},
    ],
)
def test_a_rule_for_this_person_demands_its_level(said: dict[str, object]) -> None:
    assert demand_of([rule(**said)], [TEACHER], "", NOW).level == 2


def test_role_and_place_must_be_of_one_position() -> None:
    """A teacher here who is an administrator elsewhere is no administrator here."""
    mixed = rule(institution="2111000001", role="school_admin")
    assert demand_of([mixed], [TEACHER, ADMIN], "", NOW).level == 1


def test_somebody_without_any_position_is_spoken_of_by_rules_for_everybody_alone() -> None:
    assert demand_of([rule(role="teacher")], [], "", NOW).level == 1
    assert demand_of([rule()], [], "", NOW).level == 2


def test_an_app_can_be_strict_with_one_role() -> None:
    strict = rule(app="grades", role="teacher", level=3)
    assert demand_of([strict], [TEACHER], "grades", NOW).level == 3
    assert demand_of([strict], [Position("11", "2111000001", "student")], "grades", NOW).level == 1


@pytest.mark.parametrize(
    ("teachers", "administrators", "left"),
    [
        (("totp", "passkey"), ("passkey", "cosign"), {"passkey"}),
        (("totp",), ("passkey",), {"passkey"}),
        (("totp",), None, None),
        (("totp", "sms"), ("totp", "cosign"), {"totp", "cosign"}),
        (None, ("cosign",), {"cosign"}),
    ],
)
def test_two_positions_leave_what_both_allow_or_else_what_the_stricter_one_does(
    teachers: tuple[str, ...] | None, administrators: tuple[str, ...] | None, left: set[str] | None
) -> None:
    both = [rule(role="teacher", kinds=teachers), rule(role="school_admin", level=3, kinds=administrators)]
    found = demand_of(both, [TEACHER, ADMIN], "", NOW)
    assert (found.level, found.kinds) == (3, left)
    assert demand_of(both, [ADMIN, TEACHER], "", NOW) == found


def test_a_time_is_beijings() -> None:
    exam = rule(begins="2027-06-07", ends="2027-06-11")
    at = datetime(2027, 6, 6, 16, 0, tzinfo=UTC)
    assert concerning([exam], [TEACHER], "", at) == [exam]
    assert concerning([exam], [TEACHER], "", at - timedelta(seconds=1)) == []
    assert concerning([exam], [TEACHER], "", at + timedelta(days=4)) == []


def test_a_rule_in_trial_is_found_as_such_only() -> None:
    tried = rule(mode="record_only")
    assert concerning([tried], [TEACHER], "", NOW, Mode.RECORD_ONLY) == [tried]
    assert concerning([rule(mode="off")], [TEACHER], "", NOW, Mode.RECORD_ONLY) == []


def duty(level: int = 2, days: int = 14, since: datetime | None = None) -> Duty:
    return Duty(level, f"key/{level}", timedelta(days=days), since)


def stands(best: int, began: datetime | None, *duties: Duty, signing_in: bool = True) -> tuple[int, int | None]:
    found = standing(
        Demand(frozenset(duties)), best, {one.key: began for one in duties} if began else {}, NOW, signing_in=signing_in
    )
    return found.level, found.coming.level if found.coming else None


def test_grace_begins_with_the_first_sign_in_and_ends_to_the_second() -> None:
    found = standing(Demand(frozenset({duty()})), 0, {}, NOW, signing_in=True)
    assert (found.level, found.coming.until if found.coming else None) == (1, NOW + timedelta(days=14))
    assert found.begun == (duty(),)
    assert stands(0, NOW - timedelta(days=14) + timedelta(seconds=1), duty()) == (1, 2)
    assert stands(0, NOW - timedelta(days=14), duty()) == (2, None)


def test_there_is_no_grace_for_whoever_has_the_factor_nor_without_days() -> None:
    assert stands(2, None, duty()) == (2, None)
    assert stands(0, None, duty(days=0)) == (2, None)
    assert stands(2, None, duty(3)) == (1, 3)


def test_of_two_graces_the_shorter_one_counts_and_what_is_due_is_not_put_off_by_what_is_coming() -> None:
    began = NOW - timedelta(days=10)
    assert stands(0, began, duty(2, 7), duty(3, 30)) == (2, 3)
    shorter = Duty(2, "other/2", timedelta(days=7))
    assert stands(0, began, duty(2, 30), shorter) == (2, None)


def test_a_rule_that_took_effect_anew_gives_its_grace_anew() -> None:
    assert stands(0, NOW - timedelta(days=300), duty(since=NOW - timedelta(days=1))) == (1, 2)
    assert stands(0, NOW - timedelta(days=300), duty(since=NOW - timedelta(days=301))) == (2, None)


def test_a_session_from_before_the_rule_is_left_alone_until_the_next_sign_in() -> None:
    assert stands(0, None, duty(), signing_in=False) == (1, None)
    assert stands(0, None, duty(days=0), signing_in=False) == (2, None)
