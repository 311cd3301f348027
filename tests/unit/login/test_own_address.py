"""An address is a person's once they have typed back what went there: in this session, for this address, once."""

import dataclasses
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from idp.audit import Actor
from idp.audit.tables import AuditEvent
from idp.deployment import Deployment
from idp.login import own_address
from idp.login.errors import AddressCodeRefused, AddressNotOffered, AddressTaken, LettersMustWait, LoginError, NotAnAddress
from idp.login.sessions import SignedIn
from idp.mail import queue as mail
from idp.mail.letter import Letter
from idp.mfa import engine
from idp.mfa.errors import NoSuchFactor
from idp.mfa.factors import FACTORS
from idp.mfa.tables import Challenge
from idp.notices import book, delivery
from idp.outbox import worker
from idp.outbox.tables import Message
from idp.registry import merging, persons, profile
from idp.registry.persons import Details
from idp.registry.tables import Person
from tests import factors
from tests.at_once import at_once, refused, succeeded
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known, make_person, make_school

one_database = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)
SCHOOLS, OWN = "lin@school.example.edu.cn", "lin@example.com"


@pytest.fixture
def deployment(deployment: Deployment) -> Deployment:
    """The installation where e-mail can be sent."""
    changes = {"mail_server": "localhost:25", "mail_from": "a@b.cn", "organisation": "第一小学"}
    return dataclasses.replace(deployment, settings=deployment.settings.model_copy(update=changes))


@pytest.fixture
def school(deployment: Deployment) -> str:
    return make_school(deployment)


@pytest.fixture
def person(deployment: Deployment, school: str) -> Known:
    return make_person(deployment, school, email=SCHOOLS, password=None)


@dataclasses.dataclass
class There:
    """A person at a browser. Wrong answers are kept, as the page keeps them."""

    deployment: Deployment
    person: Known
    sid: str = "one"
    address: str = "192.0.2.1"

    @property
    def signed_in(self) -> SignedIn:
        return SignedIn(self.sid, self.person.id, self.person.number, 1, ("pwd",), datetime(2026, 1, 1, tzinfo=UTC))

    def send(self, email: str = OWN) -> str:
        """Has a code sent; returns it."""
        with self.deployment.transaction(Actor("person", self.person.number, self.address)) as tx:
            own_address.send(tx, factors.site_of(self.deployment), self.signed_in, email)
        return code_of(letters(self.deployment)[-1])

    def confirm(self, code: str) -> None:
        error: LoginError | None = None
        with self.deployment.transaction(OPERATOR) as tx:
            try:
                own_address.confirm(tx, factors.site_of(self.deployment), self.signed_in, code)
            except LoginError as wrong:
                error = wrong
        if error is not None:
            raise error


@pytest.fixture
def there(deployment: Deployment, person: Known) -> There:
    return There(deployment, person)


def letters(deployment: Deployment) -> list[Letter]:
    """What waits to be sent, the earliest first."""
    with deployment.reading() as session:
        payloads = session.scalars(select(Message.payload).where(Message.kind == mail.KIND).order_by(Message.id)).all()
    return [mail.opened(deployment.ring.vault, payload) for payload in payloads]


def code_of(letter: Letter) -> str:
    return re.findall(r"[0-9]{6}", letter.text)[0]


def seen(deployment: Deployment, person: Known) -> profile.Profile:
    with deployment.reading() as session:
        return profile.read(session, deployment.ring.vault, person.id, date(2026, 9, 1))


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


@one_database
def test_the_address_is_theirs_by_the_code_and_the_school_s_until_then(deployment: Deployment, there: There, person: Known) -> None:
    code = there.send(" Lin@Example.com ")
    assert (seen(deployment, person).email, seen(deployment, person).email_confirmed_at) == (SCHOOLS, None)
    there.confirm(f" {code[:3]} {code[3:]} ")
    assert (seen(deployment, person).email, seen(deployment, person).email_confirmed_at) == (OWN, deployment.clock.now())
    with pytest.raises(AddressCodeRefused):
        there.confirm(code)


@pytest.mark.parametrize(
    "typed", ["", "lin", "lin@", "@example.com", "a b@example.com", "lin@example", "x" * 250 + "@a.cn", "a@b.cn, c@d.cn"]
)
@one_database
def test_what_is_no_address_gets_nothing(there: There, typed: str) -> None:
    with pytest.raises(NotAnAddress):
        there.send(typed)


@one_database
@pytest.mark.parametrize("given", ["", "12345", "1234567", "１２３４５６", "12345a", "000000\x00"])
def test_what_is_no_code_is_refused(there: There, given: str) -> None:
    there.send()
    with pytest.raises(AddressCodeRefused):
        there.confirm(given)


@one_database
def test_a_code_is_for_the_session_that_asked(there: There) -> None:
    code = there.send()
    with pytest.raises(AddressCodeRefused):
        dataclasses.replace(there, sid="another").confirm(code)
    there.confirm(code)


@one_database
def test_a_code_is_for_ten_minutes(there: There, clock: SettableClock) -> None:
    code = there.send()
    clock.forward(minutes=10)
    with pytest.raises(AddressCodeRefused):
        there.confirm(code)


@one_database
def test_a_new_code_ends_the_old_in_every_session(
    deployment: Deployment, there: There, person: Known, clock: SettableClock
) -> None:
    old = there.send()
    clock.forward(minutes=2)
    elsewhere = dataclasses.replace(there, sid="another")
    new = elsewhere.send("lin@example.org")
    with pytest.raises(AddressCodeRefused):
        there.confirm(old)
    elsewhere.confirm(new)
    assert seen(deployment, person).email == "lin@example.org"


@one_database
def test_the_code_of_one_address_confirms_no_other(deployment: Deployment, there: There) -> None:
    code = there.send()
    with deployment.transaction(OPERATOR) as tx:
        challenge = tx.session.scalars(select(Challenge)).one()
        private = own_address.challenges.private(deployment.ring.vault, challenge)
        own_address.challenges.keep_private(deployment.ring.vault, challenge, {**private, "address": "victim@example.com"})
    with pytest.raises(AddressCodeRefused):
        there.confirm(code)


@one_database
def test_five_wrong_codes_end_it_and_the_right_one_comes_too_late(deployment: Deployment, there: There) -> None:
    code = there.send()
    for _ in range(5):
        with pytest.raises(AddressCodeRefused):
            there.confirm(other(code))
    with pytest.raises(AddressCodeRefused):
        there.confirm(code)
    with deployment.reading() as session:
        refusals = session.scalars(select(AuditEvent).where(AuditEvent.action == "login.email.code_refused")).all()
        assert (len(refusals), session.scalars(select(Challenge.state)).one()) == (5, "failed")


def test_of_twenty_at_once_one_is_accepted(deployment: Deployment, there: There, person: Known) -> None:
    code = there.send()
    results = at_once(lambda _: there.confirm(code))
    assert (len(succeeded(results)), refused(results)) == (1, {AddressCodeRefused})
    with deployment.reading() as session:
        assert [row.event for row in book.unread(session, person.id, deployment.clock.now())] == ["email_changed"]


def test_of_twenty_wrong_at_once_five_are_looked_at(deployment: Deployment, there: There) -> None:
    code = there.send()
    assert refused(at_once(lambda _: there.confirm(other(code)))) == {AddressCodeRefused}
    with deployment.reading() as session:
        assert session.scalars(select(Challenge.tries)).one() == 5
        refusals = session.scalars(select(AuditEvent).where(AuditEvent.action == "login.email.code_refused")).all()
        assert len(refusals) == 5


@one_database
def test_neither_code_nor_address_is_kept_in_clear(deployment: Deployment, there: There) -> None:
    code = there.send()
    with deployment.reading() as session:
        row = session.scalars(select(Challenge)).one()
        payload = session.scalars(select(Message.payload)).one()
        kept = json.dumps([payload, row.outcome, row.message, row.private_sealed, row.binding_hash])
        private = own_address.challenges.private(deployment.ring.vault, row)
    assert code not in kept
    assert OWN not in kept
    assert (set(private), len(private["mac"])) == ({"address", "mac"}, 64)


def _minute(there: There, _clock: SettableClock) -> None:
    there.send()
    there.send()


def _address_hourly(there: There, clock: SettableClock) -> None:
    for _ in range(4):
        there.send()
        clock.forward(minutes=2)


def _person_hourly(there: There, clock: SettableClock) -> None:
    for number in range(6):
        there.send(f"lin{number}@example.com")
        clock.forward(minutes=2)


def _person_daily(there: There, clock: SettableClock) -> None:
    for number in range(11):
        there.send(f"lin{number}@example.com")
        clock.forward(minutes=70)


@one_database
@pytest.mark.parametrize(
    ("asks", "sent"),
    [(_minute, 1), (_address_hourly, 3), (_person_hourly, 5), (_person_daily, 10)],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_there_are_limits_and_what_is_refused_counts_nothing(
    deployment: Deployment, there: There, clock: SettableClock, asks: Callable[[There, SettableClock], None], sent: int
) -> None:
    with pytest.raises(LettersMustWait):
        asks(there, clock)
    assert len(letters(deployment)) == sent


@one_database
def test_an_address_is_not_troubled_by_several_people(deployment: Deployment, there: There, school: str) -> None:
    there.send()
    stranger = There(deployment, make_person(deployment, school, name="王芳", document="DEMO2", password=None), "two")
    with pytest.raises(LettersMustWait):
        stranger.send()


@one_database
def test_a_network_has_its_limit(deployment: Deployment, there: There, school: str) -> None:
    few = dataclasses.replace(deployment, settings=deployment.settings.model_copy(update={"mail_network_hourly": 1}))
    dataclasses.replace(there, deployment=few).send()
    stranger = There(few, make_person(few, school, name="王芳", document="DEMO2", password=None), "two")
    with pytest.raises(LettersMustWait):
        stranger.send("wang@example.com")
    dataclasses.replace(stranger, address="192.0.2.2").send("wang@example.com")


@one_database
def test_an_address_that_somebody_else_has_is_refused_after_the_proof(deployment: Deployment, there: There, school: str) -> None:
    make_person(deployment, school, name="王芳", document="DEMO2", email=OWN, password=None)
    code = there.send()
    with pytest.raises(AddressTaken):
        there.confirm(code)
    with pytest.raises(AddressCodeRefused):
        there.confirm(code)
    assert seen(deployment, there.person).email == SCHOOLS


@one_database
@pytest.mark.parametrize(("recorded", "told"), [(True, {SCHOOLS, OWN}), (False, {OWN})])
def test_the_old_address_and_the_new_one_hear_of_the_change(
    deployment: Deployment, there: There, recorded: bool, told: set[str]
) -> None:
    here = dataclasses.replace(deployment, settings=deployment.settings.model_copy(update={"notice_to_recorded": recorded}))
    there = dataclasses.replace(there, deployment=here)
    there.confirm(there.send())
    before = len(letters(here))
    worker.run_due(here, {book.KIND: delivery.teller(here, lambda _session, _person: ())})
    assert {letter.address for letter in letters(here)[before:]} == told


@one_database
def test_the_same_address_again_is_no_change(deployment: Deployment, there: There, person: Known) -> None:
    there.confirm(there.send(SCHOOLS))
    with deployment.reading() as session:
        assert [row.event for row in book.unread(session, person.id, deployment.clock.now())] == ["email_confirmed"]


@one_database
def test_what_a_school_sends_later_does_not_overwrite_it(deployment: Deployment, there: There, person: Known) -> None:
    there.confirm(there.send())
    with deployment.transaction(OPERATOR) as tx:
        row = tx.session.get_one(Person, person.id)
        later = Details("林小雨", email="new@school.example.edu.cn")
        persons.fill_in(tx, deployment.ring.vault, row, later, birth_date=None)
        assert not persons.amend(tx, deployment.ring.vault, row, later, by="2111000001")
    assert seen(deployment, person).email == OWN


@one_database
def test_a_merge_takes_the_proof_along(deployment: Deployment, there: There, school: str) -> None:
    there.confirm(there.send())
    into = make_person(deployment, school, document="DEMO3", password=None)
    with deployment.transaction(OPERATOR) as tx:
        one, two = (tx.session.get_one(Person, known.id) for known in (there.person, into))
        merging.merge(tx, deployment.ring.vault, one, two, reason="one person")
    assert (seen(deployment, into).email, seen(deployment, into).email_confirmed_at) == (OWN, deployment.clock.now())


@one_database
@pytest.mark.parametrize(
    ("changes", "born", "offered"),
    [
        ({}, None, True),
        ({}, date(2012, 9, 1), True),
        ({}, date(2012, 9, 2), False),
        ({"mail_server": ""}, None, False),
        ({"mail_own_address": False}, None, False),
    ],
)
def test_it_is_offered_where_letters_go_out_and_to_nobody_under_14(
    deployment: Deployment, school: str, changes: dict[str, Any], born: date | None, offered: bool
) -> None:
    known = make_person(deployment, school, name="王芳", document="DEMO2", born=born, password=None)
    settings = deployment.settings.model_copy(update=changes)
    if offered:
        own_address.check_offered(settings, seen(deployment, known))
    else:
        with pytest.raises(AddressNotOffered):
            own_address.check_offered(settings, seen(deployment, known))


@one_database
def test_it_is_no_second_factor_and_its_code_answers_no_sign_in(deployment: Deployment, there: There) -> None:
    code = there.send()
    assert own_address.KIND not in FACTORS
    with deployment.transaction(OPERATOR) as tx:
        challenge = tx.session.scalars(select(Challenge)).one()
        occasion = factors.Occasion("session:one", factors.Purpose.ADDRESS)
        site = factors.site_of(deployment)
        for kind in ("email", "sms"):
            with pytest.raises((NoSuchFactor, own_address.ChallengeLost)):
                engine.answer(tx, site, kind, there.person.id, {"code": code}, occasion=occasion, challenge_id=challenge.id)
