"""A certificate as a factor: a ticket answers one challenge, once, for the person whose certificate was shown."""

import pytest

from idp.crypto import sm3
from idp.deployment import Deployment
from idp.mfa import engine
from idp.mfa.engine import Proof
from idp.mfa.errors import ChallengeLost, FactorError, NotSetUp, SomebodyElse, WrongAnswer
from idp.mfa.factor import Occasion, Purpose, Site, State
from idp.mfa.factors.certificate import KIND, HeldCertificate, present
from idp.mfa.tables import Challenge, Credential
from tests.at_once import at_once, refused, succeeded
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known, make_person, make_school

one_database = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)
SIGNING_IN = Occasion("flow:of-the-test", Purpose.SIGN_IN)


@pytest.fixture
def person(deployment: Deployment) -> Known:
    who = make_person(deployment, make_school(deployment), password=None)
    with deployment.transaction(OPERATOR) as tx:
        tx.session.add(Credential(person_id=who.id, kind=KIND, label="", state=State.ACTIVE, public={}, created_at=tx.now))
    return who


def ask(deployment: Deployment, person_id: int | None, occasion: Occasion = SIGNING_IN) -> str:
    with deployment.transaction(OPERATOR) as tx:
        return engine.ask(tx, site(deployment), KIND, occasion, person_id, None).id


def site(deployment: Deployment, allowed: str = "first") -> Site:
    changed = deployment.settings.model_copy(update={"certificate_sign_in": allowed, "mtls_url": "https://mtls.example.edu.cn"})
    return Site(deployment.ring.vault, changed)


def show(deployment: Deployment, challenge: str, person_id: int) -> str:
    with deployment.transaction(OPERATOR) as tx:
        return present(tx, challenge, person_id, "5db92a3e")


def answer(deployment: Deployment, challenge: str, ticket: str, person_id: int | None, occasion: Occasion = SIGNING_IN) -> Proof:
    error: FactorError | None = None
    with deployment.transaction(OPERATOR) as tx:
        try:
            return engine.answer(
                tx, site(deployment), KIND, person_id, {"ticket": ticket}, occasion=occasion, challenge_id=challenge
            )
        except FactorError as wrong:  # kept, as the pages keep it
            error = wrong
    raise error


@pytest.mark.parametrize("alone", [True, False])
def test_of_twenty_answers_at_once_by_one_ticket_one_counts(deployment: Deployment, person: Known, alone: bool) -> None:
    asked_of = None if alone else person.id
    challenge = ask(deployment, asked_of)
    ticket = show(deployment, challenge, person.id)
    results = at_once(lambda _: answer(deployment, challenge, ticket, asked_of))
    (proof,) = succeeded(results)
    # Alone it is no more than a password; beside one it is a second factor.
    assert (proof.person_id, proof.amr, proof.level, proof.alone) == (person.id, ("swk",), 1 if alone else 2, alone)
    assert refused(results) == {ChallengeLost}


def test_of_twenty_certificates_shown_at_once_the_last_ticket_counts(deployment: Deployment, person: Known) -> None:
    challenge = ask(deployment, person.id)
    tickets = succeeded(at_once(lambda _: show(deployment, challenge, person.id)))
    with deployment.reading() as session:
        kept = session.get_one(Challenge, challenge).outcome["ticket"]
    (last,) = [one for one in tickets if sm3.digest(one.encode()).hex() == kept]
    with pytest.raises(WrongAnswer):
        answer(deployment, challenge, next(one for one in tickets if one != last), person.id)
    assert answer(deployment, challenge, last, person.id).person_id == person.id


@one_database
def test_a_wrong_ticket_of_another_challenge_or_too_late_is_refused(
    deployment: Deployment, person: Known, clock: SettableClock
) -> None:
    other = Occasion("flow:another", Purpose.SIGN_IN)
    first, second = ask(deployment, person.id), ask(deployment, person.id, other)
    mine, theirs = show(deployment, first, person.id), show(deployment, second, person.id)
    with pytest.raises(ChallengeLost):
        answer(deployment, second, theirs, person.id)  # in the browser of the first
    for wrong in (theirs, "", "毕业", mine[:-1]):
        with pytest.raises(WrongAnswer):
            answer(deployment, first, wrong, person.id)
    clock.forward(seconds=61)
    with pytest.raises(FactorError):
        answer(deployment, first, mine, person.id)


@one_database
def test_nothing_is_answered_before_a_certificate_was_shown(deployment: Deployment, person: Known) -> None:
    for asked_of in (person.id, None):
        challenge = ask(deployment, asked_of)
        with pytest.raises(FactorError):
            answer(deployment, challenge, "", asked_of)


@one_database
def test_a_certificate_is_shown_for_the_person_asked_who_has_set_it_up(deployment: Deployment, person: Known) -> None:
    other = make_person(deployment, make_school(deployment, "第二小学"), name="王强", document="E7654321", password=None)
    with pytest.raises(SomebodyElse):
        show(deployment, ask(deployment, person.id), other.id)
    with pytest.raises(NotSetUp):
        show(deployment, ask(deployment, None), other.id)
    for nothing in ("", "x" * 22, "毕业"):
        with pytest.raises(ChallengeLost):
            show(deployment, nothing, person.id)
    with deployment.transaction(OPERATOR) as tx:
        code = Challenge(
            id="t" * 22, kind="totp", binding_hash="", purpose="sign_in", state="pending", created_at=tx.now, expires_at=tx.now
        )
        tx.session.add(code)
    with pytest.raises(ChallengeLost):
        show(deployment, "t" * 22, person.id)


@one_database
def test_it_is_there_only_where_the_installation_says_so(deployment: Deployment) -> None:
    kind = HeldCertificate()
    found = [
        (kind.available(site(deployment, how)), kind.may_stand_alone(site(deployment, how))) for how in ("off", "second", "first")
    ]
    assert found == [(False, False), (True, False), (True, True)]
