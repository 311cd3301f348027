"""The key ring: rotation without a failed verification, withdrawal, and the master key."""

import stat
from contextlib import closing, nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from idp.audit import Action
from idp.audit.tables import AuditEvent
from idp.crypto.errors import InvalidToken
from idp.crypto.jose import KeySet, jwt
from idp.deployment import Deployment, initialise, open_deployment
from idp.housekeeping import complete_keys
from idp.keys import master, rotation
from idp.keys.destruction import destroy
from idp.keys.errors import KeyInUse, KeyNotRetirable, MasterKeyMissing, MasterKeyUnsafe, MasterKeyWrong, NoSuchKey, NotInitialised
from idp.keys.states import KEY_SETS, SLACK, TOKEN_ALGORITHMS, Purpose, State, state
from idp.keys.tables import Key
from idp.sealed import PLACES, VERIFIER
from idp.settings import Settings
from tests.at_once import at_once, refused
from tests.clocks import SettableClock
from tests.people import OPERATOR

KEYS = [(key_set, algorithm) for key_set, names in KEY_SETS.items() for algorithm in names]
ALGORITHMS = [(issuer, algorithm) for issuer, algorithm in KEYS if issuer in TOKEN_ALGORITHMS]
AHEAD = timedelta(seconds=300)


def published(deployment: Deployment, issuer: str) -> list[str]:
    return [str(key["kid"]) for key in deployment.ring.published(issuer, deployment.clock.now())]


def rotate(deployment: Deployment, algorithm: str) -> Key:
    with deployment.transaction(OPERATOR) as tx:
        key = rotation.rotate(tx, deployment.master, algorithm, publish_ahead=AHEAD)
    deployment.ring.forget()
    return key


@pytest.mark.parametrize(("issuer", "algorithm"), KEYS)
def test_a_new_installation_has_an_active_and_a_next_key_and_publishes_both(
    deployment: Deployment, issuer: str, algorithm: str
) -> None:
    states = [state(row, deployment.clock.now()) for row in deployment.ring.current().rows if row.algorithm == algorithm]
    assert sorted(states) == [State.ACTIVE, State.NEXT]
    assert deployment.ring.signer(algorithm, deployment.clock.now()).kid in published(deployment, issuer)


@pytest.mark.parametrize(("issuer", "algorithm"), ALGORITHMS)
def test_through_a_rotation_every_token_verifies_with_a_key_set_fetched_before_or_after(
    deployment: Deployment, clock: SettableClock, issuer: str, algorithm: str
) -> None:
    clock.forward(days=1)
    fetched_before = KeySet(deployment.ring.published(issuer, clock.now()))
    old = jwt.encode({"n": 1}, deployment.ring.signer(algorithm, clock.now()))
    successor = rotate(deployment, algorithm)
    new_signer = deployment.ring.signer(algorithm, clock.now())
    assert new_signer.kid == successor.kid
    new = jwt.encode({"n": 2}, new_signer)
    fetched_after = KeySet(deployment.ring.published(issuer, clock.now()))
    for token in (old, new):
        for keys in (fetched_before, fetched_after):
            jwt.decode(token, keys, algorithms=[algorithm])


def test_a_retired_key_stays_published_as_long_as_its_last_token_lives(deployment: Deployment, clock: SettableClock) -> None:
    clock.forward(days=1)
    old = deployment.ring.signer("SGD_SM3_SM2", clock.now()).kid
    rotate(deployment, "SGD_SM3_SM2")
    clock.forward(seconds=(deployment.settings.longest_token + SLACK).total_seconds() - 1)
    assert old in published(deployment, "sm")
    clock.forward(seconds=1)
    assert old not in published(deployment, "sm")


def test_two_rotations_in_quick_succession_never_use_a_key_that_apps_cannot_have_seen(
    deployment: Deployment, clock: SettableClock
) -> None:
    clock.forward(days=1)
    first = rotate(deployment, "ES256")
    second = rotate(deployment, "ES256")
    assert deployment.ring.signer("ES256", clock.now()).kid == first.kid
    clock.forward(seconds=AHEAD.total_seconds())
    assert deployment.ring.signer("ES256", clock.now()).kid == second.kid


def test_a_withdrawn_key_is_gone_at_once_and_another_signs(deployment: Deployment, clock: SettableClock) -> None:
    signer = deployment.ring.signer("SGD_SM3_SM2", clock.now())
    token = jwt.encode({}, signer)
    with deployment.transaction(OPERATOR) as tx:
        rotation.retire(tx, deployment.master, signer.kid)
    deployment.ring.forget()
    assert signer.kid not in published(deployment, "sm")
    with pytest.raises(InvalidToken):
        jwt.decode(token, KeySet(deployment.ring.published("sm", clock.now())), algorithms=["SGD_SM3_SM2"])
    fresh = deployment.ring.signer("SGD_SM3_SM2", clock.now())
    jwt.decode(jwt.encode({}, fresh), KeySet(deployment.ring.published("sm", clock.now())), algorithms=["SGD_SM3_SM2"])


def test_a_key_that_protects_stored_data_cannot_be_withdrawn(deployment: Deployment) -> None:
    with deployment.reading() as session:
        kid = session.scalars(select(Key.kid).where(Key.purpose == Purpose.SEAL.value)).one()
    with pytest.raises(KeyNotRetirable), deployment.transaction(OPERATOR) as tx:
        rotation.retire(tx, deployment.master, kid)
    with pytest.raises(NoSuchKey), deployment.transaction(OPERATOR) as tx:
        rotation.retire(tx, deployment.master, "nothing")
    with pytest.raises(KeyNotRetirable), deployment.transaction(OPERATOR) as tx:
        rotation.renew_secret(tx, deployment.master, Purpose.INDEX)


def test_after_a_new_sealing_key_old_values_open_and_new_ones_use_it(deployment: Deployment, clock: SettableClock) -> None:
    vault = deployment.ring.vault
    sealed = vault.seal("secret", context="row:1")
    clock.forward(seconds=1)  # the newest is the one made last
    with deployment.transaction(OPERATOR) as tx:
        rotation.renew_secret(tx, deployment.master, Purpose.SEAL)
    deployment.ring.forget()
    assert vault.open(sealed, context="row:1") == "secret"
    assert vault.needs_reseal(sealed)
    assert not vault.needs_reseal(vault.seal("secret", context="row:1"))


def test_after_a_new_pepper_old_passwords_fit(deployment: Deployment, clock: SettableClock) -> None:
    stored = deployment.ring.current().passwords.hash("violet-tram-93")
    clock.forward(seconds=1)  # the newest is the one made last
    with deployment.transaction(OPERATOR) as tx:
        rotation.renew_secret(tx, deployment.master, Purpose.PASSWORD)
    deployment.ring.forget()
    hasher = deployment.ring.current().passwords
    hasher.verify(stored, "violet-tram-93")
    assert hasher.needs_rehash(stored)


def test_a_new_key_for_cookies_signs_when_every_server_knows_it_and_the_old_one_verifies_for_as_long_as_a_cookie_lives(
    deployment: Deployment, clock: SettableClock
) -> None:
    (before,) = deployment.ring.current().web_secrets
    old = next(row.kid for row in deployment.ring.current().rows if row.purpose == Purpose.WEB)
    clock.forward(seconds=1)
    with deployment.transaction(OPERATOR) as tx:
        rotation.renew_secret(tx, deployment.master, Purpose.WEB)
    signing, waiting = deployment.ring.newest().web_secrets
    assert (signing, waiting != before) == (before, True)
    clock.forward(seconds=rotation.ANNOUNCED.total_seconds())
    assert list(deployment.ring.newest().web_secrets) == [waiting, before]
    for days, error in ((0, KeyInUse), (367, None)):
        clock.forward(days=days)
        with nullcontext() if error is None else pytest.raises(error), deployment.transaction(OPERATOR) as tx:
            destroy(tx, PLACES, VERIFIER, old, longest_token=deployment.settings.longest_token)
    assert list(deployment.ring.newest().web_secrets) == [waiting]


def test_private_halves_are_sealed_in_the_database(deployment: Deployment) -> None:
    with deployment.reading() as session:
        for row in session.scalars(select(Key)):
            assert row.sealed.startswith("y1.")
            assert '"d"' not in str(row.public_jwk)


def test_pairwise_subjects_differ_between_sectors_and_persons_and_stay(deployment: Deployment) -> None:
    subject = deployment.ring.vault.pairwise_subject
    first = subject("a.example.edu.cn", "Y1")
    assert first == subject("a.example.edu.cn", "Y1")
    assert len({first, subject("b.example.edu.cn", "Y1"), subject("a.example.edu.cn", "Y2")}) == 3


def test_the_master_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "new")
    path = master.create(settings)
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert master.create(settings) is None
    assert path.read_text() == text
    assert [item.name for item in settings.home.iterdir()] == ["master.key"]


def test_a_master_key_that_others_can_read_is_refused(deployment: Deployment) -> None:
    path = deployment.settings.home / "master.key"
    path.chmod(0o640)
    with pytest.raises(MasterKeyUnsafe):
        open_deployment(deployment.settings)


@pytest.mark.parametrize("text", ["", "nonsense", "\xff"])
def test_a_broken_master_key_file_is_refused(deployment: Deployment, text: str) -> None:
    path = deployment.settings.home / "master.key"
    path.write_text(text, encoding="latin-1")
    with pytest.raises((MasterKeyMissing, MasterKeyWrong)), closing(open_deployment(deployment.settings)) as opened:
        opened.ring.current()


def test_without_its_master_key_an_installation_does_not_open(deployment: Deployment) -> None:
    (deployment.settings.home / "master.key").unlink()
    with pytest.raises(MasterKeyMissing):
        open_deployment(deployment.settings)


def test_another_master_key_opens_nothing(deployment: Deployment) -> None:
    other = deployment.settings.model_copy(update={"master_key": None})
    (deployment.settings.home / "master.key").write_text("11" * 32)
    opened = open_deployment(other)
    with pytest.raises(MasterKeyWrong):
        opened.ring.current()
    opened.close()


def test_a_database_without_keys_is_not_taken_for_a_fresh_start(deployment: Deployment) -> None:
    with deployment.database.begin() as session:
        for row in session.scalars(select(Key)):
            session.delete(row)
    deployment.ring.forget()
    with pytest.raises(NotInitialised):
        deployment.ring.current()


def test_an_installation_from_before_there_was_a_key_for_authorities_gets_one_at_its_next_start(deployment: Deployment) -> None:
    with deployment.database.begin() as session:
        session.execute(delete(Key).where(Key.purpose == Purpose.AUTHORITY.value))
    deployment.ring.forget()
    before = deployment.ring.authority_vault.seal("key", context="c")  # by the key of people, as it was then
    initialise(deployment.settings, deployment.clock).close()
    deployment.ring.forget()
    assert deployment.ring.authority_vault.open(before, context="c") == "key"
    assert deployment.ring.authority_vault.needs_reseal(before)


def test_initialising_again_changes_nothing(deployment: Deployment) -> None:
    before = [(row.kid, row.activated_at) for row in deployment.ring.current().rows]
    again = initialise(deployment.settings, deployment.clock)
    assert [(row.kid, row.activated_at) for row in again.ring.current().rows] == before
    again.close()


def without_token_keys(deployment: Deployment, *but: str) -> None:
    with deployment.database.begin() as session:
        session.execute(delete(Key).where(Key.purpose == Purpose.TOKEN.value, Key.algorithm.not_in(but)))
    deployment.ring.forget()


def test_a_first_start_makes_only_keys_that_sign_and_housekeeping_the_ones_after_them(deployment: Deployment) -> None:
    without_token_keys(deployment)
    initialise(deployment.settings, deployment.clock, spare_keys=False).close()
    now = deployment.clock.now()
    deployment.ring.forget()
    assert [state(row, now) for row in deployment.ring.current().rows if row.purpose == Purpose.TOKEN] == [State.ACTIVE] * 5
    assert complete_keys(deployment) == 5
    for algorithm in rotation.ALGORITHMS:
        states = [state(row, now) for row in deployment.ring.current().rows if row.algorithm == algorithm]
        assert sorted(states) == [State.ACTIVE, State.NEXT]
    assert complete_keys(deployment) == 0


def test_servers_that_start_at_once_make_each_key_once(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    without_token_keys(deployment)
    monkeypatch.setattr(rotation, "ALGORITHMS", ("SGD_SM3_SM2", "ES256"))  # RSA keys would only take time
    results = at_once(lambda _: initialise(deployment.settings, deployment.clock).close())
    assert refused(results) == set()
    deployment.ring.forget()
    made = [row.algorithm for row in deployment.ring.current().rows if row.purpose == Purpose.TOKEN]
    assert sorted(made) == ["ES256"] * 2 + ["SGD_SM3_SM2"] * 2


def test_a_key_prepared_for_a_place_that_another_server_has_filled_is_forgotten(deployment: Deployment) -> None:
    without_token_keys(deployment, *rotation.ALGORITHMS[1:])
    now, algorithm = deployment.clock.now(), rotation.ALGORITHMS[0]
    assert rotation.lacking(deployment.ring.current().rows, now) == [algorithm] * 2
    for count in (2, 0):
        with deployment.transaction(OPERATOR) as tx:
            prepared = rotation.prepare(deployment.master, [algorithm] * 2, now)
            assert len(rotation.complete(tx, deployment.master, prepared)) == count


def test_the_journal_says_who_rotated(deployment: Deployment) -> None:
    key = rotate(deployment, "RS256")
    with deployment.reading() as session:
        rotated = select(AuditEvent).where(AuditEvent.action == Action.KEY_ROTATED.value)
        event = session.scalars(rotated).one()
    assert (event.subject, event.actor_id) == (f"key:{key.kid}", OPERATOR.id)
