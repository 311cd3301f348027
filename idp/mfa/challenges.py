"""Challenges: made for one occasion, answered once, collected once."""

import json
import secrets
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.database.compare_and_set import compare_and_set
from idp.keys import Vault
from idp.mfa.errors import ChallengeLost
from idp.mfa.factor import Occasion
from idp.mfa.tables import Challenge


class ChallengeState(StrEnum):
    """Where a challenge stands. ``answered`` is for kinds whose answer takes two messages."""

    PENDING = "pending"
    ANSWERED = "answered"
    DONE = "done"
    FAILED = "failed"
    DECLINED = "declined"
    EXPIRED = "expired"


OPEN = (ChallengeState.PENDING, ChallengeState.ANSWERED)


def create(
    tx: Transaction, kind: str, occasion: Occasion, lifetime: timedelta, *, person_id: int | None, credential_id: int | None
) -> Challenge:
    """A new pending challenge; an earlier one of the kind for the same occasion is over with it. Goes out with the next flush."""
    tx.session.execute(
        update(Challenge)
        .where(Challenge.binding_hash == occasion.binding_hash, Challenge.kind == kind, Challenge.state.in_(OPEN))
        .values(state=ChallengeState.EXPIRED)
        .execution_options(synchronize_session="fetch")
    )
    row = Challenge(
        id=secrets.token_urlsafe(16),
        kind=kind,
        credential_id=credential_id,
        person_id=person_id,
        binding_hash=occasion.binding_hash,
        purpose=occasion.purpose,
        client_id=occasion.client_id,
        level=occasion.level,
        message=occasion.message,
        state=ChallengeState.PENDING,
        outcome={},
        created_at=tx.now,
        expires_at=tx.now + lifetime,
    )
    tx.session.add(row)
    return row


def current(
    tx: Transaction, kind: str, occasion: Occasion, credential_id: int | None, person_id: int | None = None
) -> Challenge | None:
    """The latest challenge of this occasion that a browser can still answer or collect.

    With a ``person_id``, one that was put to this person: what the first page asked of nobody in particular is another question.
    """
    mine = select(Challenge).where(
        Challenge.binding_hash == occasion.binding_hash,
        Challenge.kind == kind,
        Challenge.purpose == occasion.purpose,
        Challenge.credential_id == credential_id,
        Challenge.state.in_((*OPEN, ChallengeState.DONE)),
        Challenge.spent_at.is_(None),
        Challenge.expires_at > tx.now,
    )
    if person_id is not None:
        mine = mine.where(Challenge.person_id == person_id)
    return tx.session.scalar(mine.order_by(Challenge.created_at.desc()).limit(1))


def find(session: Session, challenge_id: str, kind: str, binding_hash: str) -> Challenge:
    """The challenge with this id, if this very browser was asked. Raises :class:`ChallengeLost`."""
    row = session.get(Challenge, challenge_id[:22], populate_existing=True)
    if row is None or row.kind != kind or not secrets.compare_digest(row.binding_hash, binding_hash):
        raise ChallengeLost
    return row


def check_open(tx: Transaction, challenge: Challenge) -> None:
    """Raises :class:`ChallengeLost` unless it still waits for an answer."""
    if challenge.state not in OPEN or challenge.expires_at <= tx.now:
        raise ChallengeLost


def advance(tx: Transaction, challenge: Challenge, before: ChallengeState, after: ChallengeState, **values: object) -> None:
    """Moves it on, by compare-and-set. Raises :class:`ChallengeLost` if it was not in ``before`` any more, or is too old."""
    moving = (
        update(Challenge)
        .where(Challenge.id == challenge.id, Challenge.state == before, Challenge.expires_at > tx.now)
        .values(state=after, **values)
    )
    if not compare_and_set(tx.session, moving):
        raise ChallengeLost
    tx.session.expire(challenge)


def collect(tx: Transaction, challenge: Challenge) -> None:
    """Takes what a done challenge has proven, once. Raises :class:`ChallengeLost` for the second who tries."""
    taking = (
        update(Challenge)
        .where(
            Challenge.id == challenge.id,
            Challenge.state == ChallengeState.DONE,
            Challenge.spent_at.is_(None),
            Challenge.expires_at > tx.now,
        )
        .values(spent_at=tx.now)
    )
    if not compare_and_set(tx.session, taking):
        raise ChallengeLost
    tx.session.expire(challenge)


def take_try(tx: Transaction, challenge: Challenge, allowed: int) -> None:
    """Takes one of the tries *before* the answer is looked at, so that of any number at once no more than these are.

    Raises :class:`ChallengeLost` where none is left, or the challenge is over. The row stays locked until the transaction ends.
    """
    left = update(Challenge).where(
        Challenge.id == challenge.id,
        Challenge.state == ChallengeState.PENDING,
        Challenge.expires_at > tx.now,
        Challenge.tries < allowed,
    )
    if not compare_and_set(tx.session, left.values(tries=Challenge.tries + 1)):
        raise ChallengeLost
    tx.session.expire(challenge)


def count_try(tx: Transaction, challenge: Challenge, allowed: int) -> None:
    """One wrong answer more; the last one that is allowed ends it."""
    tx.session.execute(
        update(Challenge).where(Challenge.id == challenge.id).values(tries=Challenge.tries + 1),
        execution_options={"synchronize_session": False},
    )
    end_if_used_up(tx, challenge, allowed)


def end_if_used_up(tx: Transaction, challenge: Challenge, allowed: int) -> None:
    """Ends it after the last try that is allowed."""
    tx.session.execute(
        update(Challenge)
        .where(Challenge.id == challenge.id, Challenge.tries >= allowed, Challenge.state.in_(OPEN))
        .values(state=ChallengeState.FAILED),
        execution_options={"synchronize_session": False},
    )
    tx.session.expire(challenge)


def keep_private(vault: Vault, challenge: Challenge, values: dict[str, Any]) -> None:
    """Seals what the kind has to remember of the challenge."""
    challenge.private_sealed = vault.seal(json.dumps(values, ensure_ascii=False), context=_context(challenge))


def private(vault: Vault, challenge: Challenge) -> dict[str, Any]:
    """What :func:`keep_private` sealed, or nothing."""
    if challenge.private_sealed is None:
        return {}
    values: dict[str, Any] = json.loads(vault.open(challenge.private_sealed, context=_context(challenge)))
    return values


def _context(challenge: Challenge) -> str:
    return f"mfa_challenge:{challenge.id}:private"
