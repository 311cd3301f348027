"""A code that was sent is for one challenge, at one browser, for one purpose, and for the place it was sent to."""

import re

import pytest

from idp.deployment import Deployment
from idp.mfa import challenges, sent_codes
from idp.mfa.errors import WrongCode
from idp.mfa.tables import Challenge

pytestmark = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)
PLACE = "+8613800000000"


def challenge(**changes: str) -> Challenge:
    values = {"id": "one", "kind": "sms", "binding_hash": "browser", "purpose": "sign_in"}
    return Challenge(**{**values, **changes})


def test_the_code_is_right_once_sent_and_only_an_hmac_is_kept(deployment: Deployment) -> None:
    asked, vault = challenge(), deployment.ring.vault
    code = sent_codes.fresh(vault, asked, PLACE)
    assert re.fullmatch("[0-9]{6}", code)
    sent_codes.check(vault, asked, PLACE, f" {code[:3]} {code[3:]}\n")
    kept = challenges.private(vault, asked)
    assert (list(kept), bool(re.fullmatch("[0-9a-f]{64}", kept["mac"]))) == (["mac"], True)


@pytest.mark.parametrize("changed", [{"id": "two"}, {"kind": "email"}, {"binding_hash": "another"}, {"purpose": "enrol"}])
def test_it_does_not_move_to_another_challenge_kind_browser_or_purpose(deployment: Deployment, changed: dict[str, str]) -> None:
    asked, other, vault = challenge(), challenge(**changed), deployment.ring.vault
    code = sent_codes.fresh(vault, asked, PLACE)
    challenges.keep_private(vault, other, challenges.private(vault, asked))  # as if the row had been changed
    with pytest.raises(WrongCode):
        sent_codes.check(vault, other, PLACE, code)


def test_it_does_not_move_to_another_number(deployment: Deployment) -> None:
    asked, vault = challenge(), deployment.ring.vault
    code = sent_codes.fresh(vault, asked, PLACE)
    with pytest.raises(WrongCode):
        sent_codes.check(vault, asked, "+8613900000000", code)


@pytest.mark.parametrize("typed", ["", " ", "12345", "1234567", "１２３４５６", "-12345", "12345\x00"])
def test_what_is_no_code_is_wrong_and_so_is_any_code_before_one_was_sent(deployment: Deployment, typed: str) -> None:
    asked, vault = challenge(), deployment.ring.vault
    with pytest.raises(WrongCode):
        sent_codes.check(vault, asked, PLACE, "123456")
    sent_codes.fresh(vault, asked, PLACE)
    with pytest.raises(WrongCode):
        sent_codes.check(vault, asked, PLACE, typed)
