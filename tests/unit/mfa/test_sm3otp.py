"""Tokens of SM3 one-time passwords: whose they are, what their codes open, and what is spent stays spent."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from idp.audit import Transaction
from idp.crypto.sm3_otp import one_time_password
from idp.deployment import Deployment
from idp.mfa import credentials, engine, enrolment
from idp.mfa.engine import Proof
from idp.mfa.errors import ChallengeLost, FactorError, NoSuchToken, NotOffered, TokenTaken, WrongCode
from idp.mfa.factor import Occasion, Purpose
from idp.mfa.factors import kind_of
from idp.mfa.factors.sm3otp import tokens
from idp.mfa.factors.sm3otp.kinds import provisioning_uri
from idp.mfa.factors.sm3otp.seeds import import_seeds
from idp.mfa.factors.sm3otp.tables import OtpToken
from idp.mfa.tables import Credential
from idp.registry.imports.report import Outcome
from idp.registry.tables import Person
from tests import factors
from tests.at_once import at_once, succeeded
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known, make_person, make_school

SEED = "1234567890abcdef1234567890abcdef"
KEY = bytes.fromhex(SEED)
HERE = Occasion("flow:here", Purpose.SIGN_IN)
CHALLENGE, EVENT, TIME = "C-1", "E-1", "T-1"


class Desk:
    """The administrator's desk and the page of one person."""

    def __init__(self, deployment: Deployment, person: Known, clock: SettableClock, folder: Path) -> None:
        self.deployment, self.person, self.clock, self.folder = deployment, person, clock, folder
        self.site = factors.site_of(deployment)

    def load(self, *rows: str, heading: str = "serial,seed,mode,digits,step") -> Outcome:
        file = self.folder / "seeds.csv"
        file.write_text("\n".join([heading, *rows]))
        return import_seeds(file, self.site.vault, lambda: self.deployment.transaction(OPERATOR), lambda _done, _all: None)

    def kept(self, rule: Callable[[Transaction, Person], Any]) -> Any:
        error: FactorError | None = None
        with self.deployment.transaction(OPERATOR) as tx:
            try:
                return rule(tx, tx.session.get_one(Person, self.person.id))
            except FactorError as wrong:
                error = wrong
        raise error

    def begin(self, serial: str, kind: str = "sm3otp") -> enrolment.Enrolment:
        begun: enrolment.Enrolment = self.kept(
            lambda tx, who: enrolment.begin(
                tx, self.site, who, kind, occasion=factors.ENROLLING, details={"serial": serial} if serial else {}
            )
        )
        return begun

    def confirm(self, code: str, kind: str = "sm3otp", challenge: str = "", **more: str) -> Proof:
        proof: Proof = self.kept(
            lambda tx, who: enrolment.confirm(
                tx, self.site, who, kind, {"code": code, **more}, occasion=factors.ENROLLING, challenge_id=challenge
            )
        )
        return proof

    def assign(self, serial: str) -> None:
        self.kept(lambda tx, who: tokens.assign(tx, who, serial))

    def answer(self, code: str, kind: str = "sm3otp", challenge: str = "", **more: str) -> Proof:
        proof: Proof = self.kept(
            lambda tx, who: engine.answer(
                tx, self.site, kind, who.id, {"code": code, **more}, occasion=HERE, challenge_id=challenge
            )
        )
        return proof

    def time_code(self, step: int = 0, challenge: str = "") -> str:
        now = int(self.clock.now().timestamp()) // 60
        return one_time_password(KEY, step=now + step, challenge=challenge.encode())


@pytest.fixture
def desk(deployment: Deployment, clock: SettableClock, tmp_path: Path) -> Desk:
    made = Desk(deployment, make_person(deployment, make_school(deployment)), clock, tmp_path)
    made.load(f"{TIME},{SEED},time,,", f"{EVENT},{SEED},event,,", f"{CHALLENGE},{SEED},challenge,,")
    return made


@pytest.fixture
def timed(desk: Desk) -> Desk:
    """A token by time is set up; the code of the current step is unused."""
    desk.assign(TIME)
    desk.begin(TIME)
    desk.confirm(desk.time_code())
    desk.clock.forward(minutes=20)
    return desk


@pytest.fixture
def counted(desk: Desk) -> Desk:
    """A token that counts is set up by its code number 0."""
    desk.assign(EVENT)
    desk.begin(EVENT)
    desk.confirm(event(0))
    return desk


def event(counter: int) -> str:
    return one_time_password(KEY, counter=counter)


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_a_token_by_time_is_right_within_a_step(timed: Desk, step: int) -> None:
    assert timed.answer(timed.time_code(step)).amr == ("otp",)


@pytest.mark.parametrize("step", [-2, 2, 9])
def test_a_token_by_time_is_wrong_beyond_it(timed: Desk, step: int) -> None:
    with pytest.raises(WrongCode):
        timed.answer(timed.time_code(step))


def test_a_token_whose_clock_is_off_is_found_by_two_codes_and_followed(timed: Desk) -> None:
    timed.answer(timed.time_code(6), next=timed.time_code(7))
    timed.clock.forward(minutes=5)
    assert timed.answer(timed.time_code(7)).level == 2


def test_twenty_tries_of_one_timed_code_are_one_proof(timed: Desk) -> None:
    code = timed.time_code()
    assert len(succeeded(at_once(lambda _number: timed.answer(code)))) == 1


def test_twenty_tries_of_one_counted_code_are_one_proof(counted: Desk) -> None:
    assert len(succeeded(at_once(lambda _number: counted.answer(event(3))))) == 1


@pytest.mark.parametrize("counter", [1, 2, 10])
def test_presses_that_nobody_used_are_looked_over(counted: Desk, counter: int) -> None:
    counted.answer(event(counter))
    assert counted.answer(event(counter + 1)).level == 2


@pytest.mark.parametrize("counter", [0, 11, 50])
def test_a_count_that_is_spent_or_too_far_ahead_is_wrong(counted: Desk, counter: int) -> None:
    with pytest.raises(WrongCode):
        counted.answer(event(counter))


def test_a_code_before_one_that_was_used_is_spent_too(counted: Desk) -> None:
    counted.answer(event(5))
    with pytest.raises(WrongCode):
        counted.answer(event(4))


def test_a_counter_far_ahead_is_found_by_two_codes_in_a_row(counted: Desk) -> None:
    counted.answer(event(80), next=event(81))
    with pytest.raises(WrongCode):
        counted.answer(event(81))
    assert counted.answer(event(82)).level == 2


@pytest.mark.parametrize(("first", "second"), [(80, 82), (81, 80), (101, 102)])
def test_two_codes_that_are_not_in_a_row_or_beyond_a_hundred_are_wrong(counted: Desk, first: int, second: int) -> None:
    with pytest.raises(WrongCode):
        counted.answer(event(first), next=event(second))


def test_what_was_spent_on_a_token_stays_spent_when_it_is_set_up_anew(counted: Desk) -> None:
    counted.answer(event(7))
    counted.kept(lambda tx, who: credentials.remove_all(tx, who))
    counted.begin(EVENT)
    with pytest.raises(WrongCode):
        counted.confirm(event(7))
    assert counted.confirm(event(8)).level == 2


def question(desk: Desk) -> tuple[str, str]:
    """A challenge at sign-in, and the number that the page shows."""

    def ask(tx: Transaction, who: Person) -> tuple[str, str]:
        held = credentials.held_by(tx.session, who.id)
        challenge = engine.ask(tx, desk.site, "sm3challenge", HERE, who.id, held[0].id)
        return challenge.id, kind_of("sm3challenge").asked(tx.session, desk.site, challenge, held)["question"]

    asked: tuple[str, str] = desk.kept(ask)
    return asked


@pytest.fixture
def challenged(desk: Desk) -> Desk:
    desk.assign(CHALLENGE)
    begun = desk.begin(CHALLENGE, "sm3challenge")
    assert begun.challenge is not None
    desk.confirm(desk.time_code(0, begun.shown["question"]), "sm3challenge", begun.challenge.id)
    return desk


def test_a_challenge_token_answers_the_number_on_the_page_once_of_twenty(challenged: Desk) -> None:
    challenge, number = question(challenged)
    code = challenged.time_code(0, number)
    assert len(succeeded(at_once(lambda _number: challenged.answer(code, "sm3challenge", challenge)))) == 1


def test_the_answer_to_another_number_is_wrong(challenged: Desk) -> None:
    _, earlier = question(challenged)
    challenge, _ = question(challenged)
    with pytest.raises(WrongCode):
        challenged.answer(challenged.time_code(0, earlier), "sm3challenge", challenge)


def test_a_challenge_token_without_a_challenge_opens_nothing(challenged: Desk) -> None:
    with pytest.raises(ChallengeLost):
        challenged.answer(challenged.time_code(), "sm3challenge")


def test_a_token_that_is_not_assigned_is_not_set_up(desk: Desk) -> None:
    with pytest.raises(NotOffered):
        desk.begin(TIME)


@pytest.mark.parametrize("serial", [EVENT, CHALLENGE, "X-1", "", "x" * 300])
def test_only_the_assigned_token_is_set_up(desk: Desk, serial: str) -> None:
    desk.assign(TIME)
    with pytest.raises(NoSuchToken):
        desk.begin(serial)


def test_a_token_is_one_persons(desk: Desk, deployment: Deployment) -> None:
    desk.assign(TIME)
    other = make_person(deployment, make_school(deployment, "第二小学"), document="OTHER1234")
    with pytest.raises(TokenTaken), deployment.transaction(OPERATOR) as tx:
        tokens.assign(tx, tx.session.get_one(Person, other.id), TIME)


def test_of_twenty_people_at_once_one_gets_the_token(desk: Desk, deployment: Deployment) -> None:
    school = make_school(deployment, "第二小学")
    people = [make_person(deployment, school, document=f"MANY{number:05}") for number in range(20)]

    def take(number: int) -> None:
        with deployment.transaction(OPERATOR) as tx:
            tokens.assign(tx, tx.session.get_one(Person, people[number].id), TIME)

    assert len(succeeded(at_once(take))) == 1


def test_a_token_that_is_set_up_is_not_set_up_twice(timed: Desk) -> None:
    with pytest.raises(NotOffered):
        timed.begin(TIME)
    timed.assign(EVENT)
    with pytest.raises(NoSuchToken):
        timed.begin(TIME)


def test_an_app_is_offered_only_where_the_installation_says_so(desk: Desk) -> None:
    with pytest.raises(NotOffered):
        desk.begin("")
    desk.site.settings.__dict__["sm3_otp_apps"] = True
    begun = desk.begin("")
    secret = begun.shown["secret"]
    assert begun.shown["uri"] == provisioning_uri(secret, issuer=desk.site.settings.organisation, account=desk.person.number)
    assert begun.shown["uri"].startswith("otpauth://sm3otp/")
    assert len(secret) == 52


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (f",{SEED},time,6,60", "serial"),
        (f"A,{SEED},time,6,60", "serial"),
        (f"A B C,{SEED},time,6,60", "serial"),
        (f"{'A' * 33},{SEED},time,6,60", "serial"),
        ("A-1,,time,6,60", "seed"),
        ("A-1,1234567890abcdef1234567890abcd,time,6,60", "seed"),
        (f"A-1,{SEED}0,time,6,60", "seed"),
        ("A-1,zz34567890abcdef1234567890abcdef,time,6,60", "seed"),
        (f"A-1,{'ab' * 65},time,6,60", "seed"),
        (f"A-1,{SEED},clock,6,60", "mode"),
        (f"A-1,{SEED},time,5,60", "digits"),
        (f"A-1,{SEED},time,9,60", "digits"),
        (f"A-1,{SEED},time,six,60", "digits"),
        (f"A-1,{SEED},time,6,61", "step"),
        (f"A-1,{SEED},time,6,0", "step"),
        (f"A-1,{SEED},time,6,-60", "step"),
        (f"{TIME},{SEED[::-1]},time,6,60", "serial"),
        (f"{TIME},{SEED},event,6,60", "serial"),
    ],
)
def test_a_broken_row_stays_out_and_its_column_is_named(desk: Desk, row: str, column: str) -> None:
    outcome = desk.load(row, f"GOOD-1,{SEED},time,8,30")
    assert (outcome.created, [broken.column for broken in outcome.broken]) == (1, [column])
    assert all(SEED not in broken.value for broken in outcome.broken)


def test_seeds_are_sealed(desk: Desk, deployment: Deployment) -> None:
    with deployment.reading() as session:
        rows = session.query(OtpToken).all()
        assert session.query(Credential).count() == 0
    assert len(rows) == 3
    assert not any(SEED in row.seed_sealed for row in rows)
