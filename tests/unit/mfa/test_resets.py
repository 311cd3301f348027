"""Four eyes: two people, both proven, neither the one it is about; administrators have a day to stop it."""

import pytest
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.deployment import Deployment
from idp.mfa import credentials, resets
from idp.mfa.errors import NoSuchFactor, NoSuchReset, NotEntitled, OneHandOnly, ResetUnderWay, WitnessTooNew, WrongCode
from idp.mfa.resets import Witness
from idp.notices import book
from idp.registry.affiliations import Role
from idp.registry.tables import Person
from tests import factors
from tests.at_once import at_once, refused, succeeded
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known, make_person, make_school
from tests.web.conftest import give_totp

one_database = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)


class Office:
    """A school with a pupil and three administrators, whose factors are two days old."""

    def __init__(self, deployment: Deployment, clock: SettableClock) -> None:
        self.deployment, self.clock, self.school = deployment, clock, make_school(deployment)
        self.pupil, self.head, self.deputy, self.clerk = (
            make_person(deployment, self.school, name=name, document=f"{name}12345", role=role, password=None)
            for name, role in (
                ("PUPIL", Role.STUDENT),
                ("HEAD", Role.SCHOOL_ADMIN),
                ("DEPUTY", Role.SCHOOL_ADMIN),
                ("CLERK", Role.SCHOOL_ADMIN),
            )
        )
        for person in (self.pupil, self.head):
            give_totp(deployment, person, clock)
        clock.forward(days=2)

    def request(self, by: Known, person: Known | None = None) -> int:
        with self.deployment.transaction(OPERATOR) as tx:
            row = tx.session.get_one(Person, (person or self.pupil).id)
            return resets.request(tx, row, Witness(by.id, by.number, 0), "phone lost").id

    def approve(self, reset: int, by: Known) -> str:
        with self.deployment.transaction(OPERATOR) as tx:
            return resets.approve(tx, reset, Witness(by.id, by.number, 0)).state

    def stop(self, reset: int, **more: int) -> None:
        with self.deployment.transaction(OPERATOR) as tx:
            resets.stop(tx, reset, by="operator:test", **more)

    def held(self, person: Known) -> int:
        with self.deployment.reading() as session:
            return len(credentials.held_by(session, person.id))

    def notices(self, person: Known) -> list[str]:
        with self.deployment.reading() as session:
            return [row.event for row in book.unread(session, person.id, self.deployment.clock.now())]

    def time_passes(self, **time: float) -> int:
        self.clock.forward(**time)
        with self.deployment.transaction(OPERATOR) as tx:
            return resets.carry_out_due(tx)


@pytest.fixture
def office(deployment: Deployment, clock: SettableClock) -> Office:
    return Office(deployment, clock)


@one_database
def test_two_administrators_take_a_pupils_factors_away_and_the_pupil_is_told_of_both_steps(office: Office) -> None:
    assert office.approve(office.request(office.head), office.deputy) == "done"
    assert office.held(office.pupil) == 0
    assert office.notices(office.pupil)[:2] == ["factors_reset", "reset_requested"]


@one_database
def test_neither_alone_nor_for_oneself(office: Office) -> None:
    reset = office.request(office.head)
    with pytest.raises(OneHandOnly):
        office.approve(reset, office.head)
    with pytest.raises(OneHandOnly):
        office.request(office.head, office.head)
    about_head = office.request(office.deputy, office.head)
    with pytest.raises(OneHandOnly):
        office.approve(about_head, office.head)
    assert office.held(office.pupil) == 1


@one_database
def test_who_is_no_administrator_of_the_school_may_neither_ask_nor_agree(office: Office) -> None:
    stranger = make_person(
        office.deployment, make_school(office.deployment, "二小"), document="STRANGER1", role=Role.SCHOOL_ADMIN, password=None
    )
    teacher = make_person(office.deployment, office.school, document="TEACHER1", role=Role.TEACHER, password=None)
    region = make_person(
        office.deployment, make_school(office.deployment, "教育局"), document="REGION12", role=Role.REGION_ADMIN, password=None
    )
    for nobody in (stranger, teacher):
        with pytest.raises(NotEntitled):
            office.request(nobody)
    reset = office.request(office.head)
    with pytest.raises(NotEntitled):
        office.approve(reset, stranger)
    assert office.approve(reset, region) == "done"


@one_database
def test_for_an_administrator_it_waits_a_day(office: Office) -> None:
    assert office.approve(office.request(office.deputy, office.head), office.clerk) == "waiting"
    assert office.time_passes(hours=23, minutes=59) == 0
    assert (office.held(office.head), office.notices(office.head)[0]) == (1, "reset_waiting")
    assert office.time_passes(minutes=1) == 1
    assert office.held(office.head) == 0
    assert office.time_passes(days=1) == 0


@one_database
def test_the_administrator_stops_it_in_time_and_nobody_elses(office: Office) -> None:
    reset = office.request(office.deputy, office.head)
    office.approve(reset, office.clerk)
    with pytest.raises(NoSuchReset):
        office.stop(reset, person_id=office.pupil.id)
    office.stop(reset, person_id=office.head.id)
    assert office.time_passes(days=2) == 0
    assert office.held(office.head) == 1
    with pytest.raises(NoSuchReset):
        office.stop(reset)


@one_database
def test_a_request_that_nobody_agrees_to_in_three_days_is_worth_nothing(office: Office) -> None:
    reset = office.request(office.head)
    with pytest.raises(ResetUnderWay):
        office.request(office.deputy)
    office.clock.forward(hours=72, seconds=1)
    with pytest.raises(NoSuchReset):
        office.approve(reset, office.deputy)
    office.request(office.deputy)


@one_database
@pytest.mark.parametrize("reset", [0, -1, 99, 2**31 - 1])
def test_what_was_never_asked_for_is_not_agreed_to(office: Office, reset: int) -> None:
    with pytest.raises(NoSuchReset):
        office.approve(reset, office.deputy)


@one_database
def test_somebody_without_factors_has_nothing_to_reset(office: Office) -> None:
    with pytest.raises(NoSuchFactor):
        office.request(office.head, office.clerk)


@one_database
def test_a_witness_proves_themself_by_a_code_once_of_a_factor_that_is_a_day_old(office: Office) -> None:
    phone = give_totp(office.deployment, office.deputy, office.clock)

    def witness(code: str, person: Known = office.deputy) -> Witness:
        error = None
        with office.deployment.transaction(OPERATOR) as tx:
            try:
                return resets.witness(tx, factors.site_of(office.deployment), tx.session.get_one(Person, person.id), code)
            except (WrongCode, WitnessTooNew, NoSuchFactor) as wrong:
                error = wrong
        raise error

    with pytest.raises(WitnessTooNew):
        witness(phone.code())
    office.clock.forward(days=1)
    for wrong in ("", "000000", "１２３４５６"):
        with pytest.raises(WrongCode):
            witness(wrong)
    code = phone.code()
    assert witness(code).person_id == office.deputy.id
    with pytest.raises(WrongCode):
        witness(code)
    with pytest.raises(NoSuchFactor):
        witness(code, office.clerk)


def test_twenty_approvals_at_once_carry_it_out_once(office: Office) -> None:
    reset = office.request(office.head)
    results = at_once(lambda number: office.approve(reset, (office.deputy, office.clerk)[number % 2]))
    assert len(succeeded(results)) == 1
    assert refused(results) == {NoSuchReset}
    with office.deployment.reading() as session:
        done = session.scalars(select(AuditEvent).where(AuditEvent.action == "mfa.reset.done")).all()
    assert len(done) == 1


def test_stopping_and_carrying_out_at_once_do_one_of_the_two(office: Office) -> None:
    reset = office.request(office.deputy, office.head)
    office.approve(reset, office.clerk)
    office.clock.forward(days=1)

    def work(number: int) -> int:
        return office.time_passes() if number % 2 else office.stop(reset) or 1

    at_once(work)
    with office.deployment.reading() as session:
        actions = [event.action for event in session.scalars(select(AuditEvent).where(AuditEvent.action.startswith("mfa.reset")))]
    ended = [action for action in actions if action in ("mfa.reset.done", "mfa.reset.stopped")]
    assert len(ended) == 1
    assert office.held(office.head) == (0 if ended == ["mfa.reset.done"] else 1)
