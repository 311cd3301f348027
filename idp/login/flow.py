"""A sign-in under way: begun by a requirement, kept in a row, bound to one browser, over when the requirement is met."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import delete, update

from idp.audit import Transaction
from idp.database.compare_and_set import compare_and_set
from idp.login.errors import FlowLost
from idp.login.next_step import State, Step, asked_level, next_step
from idp.login.requirement import Requirement, is_fresh
from idp.login.sessions import SignedIn, digest
from idp.login.tables import SignInFlow
from idp.mfa import credentials
from idp.mfa.credentials import Choice
from idp.mfa.engine import Proof
from idp.mfa.factor import Occasion, Purpose
from idp.mfa.policy import PASSWORD

LIFETIME = timedelta(minutes=30)
MAX_RETURN_TO = 4096


@dataclass(frozen=True)
class Flow:
    """A flow as pages see it."""

    id: str
    requirement: Requirement
    return_to: str
    person_id: int | None
    methods: frozenset[str]
    level: int


def begin(tx: Transaction, requirement: Requirement, return_to: str, browser: str, signed_in: SignedIn | None) -> str:
    """Begins a sign-in that ends at ``return_to``, a path of ours; returns the flow's id.

    ``browser`` is the secret of the browser's cookie. What ``signed_in`` has proven counts, as far as the requirement lets it:
    somebody at level 1 who needs level 2 is asked for the second factor alone.
    """
    parts = urlsplit(return_to)
    if (
        not return_to.startswith("/")
        or return_to.startswith("//")
        or parts.netloc
        or "\\" in return_to
        or len(return_to) > MAX_RETURN_TO
    ):
        raise FlowLost(detail="return_to is not a path of ours")
    counts = signed_in is not None and is_fresh(requirement, signed_in, tx.now)
    flow = SignInFlow(
        id=secrets.token_urlsafe(24),
        browser_hash=digest(browser),
        requirement=requirement.to_json(),
        return_to=return_to,
        person_id=signed_in.person_id if counts and signed_in else None,
        methods=sorted(signed_in.methods) if counts and signed_in else [],
        level=signed_in.level if counts and signed_in else 0,
        created_at=tx.now,
    )
    tx.session.add(flow)
    return flow.id


def find(tx: Transaction, flow_id: str, browser: str) -> Flow:
    """The flow, if this browser began it and it is not over. Raises :class:`FlowLost`."""
    row = tx.session.get(SignInFlow, flow_id[:64])
    if row is None or row.created_at + LIFETIME < tx.now or not secrets.compare_digest(row.browser_hash, digest(browser)):
        raise FlowLost
    requirement = Requirement.from_json(row.requirement)
    return Flow(row.id, requirement, row.return_to, row.person_id, frozenset(row.methods), row.level)


def step(tx: Transaction, flow: Flow) -> Step:
    """What the person is asked for now."""
    return next_step(_state(tx, flow))


def choices(tx: Transaction, flow: Flow) -> list[Choice]:
    """The ways to take the second step that would bring the person on."""
    return credentials.choices(tx.session, flow.person_id or 0, at_least=asked_level(_state(tx, flow)))


def occasion(flow: Flow, purpose: Purpose = Purpose.SIGN_IN) -> Occasion:
    """What a challenge of this flow is bound to: an answer counts in this flow and nowhere else."""
    if purpose is Purpose.SIGN_IN and flow.level >= 2:
        purpose = Purpose.STEP_UP
    return Occasion(f"flow:{flow.id}", purpose, client_id=flow.requirement.client_id or "", level=flow.requirement.level)


def prove_password(tx: Transaction, flow: Flow, person_id: int) -> None:
    """Notes the first factor. Another person than before starts from nothing."""
    _advance(tx, flow, person_id, (PASSWORD,), 1)


def prove_factor(tx: Transaction, flow: Flow, proof: Proof) -> None:
    """Notes a factor beside what was proven; one that stands alone needs nothing before it. Raises :class:`FlowLost`."""
    if flow.person_id == proof.person_id and flow.level >= 1:
        _advance(tx, flow, proof.person_id, (*flow.methods, *proof.amr), max(flow.level, proof.level))
    elif proof.alone:
        _advance(tx, flow, proof.person_id, proof.amr, proof.level)  # another person than before starts from nothing
    else:
        raise FlowLost


def finish(tx: Transaction, flow: Flow) -> None:
    """Ends the flow: it has become a session. Only one of two requests at once can do so; the other gets :class:`FlowLost`."""
    removal = delete(SignInFlow).where(SignInFlow.id == flow.id)
    if not compare_and_set(tx.session, removal):
        raise FlowLost


def _advance(tx: Transaction, flow: Flow, person_id: int, methods: Sequence[str], level: int) -> None:
    tx.session.execute(
        update(SignInFlow)
        .where(SignInFlow.id == flow.id)
        .values(person_id=person_id, methods=sorted(set(methods)), level=level)
        .execution_options(synchronize_session=False)
    )


def _state(tx: Transaction, flow: Flow) -> State:
    best = credentials.best_level(tx.session, flow.person_id) if flow.person_id else 0
    return State(flow.requirement.level, flow.level, best)
