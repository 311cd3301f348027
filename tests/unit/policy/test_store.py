"""The policy in the database: numbered, never lost, and nothing in it that is not there."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from idp.apps.errors import NoSuchApp
from idp.audit.tables import AuditEvent
from idp.deployment import Deployment
from idp.policy import findings, grace, store
from idp.policy.check import Kinds
from idp.policy.demand import Duty
from idp.policy.document import Mode, Policy, Signal, read
from idp.policy.errors import CannotBeMet, InvalidPolicy, NoSuchVersion
from idp.policy.risk import Raised
from idp.policy.toml import from_toml
from idp.registry.errors import NoSuchInstitution
from idp.registry.tables import Person
from tests.at_once import at_once, succeeded
from tests.clocks import SettableClock
from tests.people import OPERATOR, make_person, make_school

KINDS = Kinds(frozenset({"totp", "sm3otp", "cosign", "passkey", "sms"}), {"totp": 2, "sm3otp": 2, "cosign": 3, "passkey": 3})
PAGE = Path(__file__).parents[3] / "docs" / "operations" / "sign-in-policy.md"
TEACHERS = {"role": "teacher", "level": 2}


def applied(deployment: Deployment, *rules: dict[str, object]) -> int:
    with deployment.transaction(OPERATOR) as tx:
        return store.apply(tx, read({"rules": rules}), KINDS, reason="because")


def current(deployment: Deployment) -> Policy:
    with deployment.reading() as session:
        return store.current(session)


def test_the_three_policies_of_the_page_can_be_applied_as_they_stand(deployment: Deployment) -> None:
    make_school(deployment, province="44")
    files = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert len(files) == 3
    with deployment.transaction(OPERATOR) as tx:
        assert [store.apply(tx, from_toml(text), KINDS) for text in files] == [1, 2, 3]


def test_what_speaks_of_something_unknown_or_cannot_be_met_changes_nothing(deployment: Deployment) -> None:
    wrong: tuple[tuple[dict[str, object], type[Exception]], ...] = (
        ({**TEACHERS, "province": "99"}, InvalidPolicy),
        ({**TEACHERS, "institution": "2111999999"}, NoSuchInstitution),
        ({"app": "nobody", "level": 2}, NoSuchApp),
        ({"kinds": ["totp", "smoke"]}, InvalidPolicy),
        ({"kinds": ["recovery"]}, InvalidPolicy),
        ({"level": 4}, CannotBeMet),
    )
    for rule, error in wrong:
        with pytest.raises(error):
            applied(deployment, rule)
    assert current(deployment) == Policy()


def test_versions_follow_each_other_and_any_of_them_can_be_read(deployment: Deployment) -> None:
    assert [applied(deployment, TEACHERS), applied(deployment)] == [1, 2]
    with deployment.reading() as session:
        assert [rule.level for rule in store.version(session, 1).rules] == [2]
        assert [row.number for row in store.history(session)] == [2, 1]
        with pytest.raises(NoSuchVersion):
            store.version(session, 3)
        event = session.query(AuditEvent).order_by(AuditEvent.seq.desc()).first()
    assert event is not None
    assert (event.action, event.subject, event.detail["reason"]) == ("policy.document.changed", "policy:2", "because")


def test_twenty_changes_at_once_are_twenty_versions(deployment: Deployment) -> None:
    numbers = succeeded(at_once(lambda number: applied(deployment, {**TEACHERS, "grace_days": number})))
    assert sorted(numbers) == list(range(1, 21))


def test_a_rule_that_stays_keeps_its_beginning_and_one_that_is_raised_begins_anew(
    deployment: Deployment, clock: SettableClock
) -> None:
    began = clock.now()
    applied(deployment, TEACHERS)
    clock.forward(days=3)
    applied(deployment, {**TEACHERS, "grace_days": 3}, {"role": "staff", "level": 2})
    assert [rule.since for rule in current(deployment).rules] == [began, clock.now()]
    applied(deployment, {**TEACHERS, "level": 3})
    assert [rule.since for rule in current(deployment).rules] == [clock.now()]


def test_findings_are_summed_up_by_signal_and_say_who_could_not(deployment: Deployment, clock: SettableClock) -> None:
    school = make_school(deployment)
    people = [make_person(deployment, school, name=name, document=f"DEMO0000{name}", password=None) for name in "ABC"]
    seen = Raised(Signal.NEW_PLACE, Mode.RECORD_ONLY, 2)
    for person, best, times in zip(people, (3, 2, 0), (1, 1, 2), strict=True):
        with deployment.transaction(OPERATOR) as tx:
            for _ in range(times):
                findings.write(tx, tx.session.get_one(Person, person.id), [seen], best, "app")
    clock.forward(days=1)
    with deployment.transaction(OPERATOR) as tx:
        findings.write(tx, tx.session.get_one(Person, people[0].id), [Raised(Signal.RULE, Mode.RECORD_ONLY, 3, rule="r")], 2, "")
    with deployment.reading() as session:
        first, second = findings.summary(session, clock.now() - timedelta(days=2))
        assert (first.signal, first.sign_ins, first.persons, first.unable) == ("new_place", 4, 3, 1)
        assert (second.signal, second.rule, second.unable) == ("rule", "r", 1)
        assert len(findings.summary(session, clock.now())) == 1


def test_grace_that_begins_twenty_times_at_once_begins(deployment: Deployment) -> None:
    person = make_person(deployment, make_school(deployment), password=None)

    def begin(_number: int) -> None:
        with deployment.transaction(OPERATOR) as tx:
            grace.begin(tx, person.id, (Duty(2, "key/2"),))

    assert len(succeeded(at_once(begin))) == 20
    with deployment.reading() as session:
        assert list(grace.began(session, person.id)) == ["key/2"]
