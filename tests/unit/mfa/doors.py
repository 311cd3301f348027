"""Kinds of second factors that only tests know, and somebody who has one."""

from collections.abc import Callable
from typing import Any

from idp.audit import Transaction
from idp.deployment import Deployment
from idp.mfa import engine
from idp.mfa.engine import Proof
from idp.mfa.errors import Compromised, WrongAnswer
from idp.mfa.factor import Answer, Factor, Judged, Occasion, Purpose, Site, State
from idp.mfa.tables import Challenge, Credential
from idp.registry.tables import Person
from tests import factors
from tests.people import OPERATOR, Known

HERE = Occasion("flow:here", Purpose.SIGN_IN)


class Knock(Factor):
    """A kind for these tests: whoever knocks three times is right, whoever rattles has stolen the key."""

    kind = "knock"
    title = "Knock"
    amr = ("swk", "user")
    level = 3
    challenged = True
    asks_at_once = True
    locks_after = 5

    def begin(self, tx: Transaction, site: Site, person: Person, credential: Credential, details: Answer) -> None:
        credential.public = {"door": "front"}

    def respond(self, tx: Transaction, site: Site, credential: Credential, challenge: Challenge, answer: Answer) -> dict[str, Any]:
        if answer.get("knocks") != "1":
            raise WrongAnswer
        return {"reply": "who is there?"}

    def judge(self, tx: Transaction, site: Site, credential: Credential, challenge: Challenge | None, answer: Answer) -> Judged:
        if answer.get("knocks") == "rattle":
            raise Compromised("rattled")
        if answer.get("knocks") != "3":
            raise WrongAnswer
        return self.proven()


class FarKnock(Knock):
    """The same, at another door than the one that was asked at."""

    kind = "farknock"
    answered_apart = True


class Door:
    """A person with one of these kinds set up."""

    def __init__(self, deployment: Deployment, person: Known, kept: Callable[..., Any], kind: str) -> None:
        self.deployment, self.person, self.kept, self.kind = deployment, person, kept, kind
        self.site = factors.site_of(deployment)
        with deployment.transaction(OPERATOR) as tx:
            row = Credential(person_id=person.id, kind=kind, label="", state=State.ACTIVE, public={}, created_at=tx.now)
            tx.session.add(row)
            tx.session.flush()
            self.credential = row.id

    def ask(self, occasion: Occasion = HERE) -> str:
        credential = None if self.kind == "knock" else self.credential
        challenge: str = self.kept(lambda tx: engine.ask(tx, self.site, self.kind, occasion, self.person.id, credential).id)
        return challenge

    def answer(self, challenge: str, knocks: str = "3", occasion: Occasion = HERE) -> Proof:
        given = {"knocks": knocks}
        proof: Proof = self.kept(
            engine.answer, self.site, self.kind, self.person.id, given, occasion=occasion, challenge_id=challenge
        )
        return proof

    def apart(self, challenge: str, knocks: str = "3") -> Proof:
        return self.kept(lambda tx: engine.answer_apart(tx, self.site, tx.session.get(Challenge, challenge), {"knocks": knocks}))

    def respond(self, challenge: str, knocks: str = "1") -> dict[str, Any]:
        return self.kept(lambda tx: engine.respond(tx, self.site, tx.session.get(Challenge, challenge), {"knocks": knocks}))

    def state(self) -> str:
        with self.deployment.reading() as session:
            return session.get_one(Credential, self.credential).state
