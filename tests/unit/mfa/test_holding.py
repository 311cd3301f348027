"""Whose factors count for how much, and what an installation can reach at all."""

from typing import cast

import pytest

from idp.keys import Vault
from idp.mfa.factor import Site
from idp.mfa.factors import FACTORS
from idp.mfa.policy import highest_level, holding, kinds_of, proves_more_than_a_password
from idp.mfa.tables import Credential
from idp.settings import Settings


def rows(*kinds: str) -> list[Credential]:
    return [Credential(kind=kind) for kind in kinds]


def held(
    *kinds: str, allowed: set[str] | None = None, administrator: bool = False, restricted: bool = True
) -> tuple[list[str], int]:
    """What is asked for, and the best level."""
    kinds_allowed = frozenset(allowed) if allowed is not None else None
    found = holding(rows(*kinds), kinds_allowed, administrator=administrator, restricted=restricted)
    return [row.kind for row in found.asked], found.best


def test_every_kind_counts_where_the_policy_says_nothing() -> None:
    assert held("totp", "passkey", "recovery") == (["totp", "passkey", "recovery"], 3)
    assert held() == ([], 0)


def test_a_restricted_kind_counts_beside_a_better_one_only() -> None:
    assert held("sms", "totp") == (["sms", "totp"], 2)
    assert held("sms") == (["sms"], 0)
    assert held("sms", "recovery") == (["sms", "recovery"], 0)


def test_for_administrators_a_restricted_kind_is_not_there() -> None:
    assert held("sms", administrator=True) == ([], 0)
    assert held("sms", "totp", administrator=True) == (["totp"], 2)


def test_after_a_changed_number_a_restricted_kind_is_not_asked_for_where_there_is_another() -> None:
    assert held("sms", "totp", restricted=False) == (["totp"], 2)
    assert held("sms", restricted=False) == (["sms"], 0)


def test_a_kind_that_is_not_offered_any_more_is_asked_for_only_where_there_is_nothing_else_and_lifts_nothing() -> None:
    assert held("totp", "passkey", allowed={"passkey"}) == (["passkey"], 3)
    assert held("totp", allowed={"passkey"}) == (["totp"], 0)
    assert holding(rows("totp"), frozenset({"passkey"}), administrator=False).credit("totp", 2) == 1


def test_recovery_codes_count_beside_whatever_counts() -> None:
    assert held("passkey", "recovery", allowed={"passkey"}) == (["passkey", "recovery"], 3)
    assert held("recovery", "totp", allowed={"passkey"}) == (["recovery", "totp"], 0)


@pytest.mark.parametrize(
    ("methods", "more"),
    [(["pwd"], False), (["pwd", "rba"], False), (["pin", "user"], False), (["pwd", "sms"], True), (["swk"], True)],
)
def test_a_second_step_is_something_had_or_been(methods: list[str], more: bool) -> None:
    assert proves_more_than_a_password(methods) is more


def site(**settings: str) -> Site:
    return Site(cast(Vault, None), Settings(**settings))


def test_no_level_is_promised_that_this_installation_does_not_reach() -> None:
    assert highest_level(site()) == 3
    assert highest_level(site(public_url="http://127.0.0.1:8000", phone_url="")) == 2


def test_the_policy_is_told_every_kind_but_no_restricted_or_last_one_as_enough() -> None:
    kinds = kinds_of(site(sms_providers="console"))
    assert kinds.known == set(FACTORS) - {"recovery"}
    assert not {"sms", "recovery"} & set(kinds.levels)
    assert "cosign" not in kinds_of(site(public_url="https://id.example.cn")).levels
