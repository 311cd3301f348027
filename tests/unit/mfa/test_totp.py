"""One-time codes of an authenticator app: the vectors, the window, the drift, and finding a clock again."""

import csv
from base64 import b32encode
from pathlib import Path

import pyotp
import pytest

from idp.deployment import Deployment
from idp.mfa import engine
from idp.mfa.engine import Proof
from idp.mfa.errors import FactorError, WrongCode
from idp.mfa.factor import Occasion, Purpose
from idp.mfa.factors.totp import generator
from idp.mfa.tables import Credential
from tests import factors
from tests.at_once import at_once, refused, succeeded
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known, make_person, make_school

VECTORS = list(csv.DictReader((Path(__file__).parents[2] / "vectors" / "rfc6238.csv").read_text().splitlines()))
# RFC 6238 Appendix B, erratum 2866: the key is as long as the digest.
KEYS = {name: b32encode((b"1234567890" * 7)[:length]).decode() for name, length in (("SHA1", 20), ("SHA256", 32), ("SHA512", 64))}
OCCASION = Occasion("flow:of-the-test", Purpose.SIGN_IN)


@pytest.fixture
def person(deployment: Deployment) -> Known:
    return make_person(deployment, make_school(deployment))


@pytest.fixture
def secret(deployment: Deployment, person: Known, clock: SettableClock) -> str:
    """The secret of an app that is set up; the code of the current step is still unused."""
    with deployment.transaction(OPERATOR) as tx:
        secret: str = factors.begin(deployment, tx, person)["secret"]
        factors.confirm(deployment, tx, person, pyotp.TOTP(secret).at(clock.now()))
    clock.forward(seconds=30)
    return secret


def answer(deployment: Deployment, person: Known, **given: str) -> Proof:
    error: FactorError | None = None
    with deployment.transaction(OPERATOR) as tx:
        try:
            return engine.answer(tx, factors.site_of(deployment), "totp", person.id, given, occasion=OCCASION)
        except FactorError as wrong:
            error = wrong
    raise error


def drift(deployment: Deployment) -> int:
    with deployment.reading() as session:
        return session.query(Credential).one().drift


def test_there_are_eighteen_vectors() -> None:
    assert len(VECTORS) == 18


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['algorithm']}-{vector['time']}")
def test_the_code_of_each_vector_comes_out(vector: dict[str, str]) -> None:
    algorithm = vector["algorithm"]
    assert generator(KEYS[algorithm], algorithm, 8)(int(vector["time"]) // 30) == vector["otp"]


@pytest.mark.parametrize("algorithm", ["SHA1", "SHA256", "SHA512"])
@pytest.mark.parametrize("digits", [6, 8])
def test_an_app_of_every_algorithm_and_length_signs_in(
    deployment: Deployment, person: Known, clock: SettableClock, algorithm: str, digits: int
) -> None:
    deployment.settings.__dict__.update(totp_algorithm=algorithm, totp_digits=digits)
    with deployment.transaction(OPERATOR) as tx:
        shown = factors.begin(deployment, tx, person)
        phone = pyotp.parse_uri(shown["uri"])
        assert isinstance(phone, pyotp.TOTP)
        factors.confirm(deployment, tx, person, phone.at(clock.now()))
    clock.forward(seconds=30)
    assert answer(deployment, person, code=phone.at(clock.now())).level == 2


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_a_code_one_step_off_is_right(deployment: Deployment, person: Known, secret: str, clock: SettableClock, step: int) -> None:
    clock.forward(minutes=5)
    assert answer(deployment, person, code=pyotp.TOTP(secret).at(clock.now(), counter_offset=step)).amr == ("otp",)


@pytest.mark.parametrize("step", [-3, -2, 2, 3])
def test_a_code_two_steps_off_is_wrong(deployment: Deployment, person: Known, secret: str, clock: SettableClock, step: int) -> None:
    clock.forward(minutes=5)
    with pytest.raises(WrongCode):
        answer(deployment, person, code=pyotp.TOTP(secret).at(clock.now(), counter_offset=step))


@pytest.mark.parametrize("step", [-10, -4, 4, 9])
def test_two_codes_in_a_row_find_a_clock_that_is_off_and_its_drift_is_remembered(
    deployment: Deployment, person: Known, secret: str, clock: SettableClock, step: int
) -> None:
    phone = pyotp.TOTP(secret)
    clock.forward(minutes=10)
    answer(deployment, person, code=phone.at(clock.now(), counter_offset=step), next=phone.at(clock.now(), counter_offset=step + 1))
    assert drift(deployment) == step + 1
    clock.forward(minutes=10)
    assert answer(deployment, person, code=phone.at(clock.now(), counter_offset=step + 1)).level == 2


@pytest.mark.parametrize(("first", "second"), [(4, 6), (4, 4), (5, 4), (-12, -11), (11, 12)])
def test_two_codes_that_are_not_in_a_row_or_too_far_off_are_wrong(
    deployment: Deployment, person: Known, secret: str, clock: SettableClock, first: int, second: int
) -> None:
    phone = pyotp.TOTP(secret)
    clock.forward(minutes=10)
    with pytest.raises(WrongCode):
        answer(
            deployment, person, code=phone.at(clock.now(), counter_offset=first), next=phone.at(clock.now(), counter_offset=second)
        )


def test_a_clock_that_goes_ever_more_wrong_is_followed_for_ten_steps_and_no_further(
    deployment: Deployment, person: Known, secret: str, clock: SettableClock
) -> None:
    phone = pyotp.TOTP(secret)
    for step in range(1, 12):
        clock.forward(minutes=10)
        answer(deployment, person, code=phone.at(clock.now(), counter_offset=step))
    assert drift(deployment) == 10
    clock.forward(minutes=10)
    with pytest.raises(WrongCode):
        answer(deployment, person, code=phone.at(clock.now(), counter_offset=12))


def test_the_second_of_two_codes_in_a_row_is_spent_with_the_first(
    deployment: Deployment, person: Known, secret: str, clock: SettableClock
) -> None:
    phone = pyotp.TOTP(secret)
    clock.forward(minutes=10)
    pair = {"code": phone.at(clock.now()), "next": phone.at(clock.now(), counter_offset=1)}
    answer(deployment, person, **pair)
    for again in (pair, {"code": pair["code"]}, {"code": pair["next"]}):
        with pytest.raises(WrongCode):
            answer(deployment, person, **again)


def test_twenty_tries_of_one_code_at_once_are_one_proof(
    deployment: Deployment, person: Known, secret: str, clock: SettableClock
) -> None:
    code = pyotp.TOTP(secret).at(clock.now())
    results = at_once(lambda _number: answer(deployment, person, code=code))
    assert len(succeeded(results)) == 1
    assert all(issubclass(kind, FactorError) for kind in refused(results))
