"""Rotation by time: when it is due, once however many find it due, and without a token that fails."""

from datetime import timedelta

import pytest

from idp.crypto.jose import KeySet, jwt
from idp.deployment import SYSTEM, Deployment
from idp.housekeeping import rotate_keys
from idp.keys import schedule
from idp.keys.states import SAML_ALGORITHM, Purpose, State, state
from idp.keys.tables import Key
from tests.at_once import at_once, refused
from tests.clocks import SettableClock

SM = "SGD_SM3_SM2"


def in_use(deployment: Deployment, what: str) -> Key:
    row = schedule.in_use(deployment.ring.newest().rows, what, deployment.clock.now())
    assert row is not None
    return row


def states(deployment: Deployment, what: str) -> list[str]:
    now = deployment.clock.now()
    return sorted(state(row, now) for row in deployment.ring.newest().rows if what in (row.algorithm, row.purpose))


def test_a_new_installation_says_what_is_due_when(deployment: Deployment) -> None:
    now = deployment.clock.now()
    waiting = schedule.due(deployment.ring.current().rows, deployment.settings, now)
    assert {one.what for one in waiting} == {SM, "RS256", "ES256", "PS256", "seal", "ca", "password", "audit", "web"}
    assert [one.at for one in waiting] == sorted(one.at for one in waiting)
    assert waiting[0].at > now + timedelta(days=80)
    assert rotate_keys(deployment) == 0


def test_a_key_as_old_as_the_settings_allow_makes_room_and_no_token_fails(deployment: Deployment, clock: SettableClock) -> None:
    clock.forward(days=91)
    before = in_use(deployment, SM)
    token = jwt.encode({"n": 1}, deployment.ring.signer(SM, clock.now()))
    fetched = KeySet(deployment.ring.published("sm", clock.now()))
    assert rotate_keys(deployment) == 4
    assert states(deployment, SM) == [State.ACTIVE, State.NEXT, State.RETIRED]
    after = jwt.encode({"n": 2}, deployment.ring.signer(SM, clock.now()))
    assert in_use(deployment, SM).kid != before.kid
    for keys in (fetched, KeySet(deployment.ring.published("sm", clock.now()))):
        for each in (token, after):
            jwt.decode(each, keys, algorithms=[SM])
    clock.forward(seconds=deployment.settings.longest_token.total_seconds())
    jwt.decode(token, KeySet(deployment.ring.published("sm", clock.now())), algorithms=[SM])  # its last moment
    assert rotate_keys(deployment) == 0


def test_after_a_year_secrets_change_and_saml_does_not(deployment: Deployment, clock: SettableClock) -> None:
    vault = deployment.ring.vault
    sealed, saml = vault.seal("secret", context="row:1"), in_use(deployment, SAML_ALGORITHM).kid
    clock.forward(days=366)
    assert rotate_keys(deployment) == 9
    for purpose in (Purpose.SEAL, Purpose.AUTHORITY, Purpose.PASSWORD, Purpose.AUDIT):
        assert states(deployment, purpose.value) == [State.ACTIVE, State.RETIRED]
    assert vault.needs_reseal(sealed)
    assert vault.open(sealed, context="row:1") == "secret"
    assert in_use(deployment, SAML_ALGORITHM).kid == saml
    rows, now = deployment.ring.newest().rows, clock.now()
    assert schedule.old_saml_key(rows, now) is None
    assert schedule.old_saml_key(rows, now + timedelta(days=366)) is not None


def test_of_twenty_servers_that_find_it_due_one_rotates(deployment: Deployment, clock: SettableClock) -> None:
    clock.forward(days=91)
    ages = deployment.settings.model_copy(update={"key_token_days": 0, "key_audit_days": 30, "key_seal_days": 30})

    def rotate(_: int) -> int:
        with deployment.transaction(SYSTEM) as tx:
            return len(schedule.rotate_due(tx, deployment.master, ages))

    results = at_once(rotate)
    assert refused(results) == set()
    assert sorted(results) == [0] * 19 + [3]  # type: ignore[type-var]
    assert states(deployment, "audit") == [State.ACTIVE, State.RETIRED]


@pytest.mark.parametrize("what", ["token", "seal", "password", "audit"])
def test_a_schedule_that_is_off_leaves_the_key(deployment: Deployment, what: str) -> None:
    ages = deployment.settings.model_copy(update={f"key_{what}_days": 0})
    left = {one.what for one in schedule.due(deployment.ring.current().rows, ages, deployment.clock.now())}
    assert not left & {"token": {SM, "RS256"}, "seal": {"seal", "ca"}}.get(what, {what})
