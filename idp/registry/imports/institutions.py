"""Importing a list of institutions under the codes that they have already."""

from collections.abc import Callable
from pathlib import Path

from idp.audit import Action, Transaction
from idp.i18n import N_
from idp.registry import institution_code, institutions
from idp.registry.classification import categories, category_of_level
from idp.registry.errors import InvalidField, RegistryError
from idp.registry.imports.batches import OpenTransaction, in_batches
from idp.registry.imports.reading import Row, read
from idp.registry.imports.report import Outcome, Remark
from idp.registry.institutions import InstitutionStatus, Particulars
from idp.registry.tables import Institution

# National names after JY/T 1004-2012 and 1006-2012, Chinese column titles, English ones.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "code": ("XXBSM", "XXDM", "学校标识码", "学校（机构）标识码", "institution_code"),
    "name": ("XXMC", "学校名称", "机构名称"),
    "credit_code": ("TYSHXYDM", "统一社会信用代码"),
    "supervisor": ("XXZGBM", "主管部门"),
    "city": ("SZD", "所在地"),
    "level": ("BXCC", "办学层次"),
    "remarks": ("BZ", "备注"),
}
REQUIRED = ("code", "name")


def import_institutions(path: Path, transaction: OpenTransaction, progress: Callable[[int, int], None]) -> Outcome:
    """Imports the file. Rows whose category disagrees with their level go in and are remarked upon.

    A row already there is brought up to date, a changed name included; one that differs in nothing changes nothing. Raises
    :class:`idp.registry.errors.ImportRefused` for the file as a whole.
    """
    table = read(path, SYNONYMS, REQUIRED)
    outcome = Outcome(table)
    in_batches(table.rows, transaction, lambda tx, row: _import_row(tx, row, outcome), outcome, progress)
    return outcome


def _import_row(tx: Transaction, row: Row, outcome: Outcome) -> None:
    if "" in row.original:
        raise InvalidField(field="", reason=N_("the row has more cells than the heading"))
    code = institution_code.parse(row.values["code"])
    particulars = Particulars(**{name: row.values.get(name, "") for name in SYNONYMS if name != "code"})
    existing = tx.session.get(Institution, str(code))
    if existing is None:
        institutions.add(tx, code, particulars, Action.INSTITUTION_IMPORTED)
        outcome.created += 1
    elif existing.status != InstitutionStatus.ACTIVE:
        raise RegistryError(N_("This code is void: %(name)s is %(state)s."), name=existing.name, state=existing.status)
    elif _update(tx, existing, particulars):
        outcome.updated += 1
    else:
        outcome.unchanged += 1
    _remark(row, code, outcome)


def _update(tx: Transaction, existing: Institution, particulars: Particulars) -> bool:
    before = existing.name
    if not institutions.describe(tx, existing, particulars):
        return False
    if existing.name != before:
        institutions.note(tx, existing, "renamed", before=before, after=existing.name, reason="import")
    tx.record(Action.INSTITUTION_IMPORTED, subject=f"institution:{existing.code}", institution=existing.code)
    return True


def _remark(row: Row, code: institution_code.InstitutionCode, outcome: Outcome) -> None:
    level = row.values.get("level", "")
    expected = category_of_level(level)
    if expected is not None and expected != code.category:
        outcome.remarks.append(
            Remark(
                row.line,
                str(code),
                N_("%(name)s: the code says %(category)s (%(is)s), but level %(level)s belongs to %(expected)s (%(should)s)."),
                {
                    "name": row.values["name"],
                    "category": code.category,
                    "is": categories()[code.category].zh,
                    "level": level,
                    "expected": expected,
                    "should": categories()[expected].zh,
                },
            )
        )
