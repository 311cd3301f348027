"""Since when somebody knows that they have to set a factor up."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.database.upsert import upsert
from idp.policy.demand import Duty
from idp.policy.tables import EnrolmentGrace


def began(session: Session, person_id: int) -> dict[str, datetime]:
    """The first sign-in under each duty, by its key."""
    mine = select(EnrolmentGrace.rule, EnrolmentGrace.began_at).where(EnrolmentGrace.person_id == person_id)
    return {row[0]: row[1] for row in session.execute(mine)}


def begin(tx: Transaction, person_id: int, duties: tuple[Duty, ...]) -> None:
    """This is the first sign-in. Of two at once the second changes nothing but the moment, which is the same."""
    for duty in duties:
        upsert(
            tx.session,
            EnrolmentGrace,
            {"person_id": person_id, "rule": duty.key, "began_at": tx.now},
            again={"began_at": tx.now},
        )
