"""A sign-in under way: begun by a requirement, kept in a row, bound to one browser, over when the requirement is met."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.database.compare_and_set import compare_and_set
from idp.login import keepers, passwords
from idp.login.circumstances import gather
from idp.login.errors import FlowLost
from idp.login.next_step import Reminder, State, Step, asked_level, enrolled_level, next_step
from idp.login.requirement import Assessment, Requirement, assess, is_fresh
from idp.login.sessions import SignedIn, digest
from idp.login.tables import SignInFlow
from idp.mfa import credentials, enrolment
from idp.mfa.credentials import Choice
from idp.mfa.engine import Proof
from idp.mfa.errors import NotOffered
from idp.mfa.factor import Factor, Occasion, Purpose, Site
from idp.mfa.factors import recovery
from idp.mfa.policy import ELSEWHERE, PASSWORD, is_key_alone, proves_more_than_a_password
from idp.mfa.remembered import METHOD
from idp.policy import findings, grace
from idp.policy.demand import Coming
from idp.policy.document import Mode
from idp.policy.risk import looked_at, raised
from idp.registry import persons

LIFETIME = timedelta(minutes=30)
MAX_RETURN_TO = 4096

_INSERT = insert(SignInFlow)
# Columns, not objects, and built once: every page of a sign-in begins with this.
_FIND = select(
    SignInFlow.id,
    SignInFlow.browser_hash,
    SignInFlow.requirement,
    SignInFlow.return_to,
    SignInFlow.person_id,
    SignInFlow.methods,
    SignInFlow.level,
    SignInFlow.raised,
    SignInFlow.reminder,
    SignInFlow.created_at,
).where(SignInFlow.id == bindparam("flow"))


@dataclass(frozen=True)
class Raised:
    """What the circumstances demand of this one sign-in, and whether a text message is good for anything in it."""

    level: int = 1
    restricted: bool = True


@dataclass(frozen=True)
class Flow:
    """A flow as pages see it. ``raised`` is ``None`` until somebody was proven in it: a step-up begins with a session's proofs."""

    id: str
    requirement: Requirement
    return_to: str
    person_id: int | None
    methods: frozenset[str]
    level: int
    raised: Raised | None = None
    reminder: Reminder = Reminder.NOT_ASKED

    @property
    def first_factor_is_ours(self) -> bool:
        """Whether the person was proven here, and not by another provider's word alone."""
        return ELSEWHERE not in self.methods or PASSWORD in self.methods


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
    row = {
        "id": secrets.token_urlsafe(24),
        "browser_hash": digest(browser),
        "requirement": requirement.to_json(),
        "return_to": return_to,
        "person_id": signed_in.person_id if counts and signed_in else None,
        "methods": sorted(signed_in.methods) if counts and signed_in else [],
        "level": signed_in.level if counts and signed_in else 0,
        "raised": None,
        "reminder": Reminder.NOT_ASKED.value,
        "created_at": tx.now,
    }
    tx.session.connection().execute(_INSERT, row)
    return str(row["id"])


def find(tx: Transaction, flow_id: str, browser: str) -> Flow:
    """The flow, if this browser began it and it is not over. Raises :class:`FlowLost`."""
    return look(tx.session, flow_id, browser, tx.now)


def look(session: Session, flow_id: str, browser: str, now: datetime) -> Flow:
    """As :func:`find`, for whoever will not change it."""
    row = session.execute(_FIND, {"flow": flow_id[:64]}).one_or_none()
    if row is None or row.created_at + LIFETIME < now or not secrets.compare_digest(row.browser_hash, digest(browser)):
        raise FlowLost
    requirement = Requirement.from_json(row.requirement)
    seen = Raised(**row.raised) if row.raised is not None else None
    methods = frozenset(row.methods)
    return Flow(row.id, requirement, row.return_to, row.person_id, methods, row.level, seen, Reminder(row.reminder))


def step(tx: Transaction, site: Site, flow: Flow) -> Step:
    """What the person is asked for now."""
    return next_step(_state(tx, site, flow, _assessed(tx, site, flow)))


def choices(tx: Transaction, site: Site, flow: Flow) -> list[Choice]:
    """The ways to take the second step that would bring the person on."""
    found = _assessed(tx, site, flow)
    if found is None:
        return []
    return credentials.choices(found.holding.asked, at_least=asked_level(_state(tx, site, flow, found)))


def kinds(tx: Transaction, site: Site, flow: Flow) -> Sequence[Factor]:
    """The kinds that the person may set up now and that reach what is missing."""
    if flow.person_id is None:
        return []
    needed = enrolled_level(_state(tx, site, flow, _assessed(tx, site, flow)))
    return enrolment.offered(tx.session, site, persons.by_id(tx.session, flow.person_id), tx.now, at_least=needed)


def is_replacing(tx: Transaction, site: Site, flow: Flow, found: Assessment | None = None) -> bool:
    """Whether a recovery code was used for a factor that is gone, and the person may set another one up for it here."""
    found = found or _assessed(tx, site, flow)
    if flow.person_id is None or found is None or not recovery.is_unreplaced(tx.session, found.holding.asked):
        return False
    return bool(enrolment.offered(tx.session, site, persons.by_id(tx.session, flow.person_id), tx.now, at_least=2))


def coming(tx: Transaction, site: Site, flow: Flow) -> Coming | None:
    """What will be demanded of the person, and from when on."""
    found = _assessed(tx, site, flow)
    return found.coming if found is not None else None


def occasion(flow: Flow, purpose: Purpose = Purpose.SIGN_IN) -> Occasion:
    """What a challenge of this flow is bound to: an answer counts in this flow and nowhere else."""
    if purpose is Purpose.SIGN_IN and flow.level >= 2:
        purpose = Purpose.STEP_UP
    return Occasion(f"flow:{flow.id}", purpose, client_id=flow.requirement.client_id or "", level=flow.requirement.level)


def prove_password(tx: Transaction, site: Site, flow: Flow, person_id: int, *, device_known: bool | None = None) -> Flow:
    """Notes the first factor; returns the flow as it stands now. Another person than before starts from nothing."""
    seen = _look_around(tx, site, flow, person_id, device_known)
    return _advance(tx, flow, person_id, (PASSWORD,), 1, seen)


def prove_elsewhere(
    tx: Transaction,
    site: Site,
    flow: Flow,
    person_id: int,
    *,
    level: int,
    methods: Sequence[str],
    device_known: bool | None = None,
) -> None:
    """Notes a first factor that was proven to somebody whom we believe, for ``level``.

    Another person than before starts from nothing. Whoever calls has made sure that the person may come in by it.
    """
    seen = _look_around(tx, site, flow, person_id, device_known)
    _advance(tx, flow, person_id, methods, level, seen)


def prove_factor(tx: Transaction, site: Site, flow: Flow, proof: Proof) -> None:
    """Notes a factor beside what was proven; one that stands alone needs nothing before it. Raises :class:`FlowLost`.

    A factor that does not count for this person, by the policy or because it is a restricted one alone, lifts nothing.
    """
    beside = flow.person_id == proof.person_id and flow.level >= 1
    if not beside and not proof.alone:
        raise FlowLost
    # Another person than before starts from nothing.
    seen = None if beside else _look_around(tx, site, flow, proof.person_id, None)
    restricted = flow.raised.restricted if flow.raised is not None else True
    found = assess(tx.session, site, flow.requirement, proof.person_id, tx.now, restricted=restricted)
    level = found.holding.credit(proof.kind, proof.level)
    if beside:
        # What was really proven takes the place of what was remembered.
        _advance(tx, flow, proof.person_id, (*(flow.methods - {METHOD}), *proof.amr), max(flow.level, level))
    else:
        if is_key_alone(proof.amr) and proof.kind not in found.holding.counting:
            raise NotOffered  # our policy: what is weaker than a passkey opens no door where the policy does not offer it
        _advance(tx, flow, proof.person_id, proof.amr, level, seen)


def remind(tx: Transaction, flow: Flow, said: Reminder) -> None:
    """Notes what the person said to the reminder."""
    tx.session.execute(
        update(SignInFlow)
        .where(SignInFlow.id == flow.id)
        .values(reminder=said.value)
        .execution_options(synchronize_session="fetch")
    )


def prove_remembered(tx: Transaction, flow: Flow, person_id: int, level: int) -> None:
    """Notes a remembered device beside the password of this very moment; it counts for ``level``."""
    _advance(tx, flow, person_id, (PASSWORD, METHOD), level)


def finish(tx: Transaction, flow: Flow) -> None:
    """Ends the flow: it has become a session. Only one of two requests at once can do so; the other gets :class:`FlowLost`."""
    removal = delete(SignInFlow).where(SignInFlow.id == flow.id)
    if not compare_and_set(tx.session, removal):
        raise FlowLost


def _advance(tx: Transaction, flow: Flow, person_id: int, methods: Sequence[str], level: int, seen: Raised | None = None) -> Flow:
    """Moves the flow on; with ``seen``, what the person's first factor has shown, nothing of an earlier one is left."""
    moved = replace(flow, person_id=person_id, methods=frozenset(methods), level=level)
    values = {"person_id": person_id, "methods": sorted(moved.methods), "level": level}
    if seen is not None:
        moved = replace(moved, raised=seen, reminder=Reminder.NOT_ASKED)
        values |= {"raised": asdict(seen), "reminder": Reminder.NOT_ASKED.value}
    moving = update(SignInFlow).where(SignInFlow.id == flow.id).values(values)
    tx.session.execute(moving.execution_options(synchronize_session=False))
    return moved


def _look_around(tx: Transaction, site: Site, flow: Flow, person_id: int, device_known: bool | None) -> Raised:
    """Looks at how this person signs in, once for a sign-in: what the rules find is written down, what they demand is returned."""
    found = assess(tx.session, site, flow.requirement, person_id, tx.now, signing_in=True)
    grace.begin(tx, person_id, found.begun)
    client_id = flow.requirement.client_id or ""
    seen = gather(
        tx.session,
        found.policy,
        person_id,
        signals=looked_at(found.policy, found.positions),
        address=tx.actor.address,
        device_known=device_known,
        client_id=client_id,
        now=tx.now,
    )
    shown = raised(found.policy, found.rules, found.positions, seen)
    if shown:
        findings.write(tx, persons.by_id(tx.session, person_id), shown, found.holding.best, client_id)
    enforced = [one for one in shown if one.mode is Mode.ENFORCE]
    return Raised(max((one.level for one in enforced), default=1), all(one.restricted for one in enforced))


def _assessed(tx: Transaction, site: Site, flow: Flow) -> Assessment | None:
    if flow.person_id is None:
        return None
    restricted = flow.raised.restricted if flow.raised is not None else True
    signing_in = flow.raised is not None
    return assess(tx.session, site, flow.requirement, flow.person_id, tx.now, restricted=restricted, signing_in=signing_in)


def _state(tx: Transaction, site: Site, flow: Flow, found: Assessment | None) -> State:
    if found is None:
        return State(flow.requirement.level, 0, best=0, offered=0, asks=False, second=False)
    level = flow.raised.level if flow.raised is not None else 1
    return State(
        required=max(found.required, level),
        proven=flow.level,
        best=found.holding.best,
        offered=found.offered,
        asks=bool(found.holding.asked),
        second=proves_more_than_a_password(flow.methods),
        # Whoever has stolen a password and is noticed by it must not be let set a factor of their own up.
        may_enrol=level <= found.required,
        coming=found.coming.level if found.coming is not None and flow.raised is not None else 0,
        reminder=flow.reminder,
        remembered=METHOD in flow.methods,
        replace=is_replacing(tx, site, flow, found),
        key_alone=is_key_alone(flow.methods),
        # Only who has given the old one is asked for another: else it were a way to a password for those who never knew it.
        new_password=flow.person_id is not None and flow.first_factor_is_ours and _needs_another(tx, flow.person_id),
    )


def _needs_another(tx: Transaction, person_id: int) -> bool:
    """Whether the password has to be replaced here: not if it is kept elsewhere, where we cannot."""
    return passwords.must_change(tx.session, person_id) and not keepers.kept_elsewhere(tx.session, person_id, tx.now.date())
