"""The engine: puts questions, has answers judged by their kind, spends each once, counts the wrong ones, and records it all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.clock import BEIJING
from idp.database.compare_and_set import compare_and_set
from idp.mfa import challenges, changes, credentials, limits
from idp.mfa.challenges import ChallengeState
from idp.mfa.errors import (
    ChallengeLost,
    Compromised,
    Declined,
    NoSuchFactor,
    NotOffered,
    StillWaiting,
    TooManyWrongCodes,
    WrongAnswer,
    WrongCode,
)
from idp.mfa.factor import HELD, Answer, Factor, Judged, Occasion, Purpose, Site, State
from idp.mfa.factors import kind_of
from idp.mfa.tables import Challenge, Credential
from idp.registry import affiliations
from idp.registry.persons import PersonStatus
from idp.registry.tables import Person

FREE_TRIES = 5
LONGEST_WAIT = timedelta(minutes=15)
# NIST SP 800-63B §5.2.2: no more than 100 for one account, whatever the factor and however slowly.
ACCOUNT_TRIES = 100
ACCOUNT_WINDOW = timedelta(days=30)


@dataclass(frozen=True)
class Proof:
    """A factor was proven just now."""

    person_id: int
    credential_id: int
    kind: str
    amr: tuple[str, ...]
    level: int
    alone: bool


def ask(
    tx: Transaction,
    site: Site,
    kind: str,
    occasion: Occasion,
    person_id: int | None,
    credential_id: int | None,
    details: Answer | None = None,
) -> Challenge:
    """Puts a new question, which ends an earlier one of the kind on this occasion.

    ``person_id`` is empty where the answer will say who it is, ``credential_id`` where any of the kind may answer; ``details`` is
    the form by which it was asked for. Raises :class:`NoSuchFactor`, or what the kind raises when it may not ask now.
    """
    factor = kind_of(kind)
    if not factor.challenged:
        raise NoSuchFactor
    credential = None
    if credential_id is not None:
        states = (State.PENDING,) if occasion.purpose is Purpose.ENROL else (State.ACTIVE, State.LOCKED)
        credential = tx.session.get(Credential, credential_id)
        if credential is None or credential.kind != kind or credential.person_id != person_id or credential.state not in states:
            raise NoSuchFactor
    factor.check_asking(tx, site, credential, details or {})
    challenge = challenges.create(tx, kind, occasion, factor.challenge_lifetime, person_id=person_id, credential_id=credential_id)
    _check_restricted(tx, factor, person_id)
    factor.challenge(tx, site, challenge, credential)
    tx.session.flush()
    return challenge


def answer(
    tx: Transaction,
    site: Site,
    kind: str,
    person_id: int | None,
    given: Answer,
    *,
    occasion: Occasion,
    challenge_id: str = "",
) -> Proof:
    """Judges what came from the browser; with several credentials of one kind, any of them may have made it.

    Raises :class:`WrongCode`, :class:`TooManyWrongCodes`, :class:`ChallengeLost`, :class:`StillWaiting`, :class:`Declined` or
    :class:`NoSuchFactor`. What a wrong answer changed is in the transaction: the caller keeps it, or it costs nothing.
    """
    factor = kind_of(kind)
    challenge = None
    if factor.challenged:
        challenge = challenges.find(tx.session, challenge_id, kind, occasion.binding_hash)
        if challenge.person_id != person_id or challenge.purpose != occasion.purpose:
            raise ChallengeLost
    if factor.answered_apart:
        return _collect(tx, challenge)
    held = factor.candidates(tx.session, person_id, challenge, given)
    if not held:
        raise NoSuchFactor if person_id is not None else WrongAnswer
    return judge(tx, site, factor, held, challenge, given)


def answer_apart(tx: Transaction, site: Site, challenge: Challenge, given: Answer) -> Proof:
    """Judges what came from the phone; the browser that was asked collects it by :func:`answer`.

    The kind's own routes have found the challenge and made sure that it is this phone's. Raises as :func:`answer` does.
    """
    factor = kind_of(challenge.kind)
    credential = tx.session.get(Credential, challenge.credential_id) if challenge.credential_id is not None else None
    found = [credential] if credential is not None else factor.candidates(tx.session, challenge.person_id, challenge, given)
    if not found or any(row.state == State.REVOKED for row in found):
        raise NoSuchFactor
    return judge(tx, site, factor, found, challenge, given)


def respond(tx: Transaction, site: Site, challenge: Challenge, given: Answer) -> dict[str, Any]:
    """Our message in return for the first of a phone's two; it moves the challenge to ``answered``, which happens once.

    The kind's own routes have found the challenge and made sure that it is this phone's. Raises as :func:`answer` does; a wrong
    first message counts as a wrong answer.
    """
    factor = kind_of(challenge.kind)
    states = (State.PENDING, *HELD)
    credential = tx.session.get(Credential, challenge.credential_id) if challenge.credential_id is not None else None
    if credential is None or credential.state not in states:
        raise NoSuchFactor
    _check_wait(tx, [credential])
    challenges.check_open(tx, challenge)
    try:
        with tx.savepoint():
            challenges.advance(tx, challenge, ChallengeState.PENDING, ChallengeState.ANSWERED)
            reply = factor.respond(tx, site, credential, challenge, given)
            if not _may_answer(tx, credential):
                raise WrongAnswer
            return reply
    except WrongCode as error:
        _count_wrong(tx, factor, [credential], challenge)
        raise error from None


def decline(tx: Transaction, challenge: Challenge, reason: str) -> None:
    """The person said no. ``reason`` is a word for the journal. Raises :class:`ChallengeLost` if it was over already."""
    before = ChallengeState(challenge.state)
    challenges.check_open(tx, challenge)
    challenges.advance(tx, challenge, before, ChallengeState.DECLINED, outcome={"reason": reason})
    detail = {"kind": challenge.kind, "factor": challenge.credential_id, "reason": reason}
    tx.record(Action.FACTOR_DECLINED, subject=_subject(tx.session, challenge.person_id), outcome="failure", detail=detail)


def judge(
    tx: Transaction, site: Site, factor: Factor, held: Sequence[Credential], challenge: Challenge | None, given: Answer
) -> Proof:
    """Judges an answer by each of ``held`` until one accepts it. For this room: pages use :func:`answer`."""
    person_id = held[0].person_id
    if factor.guessable:
        _check_wait(tx, held)
    if challenge is not None:
        challenges.check_open(tx, challenge)
    refused: WrongCode = WrongCode() if challenge is None else WrongAnswer()
    for credential in held:
        try:
            with tx.savepoint():
                judged = _judge_one(tx, site, factor, credential, challenge, given)
        except Compromised as error:
            credentials.lock(tx, credential, error.reason)
            refused = WrongAnswer()
        except WrongCode as error:
            refused = error
        else:
            _right(tx, credential)
            return Proof(person_id, credential.id, factor.kind, judged.amr, judged.level, judged.alone)
    _count_wrong(tx, factor, held, challenge)
    raise refused


def _judge_one(
    tx: Transaction, site: Site, factor: Factor, credential: Credential, challenge: Challenge | None, given: Answer
) -> Judged:
    if challenge is not None:
        # Of two answers at once, one finds the challenge open. What the browser itself answered it has collected with that.
        spent = None if factor.answered_apart else tx.now
        challenges.advance(tx, challenge, ChallengeState(challenge.state), ChallengeState.DONE, spent_at=spent)
    judged = factor.judge(tx, site, credential, challenge, given)
    _check_restricted(tx, factor, credential.person_id)
    # Judged first, and undone by the savepoint: a locked factor takes as long to say no, and nothing of it is spent.
    if not _may_answer(tx, credential):
        raise WrongCode if challenge is None else WrongAnswer
    if challenge is not None:
        outcome = {"credential": credential.id, "amr": list(judged.amr), "level": judged.level, "alone": judged.alone}
        tx.session.execute(
            update(Challenge).where(Challenge.id == challenge.id).values(outcome=outcome, person_id=credential.person_id),
            execution_options={"synchronize_session": False},
        )
        tx.session.expire(challenge)
    return judged


def _collect(tx: Transaction, challenge: Challenge | None) -> Proof:
    """What the phone has proven, for the browser that was asked."""
    if challenge is None or challenge.expires_at <= tx.now:
        raise ChallengeLost
    if challenge.state in challenges.OPEN:
        raise StillWaiting
    if challenge.state == ChallengeState.DECLINED:
        raise Declined
    challenges.collect(tx, challenge)
    outcome = challenge.outcome
    assert challenge.person_id is not None  # noqa: S101 - written with the outcome
    return Proof(
        challenge.person_id,
        outcome["credential"],
        challenge.kind,
        tuple(outcome["amr"]),
        outcome["level"],
        outcome["alone"],
    )


def _may_answer(tx: Transaction, credential: Credential) -> bool:
    """Whether a right answer counts: not of a locked factor, not after too many wrong ones, not of somebody who has left."""
    status = tx.session.scalar(select(Person.status).where(Person.id == credential.person_id))
    wrong = limits.counted(tx.session, limits.account_key(credential.person_id), tx.now)
    return credential.state != State.LOCKED and status == PersonStatus.ACTIVE and wrong < ACCOUNT_TRIES


def _check_restricted(tx: Transaction, factor: Factor, person_id: int | None) -> None:
    """Our policy: whoever can change what others are is not protected by what a second SIM card takes away.

    Raises :class:`NotOffered` for somebody who is an administrator today, whatever they were when the factor was added.
    """
    if factor.restricted and affiliations.is_administrator(tx.session, person_id or 0, tx.now.astimezone(BEIJING).date()):
        raise NotOffered


def _check_wait(tx: Transaction, held: Sequence[Credential]) -> None:
    until = max((row.retry_at for row in held if row.retry_at is not None), default=None)
    if until is not None and until > tx.now:
        raise TooManyWrongCodes(seconds=ceil((until - tx.now).total_seconds()))


def _right(tx: Transaction, credential: Credential) -> None:
    """Forgets the wrong answers; a pending factor becomes active by its first right one."""
    tx.session.execute(
        update(Credential).where(Credential.id == credential.id).values(fails=0, retry_at=None, last_used_at=tx.now),
        execution_options={"synchronize_session": False},
    )
    first = update(Credential).where(Credential.id == credential.id, Credential.state == State.PENDING).values(state=State.ACTIVE)
    if compare_and_set(tx.session, first):
        detail = {"kind": credential.kind, "factor": credential.id}
        tx.record(Action.FACTOR_ENROLLED, subject=_subject(tx.session, credential.person_id), detail=detail)
        changes.added(tx, credential, kind_of(credential.kind))
    tx.session.expire(credential)


def _count_wrong(tx: Transaction, factor: Factor, held: Sequence[Credential], challenge: Challenge | None) -> None:
    """One wrong answer more on every credential that could have made it, and after five a wait that doubles."""
    person_id = held[0].person_id
    ids = [row.id for row in held]
    fails = 0
    if challenge is not None:
        challenges.count_try(tx, challenge, factor.tries)
    if factor.guessable:
        fails = _add_fail(tx, ids)
        limits.count(tx, limits.account_key(person_id), ACCOUNT_WINDOW)
    detail = {"kind": factor.kind, "fails": fails}
    tx.record(Action.FACTOR_REFUSED, subject=_subject(tx.session, person_id), outcome="failure", detail=detail)
    if factor.locks_after is not None and fails >= factor.locks_after:
        for row in held:
            credentials.lock(tx, row, "wrong_answers")


def _add_fail(tx: Transaction, ids: list[int]) -> int:
    where = Credential.id.in_(ids)
    tx.session.execute(
        update(Credential).where(where).values(fails=Credential.fails + 1), execution_options={"synchronize_session": False}
    )
    fails = tx.session.scalar(select(func.max(Credential.fails)).where(where)) or 0
    if fails >= FREE_TRIES:
        wait = min(timedelta(seconds=2 ** min(fails - FREE_TRIES + 1, 20)), LONGEST_WAIT)
        tx.session.execute(
            update(Credential).where(where).values(retry_at=tx.now + wait), execution_options={"synchronize_session": False}
        )
    return fails


def _subject(session: Session, person_id: int | None) -> str:
    number = session.scalar(select(Person.number).where(Person.id == person_id)) if person_id is not None else None
    return f"person:{number or '?'}"
