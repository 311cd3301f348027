"""What a policy may say, and what is refused before it can do harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.check import Kinds, check_reachable
from idp.policy.document import Policy, read
from idp.policy.errors import CannotBeMet, InvalidPolicy
from idp.policy.toml import from_toml, to_toml
from idp.registry.affiliations import Role

KINDS = Kinds(frozenset({"totp", "passkey", "sms"}), {"totp": 2, "passkey": 3})
ONLY_CODES = Kinds(KINDS.known, {"totp": 2})


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[[rule]]\nlevel = 5", "rules 1 level"),
        ("[[rule]]\nlevel = 0", "rules 1 level"),
        ("[[rule]]\nlevel = 'two'", "rules 1 level"),
        ("[[rule]]\nrole = 'pupil'\nlevel = 2", "rules 1 role"),
        ("[[rule]]\nlevle = 2", "rules 1 levle"),
        ("[[rule]]\nrole = 'teacher'", "rules 1"),
        ("[[rule]]\nkinds = []", "rules 1 kinds"),
        ("[[rule]]\nlevel = 2\ngrace_days = -1", "rules 1 grace_days"),
        ("[[rule]]\nlevel = 2\ngrace_days = 366", "rules 1 grace_days"),
        ("[[rule]]\nlevel = 2\nmode = 'maybe'", "rules 1 mode"),
        ("[[rule]]\nlevel = 2\nbegins = 2027-06-02\nends = 2027-06-02", "rules 1"),
        ("[[rule]]\nlevel = 2\nbegins = 'June'", "rules 1 begins"),
        ("[[rule]]\nlevel = 2\nsince = 2027-06-02", "rules 1 since"),
        ("[[rule]]\napp = 'x'\nkinds = ['totp']", "rules 1"),
        ("[[rule]]\napp = 'x'\nlevel = 2\ngrace_days = 3", "rules 1"),
        ("[[rule]]\nlevel = 2\nprovince = '11'\ninstitution = '2132000009'", "rules 1"),
        ("[[rule]]\nlevel = 2\n[[rule]]\nlevel = 3", "rules"),
        ("rule = 1", "rules"),
        ("rules = []", "rules"),
        ("[risk]\ntravel = 'enforce'", "risk travel [key]"),
        ("[risk]\nrule = 'enforce'", "rules"),
        ("[risk]\nnew_place = 'sometimes'", "risk new_place mode"),
        ("[risk.new_place]\nlevel = 1", "risk new_place level"),
        ("[[place]]\nname = 'x'\nnetworks = ['10.0.0.1/8']", "places 1 networks"),
        ("[[place]]\nname = 'x'\nnetworks = []", "places 1 networks"),
        ("[[place]]\nname = ''\nnetworks = ['10.0.0.0/8']", "places 1 name"),
        ("[[rule", "file"),
        ("x" * 2_000_001, "file"),
    ],
)
def test_what_makes_no_sense_is_refused_and_the_part_is_named(text: str, where: str) -> None:
    with pytest.raises(InvalidPolicy) as caught:
        from_toml(text)
    assert caught.value.params["where"] == where


def test_a_file_survives_reading_and_writing() -> None:
    text = """
[[rule]]
province = "11"
role = "teacher"
level = 2
kinds = ["passkey", "totp"]
grace_days = 0
reason = "教办〔2027〕3号 \\"quoted\\""

[[rule]]
app = "grades"
level = 3
begins = 2027-06-01
ends = 2027-06-11T12:30:00
mode = "record_only"

[risk.many_failures]
mode = "enforce"
level = 3
roles = ["teacher"]

[[place]]
name = "校园网"
networks = ["10.0.0.0/8", "2001:db8::/32"]
"""
    policy = from_toml(text)
    assert from_toml(to_toml(policy)) == policy
    assert read(policy.model_dump(mode="json", exclude_defaults=True)) == policy


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_whatever_a_reason_says_is_written_so_that_it_can_be_read(reason: str) -> None:
    policy = read({"rules": [{"level": 2, "reason": reason}]})
    assert from_toml(to_toml(policy)) == policy


def test_one_word_is_enough_for_a_signal() -> None:
    assert from_toml("[risk]\nnew_place = 'off'") == from_toml("[risk.new_place]\nmode = 'off'")


@pytest.mark.parametrize(
    "rules",
    [
        [{"level": 4}],
        [{"level": 3, "kinds": ["totp"]}],
        [{"level": 2, "kinds": ["sms"]}],
        [{"level": 3}, {"role": "teacher", "kinds": ["totp"]}],
        [{"role": "teacher", "level": 3, "mode": "record_only"}, {"kinds": ["totp"]}],
        [{"role": "teacher", "level": 2, "kinds": ["passkey"]}, {"institution": "2111000001", "kinds": ["totp"]}],
        [{"province": "11", "kinds": ["totp"]}, {"institution": "2111000001", "level": 3}],
        [{"province": "11", "kinds": ["totp"]}, {"app": "grades", "level": 3}],
        [{"province": "11", "kinds": ["totp"]}],  # of its administrators level 3 is demanded
    ],
)
def test_what_nobody_could_meet_is_refused(rules: list[dict[str, object]]) -> None:
    with pytest.raises(CannotBeMet):
        check_reachable(read({"rules": rules}), KINDS)


@pytest.mark.parametrize(
    "rules",
    [
        [{"level": 3}],
        [{"level": 2, "kinds": ["totp", "passkey"]}],
        [{"role": "teacher", "kinds": ["totp"]}, {"role": "staff", "level": 3}],
        [{"institution": "2111000001", "role": "student", "kinds": ["totp"]}, {"institution": "2111000002", "level": 3}],
        [{"level": 4, "mode": "off"}],
        [{"role": "school_admin", "level": 2}, {"role": "region_admin", "level": 2}, {"province": "11", "kinds": ["totp"]}],
    ],
)
def test_what_everybody_concerned_could_meet_is_not(rules: list[dict[str, object]]) -> None:
    check_reachable(read({"rules": rules}), KINDS)


def test_the_refusal_says_for_whom_and_what_is_offered() -> None:
    with pytest.raises(CannotBeMet, match=r"role teacher cannot be met: .* level 3. Offered: totp"):
        check_reachable(read({"rules": [{"level": 3}, {"role": "teacher", "kinds": ["totp"]}]}), KINDS)


def test_administrators_prove_level_three_unless_a_rule_for_them_says_otherwise() -> None:
    levels = {rule.role: rule.level for rule in Policy().effective(3)}
    assert levels == {Role.SCHOOL_ADMIN: 3, Role.REGION_ADMIN: 3}
    lowered = read({"rules": [{"role": "school_admin", "level": 2}]}).effective(3)
    assert [(rule.role, rule.level) for rule in lowered] == [(Role.SCHOOL_ADMIN, 2), (Role.REGION_ADMIN, 3)]
    elsewhere = read({"rules": [{"role": "school_admin", "level": 2, "province": "11"}]}).effective(3)
    assert len(elsewhere) == 3


def test_where_no_kind_reaches_level_three_administrators_prove_what_there_is() -> None:
    assert {rule.level for rule in Policy().effective(ONLY_CODES.highest)} == {2}
    assert Policy().effective(1) == ()


@pytest.mark.parametrize("role", [Role.STUDENT, Role.GUARDIAN, Role.TEACHER, Role.STAFF, Role.ALUMNUS])
def test_of_everybody_else_nothing_is_demanded_by_itself(role: Role) -> None:
    assert role not in {rule.role for rule in Policy().effective(3)}


def test_grace_is_two_weeks_and_none_for_administrators_apps_and_set_times() -> None:
    said = [{"role": "teacher"}, {"role": "school_admin"}, {"app": "grades"}, {"begins": "2027-06-01"}, {"grace_days": 3}]
    rules = read({"rules": [{"level": 2, **one} for one in said]}).rules
    assert [rule.grace.days for rule in rules] == [14, 0, 0, 0, 3]
