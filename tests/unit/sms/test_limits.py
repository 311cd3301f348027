"""Limits: per number and person always, per network and budget as the settings say; never one more than there is."""

import pytest
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.deployment import Deployment
from idp.sms import limits
from idp.sms.errors import BudgetSpent, CountryNotAllowed, TooManyMessages
from idp.sms.limits import Limits, networks
from idp.sms.numbers import check_country, masked
from tests.at_once import at_once, refused, succeeded
from tests.clocks import SettableClock
from tests.people import OPERATOR

STRICT = Limits(True, 20, 100, 20)
LOOSE = Limits(False, 20, 100, 20)


def ask(
    deployment: Deployment, number: str = "a", *, rules: Limits = STRICT, person: int | None = None, address: str | None = None
) -> None:
    with deployment.transaction(OPERATOR) as tx:
        limits.count(tx, rules, phone_index=number, person_id=person, address=address)


def events(deployment: Deployment) -> list[str]:
    with deployment.reading() as session:
        return list(session.scalars(select(AuditEvent.subject).where(AuditEvent.action == "sms.limit.reached")))


def test_a_number_gets_one_message_a_minute_five_an_hour_and_ten_a_day(deployment: Deployment, clock: SettableClock) -> None:
    for _ in range(2):
        for _ in range(5):
            ask(deployment, rules=LOOSE)
            with pytest.raises(TooManyMessages):
                ask(deployment, rules=LOOSE)
            clock.forward(minutes=1)
        with pytest.raises(TooManyMessages):
            ask(deployment, rules=LOOSE)
        clock.forward(hours=1)
    with pytest.raises(TooManyMessages):
        ask(deployment, rules=LOOSE)
    clock.forward(hours=22)
    ask(deployment, rules=LOOSE)


def test_twenty_tries_at_once_for_one_number_send_one_message(deployment: Deployment) -> None:
    results = at_once(lambda _: ask(deployment))
    assert len(succeeded(results)) == 1
    assert refused(results) == {TooManyMessages}


def test_a_person_may_leave_five_codes_a_day_unanswered(deployment: Deployment) -> None:
    for number in range(5):
        ask(deployment, str(number), person=1)
    with pytest.raises(TooManyMessages):
        ask(deployment, "5", person=1)
    with deployment.transaction(OPERATOR) as tx:
        limits.answered(tx, 1)
    ask(deployment, "6", person=1)
    with pytest.raises(TooManyMessages):
        ask(deployment, "7", person=1)


def test_a_network_is_refused_where_that_is_enforced_and_written_down_once_where_not(deployment: Deployment) -> None:
    rules = Limits(True, 3, 100, 50)
    for number in range(3):
        ask(deployment, str(number), rules=rules, address="203.0.113.7")
    with pytest.raises(TooManyMessages):
        ask(deployment, "x", rules=rules, address="203.0.113.7")
    ask(deployment, "y", rules=rules, address="203.0.113.8")
    for number in range(6):
        ask(deployment, f"z{number}", rules=Limits(False, 3, 100, 50), address="198.51.100.1")
    assert events(deployment) == ["sms:network", "sms:network"]


def test_a_refused_message_counts_nowhere(deployment: Deployment, clock: SettableClock) -> None:
    ask(deployment, "a", person=1)
    for _ in range(10):
        with pytest.raises(TooManyMessages):
            ask(deployment, "a", person=1)
    for number in range(4):
        ask(deployment, str(number), person=1)


def test_the_budget_of_unanswered_codes_is_spent_exactly(deployment: Deployment) -> None:
    rules = Limits(True, 1000, 1000, 5)
    results = at_once(lambda number: ask(deployment, str(number), rules=rules))
    assert len(succeeded(results)) == 5
    assert refused(results) == {BudgetSpent}
    assert events(deployment) == ["sms:budget"]


def test_the_budget_only_recorded_refuses_nobody(deployment: Deployment) -> None:
    for number in range(25):
        ask(deployment, str(number), rules=LOOSE)
    assert events(deployment) == ["sms:budget"]


def test_the_budget_follows_the_best_day_of_two_weeks(deployment: Deployment, clock: SettableClock) -> None:
    with deployment.transaction(OPERATOR) as tx:
        for number in range(100):
            limits.count(tx, LOOSE, phone_index=str(number), person_id=number, address=None)
            limits.answered(tx, number)
    for days, expected in ((1, 30), (13, 30), (2, 20)):
        clock.forward(days=days)
        with deployment.reading() as session:
            assert limits.budget(session, STRICT, clock.now()) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.7", ("203.0.113.7/32", "203.0.113.0/24")),
        ("2001:db8:1:2:3::4", ("2001:db8:1:2::/64", "2001:db8:1::/48")),
    ],
)
def test_ipv6_is_counted_by_the_64(address: str, expected: tuple[str, str]) -> None:
    assert networks(address) == expected


@pytest.mark.parametrize("phone", ["+85298765432", "+12025550123"])
def test_other_countries_are_refused_unless_named(phone: str) -> None:
    with pytest.raises(CountryNotAllowed):
        check_country(phone, ("86",))
    check_country(phone, ("852", "1"))


@pytest.mark.parametrize(
    ("phone", "shown"), [("+8613812345678", "138****5678"), ("+85298765432", "+852****5432"), ("+3721234", "+3****34")]
)
def test_a_masked_number_is_recognised_by_its_owner_only(phone: str, shown: str) -> None:
    assert masked(phone) == shown
