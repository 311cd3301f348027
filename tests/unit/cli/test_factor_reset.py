"""``yima factor reset-…``: two people at the terminal, each with a code of their own."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import update

from idp.deployment import open_deployment
from idp.mfa.tables import Credential
from idp.registry.affiliations import Role
from idp.settings import Settings
from tests import factors
from tests.people import OPERATOR, Known, make_person, make_school
from tests.unit.cli.conftest import Yima

pytestmark = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)


@dataclass
class Admin:
    """An administrator whose authenticator app has been there for two days."""

    known: Known
    secret: str
    used: int = 0

    @property
    def proof(self) -> tuple[str, ...]:
        """A code that was not used yet."""
        code = pyotp.TOTP(self.secret).at(datetime.now(UTC), counter_offset=self.used)
        self.used += 1
        return ("--by", self.known.number, "--code", code)


@pytest.fixture
def people(deployment_settings: Settings) -> tuple[Known, Admin, Admin]:
    """A pupil with a second factor, and two administrators of the school."""
    deployment = open_deployment(deployment_settings)
    school = make_school(deployment)
    made = []
    for name, role in (("林小雨", Role.STUDENT), ("张校长", Role.SCHOOL_ADMIN), ("李主任", Role.SCHOOL_ADMIN)):
        known = make_person(deployment, school, name=name, document=f"DOC{len(made)}12345", role=role, password=None)
        with deployment.transaction(OPERATOR) as tx:
            secret = factors.begin(deployment, tx, known)["secret"]
            factors.confirm(deployment, tx, known, pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=-1))
            tx.session.execute(update(Credential).values(created_at=tx.now - timedelta(days=2)))
        made.append(Admin(known, secret))
    deployment.close()
    return made[0].known, made[1], made[2]


def test_one_asks_another_agrees_and_the_factors_are_gone(yima: Yima, people: tuple[Known, Admin, Admin]) -> None:
    pupil, one, other = people
    asked = yima("factor", "reset-request", pupil.number, *one.proof, "--reason", "phone lost, seen in person", "--json")
    assert asked.json["state"] == "requested", asked.err
    number = str(asked.json["reset"])
    assert "two people" in yima("factor", "reset-approve", number, *one.proof).err
    assert [row["number"] for row in yima("factor", "reset-list", "--json").json] == [pupil.number]
    agreed = yima("factor", "reset-approve", number, *other.proof, "--json")
    assert (agreed.json["state"], agreed.json["approved_by"]) == ("done", other.known.number)
    assert yima("factor", "list", pupil.number, "--json").json == []
    assert yima("factor", "reset-list", "--json").json == []
    assert len(yima("factor", "reset-list", "--all", "--json").json) == 1


def test_a_wrong_code_proves_nobody(yima: Yima, people: tuple[Known, Admin, Admin]) -> None:
    pupil, one, _other = people
    done = yima("factor", "reset-request", pupil.number, "--by", one.known.number, "--code", "000000", "--reason", "x")
    assert (done.code, "not right" in done.err) == (1, True)
    assert yima("factor", "reset-list", "--json").json == []


def test_a_reset_is_stopped_and_then_nobody_can_agree_to_it(yima: Yima, people: tuple[Known, Admin, Admin]) -> None:
    pupil, one, other = people
    asked = yima("factor", "reset-request", pupil.number, *one.proof, "--reason", "x", "--json")
    assert asked.code == 0, asked.err
    number = str(asked.json["reset"])
    assert yima("factor", "reset-stop", number, "--json").json["state"] == "stopped"
    assert yima("factor", "reset-approve", number, *other.proof).code == 1
    assert len(yima("factor", "list", pupil.number, "--json").json) == 1


def test_alone_it_is_refused_and_breaking_the_glass_is_seen_by_the_doctor(yima: Yima, people: tuple[Known, Admin, Admin]) -> None:
    pupil = people[0]
    assert yima("factor", "reset", pupil.number, "--yes").code == 2
    assert yima("factor", "reset", pupil.number, "--break-glass", "--yes").code == 2
    assert yima("factor", "reset", pupil.number, "--break-glass", "--reason", "flood", "--yes", "--json").json["removed"] == 1
    advice = [finding["advice"] for finding in yima("doctor", "--json").json["findings"]]
    assert any(pupil.number in text and "flood" in text for text in advice)
