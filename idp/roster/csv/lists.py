"""The rows of a list, in national field names and with what spreadsheets do to them."""

import re
from dataclasses import dataclass
from pathlib import Path

from idp.errors import YimaError
from idp.i18n import N_
from idp.registry import documents
from idp.registry.documents import Document, DocumentKind
from idp.registry.errors import InvalidDocument, InvalidField
from idp.registry.imports import persons
from idp.registry.imports.persons import DOCUMENT_KINDS, SEXES, among, day_of, role_of
from idp.registry.imports.reading import Row, Table, read
from idp.registry.imports.report import Outcome
from idp.roster.entry import Entry

_MORE: dict[str, tuple[str, ...]] = {
    "document_kind": ("证件类型",),
    "document_number": ("证件号码",),
    "school_roll": ("XJH", "学籍号"),
    "staff_number": ("教职工号", "职工号", "教工号"),
    "grade": ("NJ", "年级"),
    "class_name": ("BJ", "BJMC", "班级", "班级名称"),
}
SYNONYMS = {name: (*persons.SYNONYMS.get(name, ()), *_MORE.get(name, ())) for name in {**persons.SYNONYMS, **_MORE}}
REQUIRED = ("name", "document_number")
SENSITIVE = (*persons.SENSITIVE, "school_roll")

_STATE_CODE = re.compile(r"[GJL][0-9]{17}[0-9Xx]\Z")
_FORMULA = re.compile(r'="(.*)"\Z', re.DOTALL)
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+[0-9]+\Z")
_WIDE = str.maketrans({**{chr(0xFF01 + n): chr(0x21 + n) for n in range(94)}, "\u3000": " ", "\xa0": " "})


@dataclass(frozen=True)
class Line:
    """A row and what it says. ``names`` are the fields that the list has at all: the others stay as they are."""

    row: Row
    entry: Entry
    document: Document
    names: frozenset[str]


def read_list(path: Path, institution: str) -> tuple[list[Line], Outcome]:
    """The list's good rows; the broken ones are in the outcome. Raises ``ImportRefused`` for the file as a whole."""
    table = read(path, SYNONYMS, REQUIRED)
    outcome = Outcome(table)
    lines: list[Line] = []
    seen: dict[Document, int] = {}
    for row in table.rows:
        try:
            line = _line(_tidied(row), table, institution)
            if line.document in seen:
                raise InvalidField(field="document_number", reason=N_("another row has the same document"))
            seen[line.document] = row.line
            lines.append(line)
        except YimaError as error:
            outcome.refuse(row, error, SENSITIVE)
    return lines, outcome


def tidy(cell: str) -> str:
    """A cell without what spreadsheets and input methods put around a value: ``="…"``, a leading apostrophe, wide characters."""
    text = _INVISIBLE.sub("", cell).translate(_WIDE).strip()
    formula = _FORMULA.match(text)
    return (formula[1] if formula else text.removeprefix("'")).strip()


def _tidied(row: Row) -> Row:
    return Row(row.line, {name: tidy(cell) for name, cell in row.values.items()}, row.original)


def _line(row: Row, table: Table, institution: str) -> Line:
    if "" in row.original:
        raise InvalidField(field="", reason=N_("the row has more cells than the heading"))
    value = row.values.get
    if value("institution") and value("institution") != institution:
        raise InvalidField(field="institution", reason=N_("this is another school"))
    state_code, row = _state_code(row)
    role, number = role_of(row)
    document = _document(row)
    entry = Entry(
        user_name="-",
        name=" ".join(value("name", "").split()),
        role=role,
        number=number,
        grade=value("grade") or None,
        class_name=value("class_name") or None,
        emails=({"value": value("email"), "primary": True},) if value("email") else (),
        phones=({"value": value("phone"), "primary": True},) if value("phone") else (),
        document=document,
        state_code=state_code,
        english_name=value("english_name") or None,
        sex=among(row, "sex", SEXES, str.casefold),
        birth_date=day_of(row, "birth_date"),
    )
    return Line(row, entry, document, frozenset(table.headings))


def _document(row: Row) -> Document:
    number = row.values["document_number"]
    if _SCIENTIFIC.match(number):
        raise InvalidDocument(reason=N_("the spreadsheet has rounded it: format the column as text, and type it again"))
    return documents.read(among(row, "document_kind", DOCUMENT_KINDS, str.upper), number)


def _state_code(row: Row) -> tuple[Document | None, Row]:
    """The national number of a pupil is a code of the person; a roll number of another form is their number at the school."""
    roll, code = row.values.get("school_roll", ""), row.values.get("state_code", "")
    if roll and not _STATE_CODE.match(roll):
        if not row.values.get("student_number") and not row.values.get("staff_number"):
            row = Row(row.line, {**row.values, "student_number": roll}, row.original)
        roll = ""
    if roll and not (row.values.get("role") or row.values.get("student_number") or row.values.get("staff_number")):
        row = Row(row.line, {**row.values, "role": "student"}, row.original)  # teachers have no roll number
    return (documents.read(DocumentKind.STATE_CODE, code or roll) if code or roll else None), row
