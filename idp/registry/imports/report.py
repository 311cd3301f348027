"""What came of an import, and the report of the rows that did not go in."""

import csv
import os
from dataclasses import dataclass, field
from pathlib import Path

from idp.errors import YimaError
from idp.i18n import translate
from idp.registry.imports.reading import REPORT_COLUMNS, Row, Table


@dataclass(frozen=True)
class BrokenRow:
    """A row that was not imported. ``column`` is the file's heading to blame, empty when no single one is."""

    row: Row
    column: str
    value: str
    error: YimaError

    def reason(self, locale: str) -> str:
        """What is wrong, in the reader's language."""
        params = {name: translate(v, locale) if isinstance(v, str) else v for name, v in self.error.params.items()}
        return translate(self.error.message, locale, params)


@dataclass(frozen=True)
class Remark:
    """Something about a row that was imported and that somebody should look at."""

    line: int
    subject: str
    text: str
    params: dict[str, object]


@dataclass
class Outcome:
    """Counts, broken rows, and remarks on the quality of the data."""

    table: Table
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    broken: list[BrokenRow] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def refuse(self, row: Row, error: YimaError, sensitive: tuple[str, ...] = ()) -> None:
        """Notes that the row did not go in. Values of ``sensitive`` fields are not repeated."""
        name = getattr(error, "column", None) or ""
        column = self.table.headings.get(name, "")
        value = "" if name in sensitive else row.values.get(name, "")
        self.broken.append(BrokenRow(row, column, value[:200], error))


def write(outcome: Outcome, path: Path, locale: str) -> None:
    """Writes the broken rows as they stood, each with line, column, value and reason. Mended, the file can be imported.

    Readable by its owner only: it holds what the source file held.
    """
    columns = [column for column in outcome.table.columns if column not in REPORT_COLUMNS]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    # With a byte order mark, because the spreadsheet that opens it takes anything else for the local encoding.
    with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*columns, *REPORT_COLUMNS])
        for broken in outcome.broken:
            cells = [broken.row.original.get(column, "") for column in columns]
            writer.writerow([*cells, broken.row.line, broken.column, broken.value, broken.reason(locale)])
