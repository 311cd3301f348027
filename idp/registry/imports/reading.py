"""Reading a CSV file that a school made."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from idp.i18n import N_
from idp.registry.errors import ImportRefused

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_FIELD_CHARACTERS = 1000
ENCODINGS = ("utf-8-sig", "gb18030")

# Added to a report's rows, and passed over when the mended file comes back.
REPORT_COLUMNS = ("line", "column", "value", "reason")


@dataclass(frozen=True)
class Row:
    """One line: ``values`` by our field names, ``original`` as it stood under the file's own headings."""

    line: int
    values: Mapping[str, str]
    original: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """A file's headings and rows. ``headings`` maps our field names to the file's."""

    headings: Mapping[str, str]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read(path: Path, synonyms: Mapping[str, tuple[str, ...]], required: tuple[str, ...]) -> Table:
    """The file as a table. ``synonyms`` gives each field its accepted headings, compared without regard to case.

    Raises :class:`ImportRefused`: no such file, too large, neither encoding, no heading line, a required heading missing, two
    headings for one field, or a heading nobody knows (a mistyped one would lose a column in silence).
    """
    text = _decode(_bytes(path))
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = tuple(cell.strip() for cell in next(lines, []))
        headings = _fields(columns, synonyms, required)
        rows = tuple(_rows(lines, columns, headings))
    except csv.Error as error:
        raise ImportRefused(reason=f"line {lines.line_num}: {error}") from None
    return Table(headings, columns, rows)


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ImportRefused(reason=N_("it is larger than 64 MB; split it"))
        return path.read_bytes()
    except OSError as error:
        raise ImportRefused(reason=f"{path}: {error.strerror}") from None


def _decode(data: bytes) -> str:
    if b"\x00" in data:
        raise ImportRefused(reason=N_("it is not a CSV file; save the table as CSV first"))
    for encoding in ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ImportRefused(reason=N_("its encoding is neither UTF-8 nor GB18030"))


def _fields(columns: tuple[str, ...], synonyms: Mapping[str, tuple[str, ...]], required: tuple[str, ...]) -> dict[str, str]:
    known = {heading.casefold(): field for field, headings in synonyms.items() for heading in (field, *headings)}
    found: dict[str, str] = {}
    for column in columns:
        field = known.get(column.casefold())
        if field is None and column not in REPORT_COLUMNS:
            raise ImportRefused(reason=f"{column[:40]!r}: unknown heading; known are {', '.join(synonyms)}")
        if field is not None and field in found:
            raise ImportRefused(reason=f"{found[field]!r} and {column!r} mean the same field")
        if field is not None:
            found[field] = column
    missing = [field for field in required if field not in found]
    if missing:
        raise ImportRefused(reason=f"missing heading: {', '.join(missing)}")
    return found


def _rows(lines: Iterator[list[str]], columns: tuple[str, ...], headings: Mapping[str, str]) -> Iterator[Row]:
    position = {column: index for index, column in enumerate(columns)}
    for cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        # A short line has empty cells at its end; a long one is kept whole, so that the importer can refuse it by itself.
        cells = [*cells, *[""] * (len(columns) - len(cells))]
        original = dict(zip(columns, cells, strict=False))
        if len(cells) > len(columns):
            original[""] = ",".join(cells[len(columns) :])
        values = {field: cells[position[column]].strip() for field, column in headings.items()}
        yield Row(lines.line_num, values, original)  # type: ignore[attr-defined]
