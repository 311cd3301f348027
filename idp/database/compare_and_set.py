"""What must happen once: the database decides who was first."""

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import CursorResult, Delete, Update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate


def compare_and_set(session: Session, statement: Update | Delete, values: Mapping[str, Any] | None = None) -> bool:
    """Runs a statement whose ``where`` names one row *in the state it must still be in*, and tells whether it found it.

    Of any number of tries at once exactly one gets ``True``: the row's lock puts them in a line, and the second sees what the
    first has done. Objects in the session are not brought up to date. ``values`` fill the parameters of a statement that was built
    once, for the hot paths.
    """
    if values is not None:
        session.flush()
        return session.connection().execute(statement, values).rowcount == 1
    result = session.execute(statement.execution_options(synchronize_session=False))
    return cast(CursorResult[Any], result).rowcount == 1


def compare_and_set_many(session: Session, statement: ReturningUpdate[tuple[int]]) -> set[int]:
    """The same for several rows; ``statement`` returns their ids. Of any number of tries at once exactly one gets each row."""
    return set(session.scalars(statement, execution_options={"synchronize_session": False}))
