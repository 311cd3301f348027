"""Lists as schools make them: encodings, headings, and what spreadsheets do to a number."""

from pathlib import Path

import pytest

from idp.registry.affiliations import Role
from idp.registry.documents import DocumentKind
from idp.registry.errors import ImportRefused
from idp.roster.csv.lists import Line, read_list, tidy

SCHOOL = "2111000001"
HEADING = "姓名,证件类型,证件号码,学籍号,学号,年级,班级,教职工号\n"


def lines(tmp_path: Path, text: str, encoding: str = "utf-8") -> tuple[list[Line], list[str]]:
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(encoding))
    found, outcome = read_list(path, SCHOOL)
    return found, [broken.column for broken in outcome.broken]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_a_list_is_read_in_the_encodings_of_schools(tmp_path: Path, encoding: str) -> None:
    (line,), broken = lines(tmp_path, HEADING + "林小雨,护照,E12345678,,S001,三年级,3班,\n", encoding)
    assert not broken
    entry = line.entry
    assert (entry.name, entry.role, entry.number, entry.grade, entry.class_name) == (
        "林小雨",
        Role.STUDENT,
        "S001",
        "三年级",
        "3班",
    )
    assert line.document.kind is DocumentKind.PASSPORT


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('="110105"', "110105"),
        ("'110105", "110105"),
        ("\ufeff 110105\u200b ", "110105"),
        ("１１０１０５", "110105"),
        ("\xa0110105\u3000", "110105"),
        ("林 小雨", "林 小雨"),
        ("", ""),
    ],
)
def test_what_spreadsheets_and_input_methods_add_is_taken_away(cell: str, value: str) -> None:
    assert tidy(cell) == value


def test_a_national_roll_number_is_a_code_of_the_person_and_another_one_a_number_at_the_school(tmp_path: Path) -> None:
    text = HEADING + (
        "林小雨,护照,E12345678,G11010519491231002X,,,,\n"
        "林小雪,护照,E12345679,20130901,,,,\n"
        "王老师,护照,E12345670,,,,,T1\n"
        "林小雷,护照,E12345671,20130902,S2,,,\n"
    )
    found, broken = lines(tmp_path, text)
    assert not broken
    entries = [line.entry for line in found]
    assert entries[0].state_code is not None
    assert [entry.number for entry in entries] == [None, "20130901", "T1", "S2"]
    assert [entry.role for entry in entries] == [Role.STUDENT, Role.STUDENT, Role.TEACHER, Role.STUDENT]


def test_broken_rows_fall_out_by_themselves(tmp_path: Path) -> None:
    text = HEADING + (
        "林小雨,,1.10105E+17,,S1,,,\n"  # rounded by the spreadsheet
        "林小雪,护照,E12345679,,S2,,,\n"
        "林小雪,护照,E12345679,,S3,,,\n"
        "谁,图书证,E1,,S4,,,\n"
        "谁,护照,E12345678,,,,,\n"
        "谁,护照,E12345678,,S1,,,T1\n"
    )
    found, broken = lines(tmp_path, text)
    assert [line.entry.number for line in found] == ["S2"]
    assert broken == ["证件号码", "证件号码", "证件类型", "", ""]


@pytest.mark.parametrize("text", ["姓名,学号\n林,1\n", "姓名,证件号码,颜色\n林,E12345678,红\n", "姓名,证件号码\n\x00"])
def test_a_file_that_is_no_such_list_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ImportRefused):
        lines(tmp_path, text)


def test_another_schools_row_is_refused(tmp_path: Path) -> None:
    _found, broken = lines(tmp_path, "姓名,证件号码,证件类型,学号,学校标识码\n林小雨,E12345678,护照,S1,2111000009\n")
    assert broken == ["学校标识码"]
