"""A school's tokens: shown once, kept as a digest, for a time, revocable, of one institution."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.crypto import sm3
from idp.database.compare_and_set import compare_and_set
from idp.i18n import N_
from idp.registry import institutions
from idp.registry.errors import InvalidField, WrongState
from idp.registry.institutions import InstitutionStatus
from idp.registry.tables import Institution
from idp.roster.errors import InvalidToken, NoSuchToken
from idp.roster.tables import RosterToken

PREFIX = "yst_"  # so that scanners for leaked secrets know one
MAX_LABEL = 100
MAX_DAYS = 1100
USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Right:
    """What a token allows. ``is_due`` says that its last use is to be noted again."""

    token_id: str
    institution: str
    may_write: bool
    is_due: bool


def issue(tx: Transaction, institution: str, label: str, *, may_write: bool, lifetime: timedelta) -> tuple[RosterToken, str]:
    """A new token and its text, which nobody can read again. Raises ``NoSuchInstitution``, ``WrongState``, ``InvalidField``."""
    school = institutions.by_code(tx.session, institution)
    if school.status != InstitutionStatus.ACTIVE:
        raise WrongState(name=school.name, value=school.code, state=school.status)
    tidy = " ".join(label.split())
    if not tidy or len(tidy) > MAX_LABEL or not tidy.isprintable():
        raise InvalidField(field="label", reason=N_("it must have 1 to 100 characters"))
    text = PREFIX + secrets.token_urlsafe(32)
    row = RosterToken(
        id=secrets.token_hex(6),
        token_hash=digest(text),
        institution=institution,
        label=tidy,
        may_write=may_write,
        created_at=tx.now,
        created_by=tx.actor.id,
        expires_at=tx.now + lifetime,
    )
    tx.session.add(row)
    tx.record(Action.ROSTER_TOKEN_ISSUED, subject=f"roster_token:{row.id}", institution=institution, detail={"write": may_write})
    return row, text


def find(session: Session, text: str, now: datetime) -> Right:
    """What the token with this text allows on ``now``. Raises :class:`InvalidToken`."""
    found = session.execute(
        select(RosterToken, Institution.status)
        .join(Institution, Institution.code == RosterToken.institution)
        .where(RosterToken.token_hash == digest(text))
    ).one_or_none()
    if found is None or found[0].revoked_at is not None or found[0].expires_at <= now or found[1] != InstitutionStatus.ACTIVE:
        raise InvalidToken
    row: RosterToken = found[0]
    return Right(row.id, row.institution, row.may_write, row.last_used_at is None or row.last_used_at <= now - USED_EVERY)


def note_use(tx: Transaction, right: Right) -> bool:
    """Notes when and from where the token was used; ``True`` for one of any number at once."""
    noting = (
        update(RosterToken)
        .where(
            RosterToken.id == right.token_id,
            (RosterToken.last_used_at.is_(None)) | (RosterToken.last_used_at <= tx.now - USED_EVERY),
        )
        .values(last_used_at=tx.now, last_address=tx.actor.address)
    )
    return compare_and_set(tx.session, noting)


def listed(session: Session, institution: str | None = None) -> Sequence[RosterToken]:
    """Every token, or those of one institution, the newest first."""
    statement = select(RosterToken).order_by(RosterToken.created_at.desc(), RosterToken.id)
    return session.scalars(statement.where(RosterToken.institution == institution) if institution else statement).all()


def revoke(tx: Transaction, token_id: str) -> RosterToken:
    """Ends the token now. Repeating it changes nothing. Raises :class:`NoSuchToken`."""
    row = tx.session.get(RosterToken, token_id)
    if row is None:
        raise NoSuchToken(value=token_id[:32])
    if row.revoked_at is None:
        row.revoked_at = tx.now
        tx.record(Action.ROSTER_TOKEN_REVOKED, subject=f"roster_token:{row.id}", institution=row.institution)
    return row


def digest(text: str) -> str:
    """What the database holds. The token is random, so that a plain digest cannot be turned back."""
    return sm3.digest(text.encode()).hex()
