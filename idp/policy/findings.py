"""What the rules saw: written down for each sign-in, summed up for whoever decides whether to enforce them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.policy.risk import Raised
from idp.policy.tables import RiskFinding
from idp.registry.tables import Person

REMEMBERED = timedelta(days=90)


@dataclass(frozen=True)
class Summary:
    """One signal and mode: how many sign-ins of how many persons, and how many of these had no factor that was good enough."""

    signal: str
    rule: str
    mode: str
    level: int
    sign_ins: int
    persons: int
    unable: int


def write(tx: Transaction, person: Person, found: Collection[Raised], best: int, client_id: str) -> None:
    """Keeps what was found, in the table and in the journal. ``best`` is the level that the person's factors reach."""
    for one in found:
        able = best >= one.level
        tx.session.add(
            RiskFinding(
                at=tx.now,
                person_id=person.id,
                signal=one.signal,
                rule=one.rule,
                mode=one.mode,
                level=one.level,
                able=able,
                client_id=client_id,
            )
        )
        detail = {"signal": one.signal, "mode": one.mode, "level": one.level, "able": able}
        tx.record(Action.RISK_SEEN, subject=f"person:{person.number}", detail=detail | ({"rule": one.rule} if one.rule else {}))


def summary(session: Session, since: datetime) -> list[Summary]:
    """What was found since then, the most frequent first."""
    part = (RiskFinding.signal, RiskFinding.rule, RiskFinding.mode, RiskFinding.level)
    persons = func.count(RiskFinding.person_id.distinct())
    unable = func.count(case((RiskFinding.able.is_(False), RiskFinding.person_id)).distinct())
    statement = select(*part, func.count(), persons, unable)
    rows = session.execute(statement.where(RiskFinding.at >= since).group_by(*part).order_by(func.count().desc(), *part))
    return [Summary(row[0], row[1], row[2], row[3], row[4], row[5], row[6]) for row in rows]
