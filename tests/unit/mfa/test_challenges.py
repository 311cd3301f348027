"""Challenges, whatever the kind: put to one browser, answered once, limited, and never a way around a lock."""

from collections.abc import Callable
from typing import Any

import pytest

from idp.audit import Transaction
from idp.deployment import Deployment
from idp.mfa import challenges, credentials, engine, enrolment, policy
from idp.mfa.engine import Proof
from idp.mfa.errors import (
    ChallengeLost,
    Declined,
    FactorError,
    NoSuchFactor,
    StillWaiting,
    TooManyEnrolments,
    TooManyWrongCodes,
    WrongAnswer,
    WrongCode,
)
from idp.mfa.factor import Factor, Occasion, Purpose
from idp.mfa.factors import FACTORS
from idp.mfa.tables import Challenge, Credential
from idp.registry.tables import Person
from tests import factors
from tests.at_once import at_once, refused, succeeded
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known, make_person, make_school
from tests.unit.mfa.doors import HERE, Door, FarKnock, Knock

ELSEWHERE = Occasion("flow:elsewhere", Purpose.SIGN_IN)


@pytest.fixture(autouse=True)
def _kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FACTORS, "knock", Knock())
    monkeypatch.setitem(FACTORS, "farknock", FarKnock())


@pytest.fixture
def person(deployment: Deployment) -> Known:
    return make_person(deployment, make_school(deployment))


@pytest.fixture
def kept(deployment: Deployment) -> Callable[..., Any]:
    """Runs a rule of the room in a transaction that is kept, as pages do, and raises what the rule raised."""

    def run(rule: Callable[..., Any], *args: Any, **more: Any) -> Any:
        error: FactorError | None = None
        with deployment.transaction(OPERATOR) as tx:
            try:
                return rule(tx, *args, **more)
            except FactorError as wrong:
                error = wrong
        raise error

    return run


@pytest.fixture
def door(deployment: Deployment, person: Known, kept: Callable[..., Any]) -> Door:
    return Door(deployment, person, kept, "knock")


@pytest.fixture
def far(deployment: Deployment, person: Known, kept: Callable[..., Any]) -> Door:
    return Door(deployment, person, kept, "farknock")


def test_a_right_answer_proves_what_the_kind_proves(door: Door, person: Known) -> None:
    assert door.answer(door.ask()) == Proof(person.id, door.credential, "knock", ("swk", "user"), 3, False)


def test_twenty_answers_at_once_are_one_proof(door: Door) -> None:
    challenge = door.ask()
    results = at_once(lambda _number: door.answer(challenge))
    assert len(succeeded(results)) == 1
    assert refused(results) == {ChallengeLost}


def test_what_the_phone_proved_is_collected_by_one_of_twenty(far: Door) -> None:
    challenge = far.ask()
    far.apart(challenge)
    results = at_once(lambda _number: far.answer(challenge))
    assert len(succeeded(results)) == 1
    assert refused(results) == {ChallengeLost}


def test_twenty_phones_at_once_answer_once(far: Door) -> None:
    challenge = far.ask()
    assert len(succeeded(at_once(lambda _number: far.apart(challenge)))) == 1


def test_twenty_first_messages_at_once_get_one_reply(far: Door) -> None:
    challenge = far.ask()
    assert succeeded(at_once(lambda _number: far.respond(challenge))) == [{"reply": "who is there?"}]


def test_a_challenge_is_answered_once(door: Door) -> None:
    challenge = door.ask()
    door.answer(challenge)
    with pytest.raises(ChallengeLost):
        door.answer(challenge)


def test_an_answer_counts_at_the_browser_that_was_asked_and_nowhere_else(door: Door) -> None:
    with pytest.raises(ChallengeLost):
        door.answer(door.ask(), occasion=ELSEWHERE)


def test_an_answer_counts_for_the_purpose_that_was_asked_for(door: Door) -> None:
    with pytest.raises(ChallengeLost):
        door.answer(door.ask(), occasion=Occasion(HERE.binding, Purpose.STEP_UP))


@pytest.mark.parametrize("unknown", ["", "x", "x" * 22, "x" * 4000])
def test_a_challenge_that_nobody_made_is_refused(door: Door, unknown: str) -> None:
    with pytest.raises(ChallengeLost):
        door.answer(unknown)


def test_a_new_challenge_ends_the_earlier_one(door: Door) -> None:
    earlier = door.ask()
    door.ask()
    with pytest.raises(ChallengeLost):
        door.answer(earlier)


def test_a_challenge_is_over_after_five_minutes(door: Door, clock: SettableClock) -> None:
    challenge = door.ask()
    clock.forward(minutes=5)
    with pytest.raises(ChallengeLost):
        door.answer(challenge)


def test_a_challenge_takes_five_wrong_answers_and_asking_is_none(door: Door, clock: SettableClock) -> None:
    for _ in range(12):
        challenge = door.ask()
    for _ in range(5):
        with pytest.raises(WrongAnswer):
            door.answer(challenge, "2")
    clock.forward(seconds=10)
    with pytest.raises(ChallengeLost):
        door.answer(challenge)


def test_five_wrong_answers_lock_a_kind_that_locks_and_a_right_one_then_looks_like_a_wrong_one(
    door: Door, clock: SettableClock
) -> None:
    challenge = door.ask()
    for _ in range(5):
        with pytest.raises(WrongAnswer) as wrong:
            door.answer(challenge, "2")
    assert door.state() == "locked"
    clock.forward(minutes=1)
    with pytest.raises(WrongAnswer) as locked:
        door.answer(door.ask())
    assert (locked.value.code, locked.value.message) == (wrong.value.code, wrong.value.message)


def test_an_unlocked_factor_works_again(door: Door, person: Known, kept: Callable[..., Any]) -> None:
    challenge = door.ask()
    for _ in range(5):
        with pytest.raises(WrongAnswer):
            door.answer(challenge, "2")
    assert kept(lambda tx: credentials.unlock(tx, tx.session.get_one(Person, person.id))) == 1
    assert door.answer(door.ask()).level == 3


def test_an_answer_that_shows_a_theft_locks_at_once_and_sounds_like_a_wrong_one(door: Door) -> None:
    with pytest.raises(WrongAnswer) as error:
        door.answer(door.ask(), "rattle")
    assert error.value.code == "mfa.wrong_answer"
    assert door.state() == "locked"


def test_after_five_wrong_answers_the_next_one_waits_and_the_wait_doubles(
    door: Door, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Knock, "locks_after", None)
    monkeypatch.setattr(Knock, "tries", 100)
    challenge = door.ask()
    for _ in range(4):
        with pytest.raises(WrongAnswer):
            door.answer(challenge, "2")
    for seconds in (2, 4, 8):
        with pytest.raises(WrongAnswer):
            door.answer(challenge, "2")
        with pytest.raises(TooManyWrongCodes) as wait:
            door.answer(challenge)
        assert wait.value.params["seconds"] == seconds
        clock.forward(seconds=seconds)
    assert door.answer(challenge).level == 3


def test_after_a_hundred_wrong_answers_in_thirty_days_nothing_of_the_account_is_right(
    door: Door, person: Known, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Knock, "locks_after", None)
    monkeypatch.setattr(engine, "ACCOUNT_TRIES", 6)
    for _ in range(6):
        with pytest.raises(WrongAnswer):
            door.answer(door.ask(), "2")
        clock.forward(minutes=16)
    with pytest.raises(WrongAnswer):
        door.answer(door.ask())
    clock.forward(days=31)
    assert door.answer(door.ask()).level == 3


def test_the_limit_of_an_account_is_a_hundred() -> None:
    assert (engine.ACCOUNT_TRIES, engine.ACCOUNT_WINDOW.days) == (100, 30)


def test_a_browser_that_collects_too_early_is_told_to_wait(far: Door) -> None:
    with pytest.raises(StillWaiting):
        far.answer(far.ask())


def test_the_browser_cannot_answer_for_the_phone(far: Door) -> None:
    challenge = far.ask()
    with pytest.raises(StillWaiting):
        far.answer(challenge, "3")


def test_what_was_declined_stays_declined(far: Door, kept: Callable[..., Any]) -> None:
    challenge = far.ask()
    kept(lambda tx: engine.decline(tx, tx.session.get(Challenge, challenge), "unknown_trigger"))
    with pytest.raises(ChallengeLost):
        far.apart(challenge)
    with pytest.raises(Declined):
        far.answer(challenge)


def test_a_wrong_first_message_is_counted_and_the_challenge_can_still_be_answered(far: Door) -> None:
    challenge = far.ask()
    with pytest.raises(WrongAnswer):
        far.respond(challenge, "2")
    assert far.respond(challenge) == {"reply": "who is there?"}
    far.apart(challenge)
    assert far.answer(challenge).level == 3


def test_five_wrong_first_messages_lock_and_no_reply_is_given_any_more(far: Door, clock: SettableClock) -> None:
    challenge = far.ask()
    for _ in range(5):
        with pytest.raises(WrongAnswer):
            far.respond(challenge, "2")
    assert far.state() == "locked"
    clock.forward(minutes=1)
    with pytest.raises(WrongAnswer):
        far.respond(far.ask())


def test_a_kind_without_a_first_message_gives_no_reply(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FarKnock, "respond", Factor.respond)
    door.kind = "farknock"
    door.credential = Door(door.deployment, door.person, door.kept, "farknock").credential
    with pytest.raises(ChallengeLost):
        door.respond(door.ask())


@pytest.mark.parametrize("state", ["revoked", "pending"])
def test_what_is_no_factor_of_the_person_is_not_asked_for(far: Door, kept: Callable[..., Any], state: str) -> None:
    def change(tx: Transaction) -> None:
        tx.session.get_one(Credential, far.credential).state = state

    kept(change)
    with pytest.raises(NoSuchFactor):
        far.ask()


def test_anothers_factor_is_not_asked_for(far: Door, deployment: Deployment, kept: Callable[..., Any]) -> None:
    other = make_person(deployment, make_school(deployment, "第二小学"), document="OTHER1234")
    with pytest.raises(NoSuchFactor):
        kept(engine.ask, far.site, "farknock", HERE, other.id, far.credential)


def test_a_factor_is_active_only_after_one_working_answer(deployment: Deployment, person: Known, kept: Callable[..., Any]) -> None:
    site = factors.site_of(deployment)
    row: Callable[[Transaction], Person] = lambda tx: tx.session.get_one(Person, person.id)  # noqa: E731
    occasion = factors.ENROLLING
    begun = kept(lambda tx: enrolment.begin(tx, site, row(tx), "knock", occasion=occasion).challenge.id)
    with deployment.reading() as session:
        assert credentials.held_by(session, person.id) == []
    with pytest.raises(WrongCode):
        kept(lambda tx: enrolment.confirm(tx, site, row(tx), "knock", {"knocks": "2"}, occasion=occasion, challenge_id=begun))
    kept(lambda tx: enrolment.confirm(tx, site, row(tx), "knock", {"knocks": "3"}, occasion=occasion, challenge_id=begun))
    with deployment.reading() as session:
        assert [held.kind for held in credentials.held_by(session, person.id)] == ["knock"]


def test_the_eleventh_enrolment_of_a_day_is_refused(
    deployment: Deployment, person: Known, kept: Callable[..., Any], clock: SettableClock
) -> None:
    begin = lambda tx: factors.begin(deployment, tx, person, "totp")  # noqa: E731
    for _ in range(10):
        kept(begin)
    with pytest.raises(TooManyEnrolments):
        kept(begin)
    clock.forward(days=1)
    assert kept(begin)["uri"].startswith("otpauth://")


def test_a_challenge_has_128_random_bits_and_its_private_part_is_sealed(door: Door, deployment: Deployment) -> None:
    challenge = door.ask()
    assert len(challenge) == 22
    with deployment.transaction(OPERATOR) as tx:
        row = tx.session.get_one(Challenge, challenge)
        challenges.keep_private(door.site.vault, row, {"code": "814095"})
        assert "814095" not in str(row.private_sealed)
        assert challenges.private(door.site.vault, row) == {"code": "814095"}


@pytest.mark.parametrize(
    ("methods", "amr"),
    [
        (["pwd"], ("pwd",)),
        (["otp", "pwd"], ("pwd", "otp", "mfa")),
        (["sms", "pwd"], ("pwd", "sms", "mfa")),
        (["hwk", "user", "mfa"], ("hwk", "user", "mfa")),
        (["swk", "user"], ("swk", "user")),
        (["swk", "pin", "user"], ("pin", "swk", "user", "mfa")),
        (["pwd", "rba"], ("pwd", "rba")),
    ],
)
def test_amr_names_what_was_proven_and_mfa_where_that_was_of_two_kinds(methods: list[str], amr: tuple[str, ...]) -> None:
    assert policy.amr_of(methods) == amr
