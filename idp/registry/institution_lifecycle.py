"""The turns in an institution's life: 各级各类学校(机构)代码编制规则 (2010) and 代码管理办法 (2011).

A rename keeps the code. Closing, or a change of category, voids it; a void code is never given to another. A restored school
gets its old code back. A merger may keep one of the codes.
"""

from datetime import date

from sqlalchemy import select

from idp.audit import Action, Transaction
from idp.i18n import N_
from idp.registry import institutions
from idp.registry.errors import InvalidField, WrongState
from idp.registry.institutions import InstitutionStatus, Particulars
from idp.registry.tables import Affiliation, Institution


def rename(tx: Transaction, code: str, name: str, *, reason: str | None = None) -> Institution:
    """Gives the institution another name under the same code."""
    row = _in_state(tx, code, InstitutionStatus.ACTIVE)
    before = row.name
    institutions.describe(tx, row, _particulars(row, name=name))
    institutions.note(tx, row, "renamed", before=before, after=row.name, reason=reason)
    _record(tx, Action.INSTITUTION_RENAMED, row, {"before": before, "after": row.name})
    return row


def recategorise(tx: Transaction, code: str, category: str, *, reason: str | None = None) -> Institution:
    """Moves the institution to another category, which means a new code; returns it under that.

    The old code is void. Current affiliations go over to the new code.
    """
    row = _in_state(tx, code, InstitutionStatus.ACTIVE)
    if category == row.category:
        raise InvalidField(field="category", reason=N_("the institution is in this category already"))
    particulars = _particulars(row)
    row.status, row.credit_code = InstitutionStatus.RECATEGORISED.value, None
    tx.session.flush()  # the credit code goes with the institution, not with the void code
    successor = institutions.issue(tx, category=category, province=row.province, particulars=particulars)
    row.successor = successor.code
    _move_affiliations(tx, row.code, successor.code)
    institutions.note(tx, row, "recategorised", before=row.code, after=successor.code, reason=reason)
    institutions.note(tx, successor, "recategorised", before=row.code, after=successor.code, reason=reason)
    _record(tx, Action.INSTITUTION_RECATEGORISED, row, {"successor": successor.code})
    return successor


def close(tx: Transaction, code: str, *, reason: str | None = None) -> Institution:
    """Closes the institution and voids its code. Everyone's affiliation with it ends today."""
    row = _in_state(tx, code, InstitutionStatus.ACTIVE)
    row.status = InstitutionStatus.CLOSED.value
    ended = 0
    for affiliation in _current(tx, code):
        affiliation.ends = tx.now.date()
        ended += 1
    institutions.note(tx, row, "closed", reason=reason)
    _record(tx, Action.INSTITUTION_CLOSED, row, {"affiliations_ended": ended})
    return row


def restore(tx: Transaction, code: str, *, reason: str | None = None) -> Institution:
    """Opens a closed institution again under its old code. Affiliations that ended do not come back by themselves."""
    row = _in_state(tx, code, InstitutionStatus.CLOSED)
    row.status = InstitutionStatus.ACTIVE.value
    institutions.note(tx, row, "restored", reason=reason)
    _record(tx, Action.INSTITUTION_RESTORED, row, {})
    return row


def merge(tx: Transaction, code: str, into: str, *, reason: str | None = None) -> Institution:
    """Merges the institution into another of the same category, which keeps its code; returns that one.

    The other code is void, and current affiliations go over. A merger across categories is a new institution: issue a code for
    it, and close the old ones.
    """
    row, keeper = _in_state(tx, code, InstitutionStatus.ACTIVE), _in_state(tx, into, InstitutionStatus.ACTIVE)
    if row.code == keeper.code:
        raise InvalidField(field="into", reason=N_("an institution cannot be merged into itself"))
    if row.category != keeper.category:
        raise InvalidField(field="into", reason=N_("a code is kept only where the category does not change"))
    row.status, row.successor = InstitutionStatus.MERGED.value, keeper.code
    _move_affiliations(tx, row.code, keeper.code)
    institutions.note(tx, row, "merged", before=row.code, after=keeper.code, reason=reason)
    institutions.note(tx, keeper, "merged", before=row.code, after=keeper.code, reason=reason)
    _record(tx, Action.INSTITUTION_MERGED, row, {"successor": keeper.code})
    return keeper


def _in_state(tx: Transaction, code: str, state: InstitutionStatus) -> Institution:
    tx.serialise()
    row = institutions.by_code(tx.session, code)
    if row.status != state:
        raise WrongState(name=row.name, value=row.code, state=row.status)
    return row


def _particulars(row: Institution, name: str | None = None) -> Particulars:
    return Particulars(name or row.name, row.credit_code, row.supervisor, row.city, row.level, row.remarks)


def _current(tx: Transaction, code: str) -> list[Affiliation]:
    open_ended = select(Affiliation).where(Affiliation.institution == code, Affiliation.ends.is_(None))
    return list(tx.session.scalars(open_ended))


def _move_affiliations(tx: Transaction, old: str, new: str) -> None:
    today: date = tx.now.date()
    for row in _current(tx, old):
        row.ends = today
        tx.session.add(
            Affiliation(person_id=row.person_id, institution=new, role=row.role, local_number=row.local_number, begins=today)
        )


def _record(tx: Transaction, action: Action, row: Institution, detail: dict[str, object]) -> None:
    tx.record(action, subject=f"institution:{row.code}", institution=row.code, detail=detail)
