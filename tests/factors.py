"""Second factors of people, set up as their pages do it."""

from typing import Any

from idp.audit import Transaction
from idp.deployment import Deployment
from idp.mfa import enrolment
from idp.mfa.engine import Proof
from idp.mfa.factor import Occasion, Purpose, Site
from idp.registry.tables import Person
from tests.people import Known

ENROLLING = Occasion("session:of-the-test", Purpose.ENROL)


def site_of(deployment: Deployment) -> Site:
    return Site(deployment.ring.vault, deployment.settings)


def begin(deployment: Deployment, tx: Transaction, person: Known, kind: str = "totp", **details: str) -> dict[str, Any]:
    """Begins the set-up; returns what its page shows."""
    row = tx.session.get_one(Person, person.id)
    return enrolment.begin(tx, site_of(deployment), row, kind, occasion=ENROLLING, label="Phone", details=details).shown


def confirm(deployment: Deployment, tx: Transaction, person: Known, code: str, kind: str = "totp") -> Proof:
    """Ends it by a working code."""
    row = tx.session.get_one(Person, person.id)
    return enrolment.confirm(tx, site_of(deployment), row, kind, {"code": code}, occasion=ENROLLING)
