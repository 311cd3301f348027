"""Setting a factor up: begun, shown as often as needed, and active only after it has worked once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.clock import BEIJING
from idp.mfa import challenges, changes, engine, limits
from idp.mfa.credentials import MAX_LABEL, held_by
from idp.mfa.engine import Proof
from idp.mfa.errors import ChallengeLost, NoSuchFactor, NotOffered, OnlyBesideAnother, TooManyEnrolments, TooManyFactors
from idp.mfa.factor import Answer, Factor, Occasion, Site, State
from idp.mfa.factors import FACTORS, kind_of, recovery
from idp.mfa.policy import has_better, kinds_of
from idp.mfa.tables import Challenge, Credential
from idp.policy import demand, store
from idp.policy.demand import Position
from idp.registry.affiliations import ADMINISTRATORS
from idp.registry.tables import Person

LIFETIME = timedelta(hours=1)
ENROLMENTS_A_DAY = 10


@dataclass(frozen=True)
class Enrolment:
    """A factor about to be added. ``shown`` is what its page shows, secrets among it; ``challenge`` is empty for most kinds."""

    credential_id: int
    kind: str
    shown: dict[str, Any] = field(repr=False)
    challenge: Challenge | None = None


def offered(
    session: Session, site: Site, person: Person, now: datetime, *, at_least: int = 0, held: Sequence[Position] | None = None
) -> Sequence[Factor]:
    """The kinds that the person may set up, in the order of the table, those that reach level ``at_least``.

    ``held`` is what the person is now, for a caller that has looked it up.
    """
    held = _positions(session, person, now) if held is None else held
    kinds = _kinds_for(session, site, held, now)
    fitting = [factor for factor in FACTORS.values() if factor.addable and factor.level >= at_least]
    return [factor for factor in fitting if (kinds is None or factor.kind in kinds) and _may(session, site, person, factor, held)]


def check_offered(session: Session, site: Site, person: Person, kind: str, now: datetime) -> None:
    """Raises :class:`NotOffered` unless the person may set this kind up, by installation, policy and what they have."""
    held = _positions(session, person, now)
    kinds = _kinds_for(session, site, held, now)
    if kinds is not None and kind not in kinds:
        raise NotOffered
    _check(session, site, person, kind_of(kind), held)


def begin(
    tx: Transaction, site: Site, person: Person, kind: str, *, occasion: Occasion, label: str = "", details: Answer | None = None
) -> Enrolment:
    """A new factor, pending until :func:`confirm`; an earlier pending one of the kind is forgotten.

    ``details`` is what the kind needs to begin, a telephone number for example. Raises :class:`NotOffered`,
    :class:`TooManyFactors`, :class:`TooManyEnrolments`, or what the kind finds wrong with the details.
    """
    factor = kind_of(kind)
    check_offered(tx.session, site, person, kind, tx.now)
    _discard_pending(tx, person.id, kind)
    if sum(row.kind == kind for row in held_by(tx.session, person.id)) >= factor.limit:
        raise TooManyFactors(limit=factor.limit)
    if limits.count(tx, f"enrol:{person.id}:{kind}", timedelta(days=1)) > ENROLMENTS_A_DAY:
        raise TooManyEnrolments
    credential = Credential(
        person_id=person.id, kind=kind, label=label[:MAX_LABEL], state=State.PENDING, public={}, created_at=tx.now
    )
    tx.session.add(credential)
    tx.session.flush()
    factor.begin(tx, site, person, credential, details or {})
    tx.session.flush()
    challenge = engine.ask(tx, site, kind, occasion, person.id, credential.id, details) if factor.challenged else None
    return Enrolment(credential.id, kind, factor.shown(site, person, credential, challenge), challenge)


def pending(tx: Transaction, site: Site, person: Person, kind: str, *, occasion: Occasion) -> Enrolment | None:
    """The enrolment that waits for its confirmation, to be shown again. Asks nothing anew: a challenge may be over."""
    credential = _pending(tx, person.id, kind)
    if credential is None:
        return None
    factor = kind_of(kind)
    challenge = challenges.current(tx, kind, occasion, credential.id) if factor.challenged else None
    if challenge is None and factor.challenged and factor.asks_at_once:
        challenge = engine.ask(tx, site, kind, occasion, person.id, credential.id)
    return Enrolment(credential.id, kind, factor.shown(site, person, credential, challenge), challenge)


def confirm(
    tx: Transaction, site: Site, person: Person, kind: str, given: Answer, *, occasion: Occasion, challenge_id: str = ""
) -> Proof:
    """Makes the pending factor active by an answer of its own: what does not work is never relied on.

    Raises as :func:`idp.mfa.engine.answer` does.
    """
    factor = kind_of(kind)
    if factor.answered_apart:  # the phone has made it active
        return engine.answer(tx, site, kind, person.id, given, occasion=occasion, challenge_id=challenge_id)
    credential = _pending(tx, person.id, kind)
    if credential is None:
        raise NoSuchFactor
    challenge = None
    if factor.challenged:
        challenge = challenges.find(tx.session, challenge_id, kind, occasion.binding_hash)
        if challenge.credential_id != credential.id:
            raise ChallengeLost
    return engine.judge(tx, site, factor, [credential], challenge, given)


def renew_recovery_codes(tx: Transaction, site: Site, person: Person) -> list[str]:
    """Ten new recovery codes; earlier ones stop working. The texts can be shown now and never again."""
    kind = recovery.RecoveryCodes.kind
    credential = next((row for row in held_by(tx.session, person.id) if row.kind == kind), None)
    if credential is None:
        credential = Credential(person_id=person.id, kind=kind, label="", state=State.ACTIVE, public={}, created_at=tx.now)
        tx.session.add(credential)
        tx.session.flush()
    codes = recovery.replace(tx, site.vault, credential)
    tx.record(Action.RECOVERY_CODES_MADE, subject=f"person:{person.number}")
    changes.recovery_codes_made(tx, person.id)
    return codes


def has_recovery_codes(session: Session, person_id: int) -> bool:
    """Whether any were ever made for the factors that the person has now."""
    return any(kind_of(row.kind).last_resort for row in held_by(session, person_id))


def _positions(session: Session, person: Person, now: datetime) -> Sequence[Position]:
    return demand.positions(session, person.id, now.astimezone(BEIJING).date())


def _kinds_for(session: Session, site: Site, held: Sequence[Position], now: datetime) -> frozenset[str] | None:
    """The kinds that the policy offers to somebody who is all of ``held``, whatever they have and whatever is configured; ``None``
    for all.
    """
    here = kinds_of(site)
    rules = store.current(session).effective(here.highest)
    return demand.demand_of(rules, held, "", now, here.levels).kinds


def _check(session: Session, site: Site, person: Person, factor: Factor, held: Sequence[Position]) -> None:
    if not factor.available(site):
        raise NotOffered
    if factor.restricted and any(one.role in ADMINISTRATORS for one in held):
        raise NotOffered
    # NIST SP 800-63B §5.2.10: never the only one.
    if factor.restricted and not has_better(held_by(session, person.id)):
        raise OnlyBesideAnother
    factor.check_offered(session, site, person)


def _may(session: Session, site: Site, person: Person, factor: Factor, held: Sequence[Position]) -> bool:
    try:
        _check(session, site, person, factor, held)
    except NotOffered:
        return False
    return True


def _pending(tx: Transaction, person_id: int, kind: str) -> Credential | None:
    waiting = select(Credential).where(
        Credential.person_id == person_id,
        Credential.kind == kind,
        Credential.state == State.PENDING,
        Credential.created_at > tx.now - LIFETIME,
    )
    return tx.session.scalar(waiting.order_by(Credential.id.desc()).limit(1))


def _discard_pending(tx: Transaction, person_id: int, kind: str) -> None:
    doomed = tx.session.scalars(
        select(Credential.id).where(Credential.person_id == person_id, Credential.kind == kind, Credential.state == State.PENDING)
    ).all()
    if doomed:
        for table, column in ((Challenge, Challenge.credential_id), (Credential, Credential.id)):
            tx.session.execute(delete(table).where(column.in_(doomed)), execution_options={"synchronize_session": "fetch"})
