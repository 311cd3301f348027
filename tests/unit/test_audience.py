"""Whom an app is for: an affiliation counts as a whole."""

import pytest

from idp.apps.audience import Audience

TEACHER_HERE, GUARDIAN_THERE = ("2111000001", "teacher"), ("2111000002", "guardian")


@pytest.mark.parametrize(
    ("institutions", "roles", "included"),
    [
        ((), (), True),
        (("2111000001",), (), True),
        (("2111000003",), (), False),
        ((), ("teacher",), True),
        ((), ("student",), False),
        (("2111000001",), ("teacher", "staff"), True),
        (("2111000002",), ("teacher",), False),
        (("2111000001", "2111000002"), ("student",), False),
    ],
)
def test_the_institution_and_the_role_have_to_be_of_one_affiliation(
    institutions: tuple[str, ...], roles: tuple[str, ...], included: bool
) -> None:
    audience = Audience(frozenset(institutions), frozenset(roles))
    assert audience.includes([TEACHER_HERE, GUARDIAN_THERE]) is included
    assert Audience.from_json(audience.to_json()) == audience


def test_whoever_belongs_nowhere_is_only_among_everybody() -> None:
    assert Audience().includes([])
    assert not Audience(roles=frozenset({"student"})).includes([])
