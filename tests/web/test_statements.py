"""How often the database is asked: what creeps in here makes every school's morning slower, and no test of a rule would notice."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from idp.deployment import Deployment
from idp.registry.affiliations import Role
from tests.people import PASSWORD, Known, make_person
from tests.web.pages import Browser
from tests.web.relying_party import RelyingParty

# What stands between two of these may be looked up anew each time: nobody waits longer than that for a new rule to hold.
POLICY = "policy_version"


@dataclass
class Statements:
    """Those that were sent, and how many transactions were kept."""

    sent: list[str] = field(default_factory=list)
    commits: int = 0

    def naming(self, table: str) -> int:
        return sum(table in statement for statement in self.sent)


@contextmanager
def counted(deployment: Deployment) -> Iterator[Statements]:
    found, engine = Statements(), deployment.database.engine

    def sent(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.sent.append(statement)

    def kept(_connection: Any) -> None:
        found.commits += 1

    event.listen(engine, "before_cursor_execute", sent)
    event.listen(engine, "commit", kept)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", sent)
        event.remove(engine, "commit", kept)


@pytest.fixture
def known(browser: Browser, trusted: RelyingParty, person: Known) -> Browser:
    """A browser that has signed in before, so that keys and the app are in memory."""
    browser.get(trusted.authorize_url())
    trusted.exchange(browser.sign_in(person.number, PASSWORD).query["code"])
    return browser


def test_a_code_flow_with_a_session_asks_a_dozen_times(deployment: Deployment, known: Browser, trusted: RelyingParty) -> None:
    with counted(deployment) as statements:
        code = known.get(trusted.authorize_url()).query["code"]
        assert trusted.exchange(code).status == 200
    assert len(statements.sent) <= 12, "\n".join(statements.sent)
    assert statements.commits <= 2
    assert statements.naming(POLICY) == 1


def test_a_sign_in_by_password_asks_thirty_times_and_for_the_policy_once_a_request(
    app: Flask, deployment: Deployment, known: Browser, trusted: RelyingParty, person: Known
) -> None:
    other = Browser(app)
    other.get(trusted.authorize_url())
    with counted(deployment) as statements:
        assert other.sign_in(person.number, PASSWORD).query["code"]
    assert len(statements.sent) <= 32, "\n".join(statements.sent)
    assert statements.commits <= 3
    assert statements.naming(POLICY) == 3
    # Nobody looks at how pupils sign in, unless the policy says so.
    assert statements.naming("audit_event") == 1


def test_the_signals_of_a_teacher_are_looked_up_beside_it_and_never_in_the_journal(
    app: Flask, deployment: Deployment, known: Browser, trusted: RelyingParty, school: str
) -> None:
    teacher = make_person(deployment, school, name="王老师", document="TEACHER01", role=Role.TEACHER)
    other = Browser(app)
    other.get(trusted.authorize_url())
    with counted(deployment) as statements:
        assert other.sign_in(teacher.number, PASSWORD).query["code"]
    reading = [statement for statement in statements.sent if "FROM audit_event" in statement]
    assert reading == []
    assert len(statements.sent) <= 34, "\n".join(statements.sent)
