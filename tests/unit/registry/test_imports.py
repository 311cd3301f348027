"""Import: every good row goes in, every bad one comes back to be mended, and a second time changes nothing."""

import csv
from pathlib import Path

import pytest
from sqlalchemy import func, select

from idp.audit import chain
from idp.audit.tables import AuditEvent
from idp.deployment import Deployment
from idp.registry.errors import ImportRefused
from idp.registry.imports import report
from idp.registry.imports.institutions import import_institutions
from idp.registry.imports.persons import import_persons
from idp.registry.imports.report import Outcome
from idp.registry.tables import Affiliation, Institution, Person
from tests.people import OPERATOR, make_school

UNIVERSITIES = Path(__file__).parents[2] / "data" / "universities.csv"


def schools(deployment: Deployment, path: Path) -> Outcome:
    return import_institutions(path, lambda: deployment.transaction(OPERATOR), lambda done, total: None)


def people(deployment: Deployment, path: Path) -> Outcome:
    return import_persons(path, deployment.ring.vault, lambda: deployment.transaction(OPERATOR), lambda done, total: None)


def counts(outcome: Outcome) -> tuple[int, int, int, int]:
    return outcome.created, outcome.updated, outcome.unchanged, len(outcome.broken)


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_the_national_list_of_universities_imports_whole_and_a_second_time_changes_nothing(deployment: Deployment) -> None:
    first = schools(deployment, UNIVERSITIES)
    assert counts(first) == (1400, 0, 0, 0)
    assert len(first.remarks) == 7
    with deployment.reading() as session:
        before = session.scalar(select(func.count()).select_from(AuditEvent))
    second = schools(deployment, UNIVERSITIES)
    assert counts(second) == (0, 0, 1400, 0)
    with deployment.reading() as session:
        assert session.scalar(select(func.count()).select_from(AuditEvent)) == before
        assert not list(chain.breaks(session, deployment.ring.current().audit.keys))


def test_a_row_whose_category_disagrees_with_its_level_goes_in_and_is_remarked_upon(deployment: Deployment, tmp_path: Path) -> None:
    outcome = schools(deployment, written(tmp_path, "code,name,level\n4211010027,某成人高校,本科\n4111010027,某校,本科\n"))
    assert counts(outcome) == (2, 0, 0, 0)
    assert [(remark.line, remark.subject) for remark in outcome.remarks] == [(2, "4211010027")]


def test_a_changed_name_brings_the_row_up_to_date_and_stays_in_its_history(deployment: Deployment, tmp_path: Path) -> None:
    schools(deployment, written(tmp_path, "code,name\n4111010027,北京师范大学\n"))
    outcome = schools(deployment, written(tmp_path, "code,name\n4111010027,北师大\n"))
    assert counts(outcome) == (0, 1, 0, 0)
    with deployment.reading() as session:
        assert session.get_one(Institution, "4111010027").name == "北师大"


BROKEN = (
    "code,name,credit_code\n"
    "4111010027,北京师范大学,12100000400010056C\n"
    "411101002,短了,\n"
    "4111010028,,\n"
    "4111010029,信用码错,12100000400010056D\n"
    "4111010030,多了一格,,x\n"
    "\n"
    "4111010031,好的,\n"
)


def test_broken_rows_fall_out_with_line_column_value_and_reason(deployment: Deployment, tmp_path: Path) -> None:
    outcome = schools(deployment, written(tmp_path, BROKEN))
    assert counts(outcome) == (2, 0, 0, 4)
    assert [(row.row.line, row.column) for row in outcome.broken] == [(3, "code"), (4, "name"), (5, "credit_code"), (6, "")]
    path = tmp_path / "report.csv"
    report.write(outcome, path, "zh_Hans")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["line"], row["column"], row["value"]) for row in rows[:2]] == [("3", "code", "411101002"), ("4", "name", "")]
    assert "十位数字" in rows[0]["reason"]


def test_the_report_mended_and_fed_back_imports_the_rest(deployment: Deployment, tmp_path: Path) -> None:
    outcome = schools(deployment, written(tmp_path, BROKEN))
    path = tmp_path / "report.csv"
    report.write(outcome, path, "en")
    text = path.read_text(encoding="utf-8-sig")
    mended = (
        text.replace("411101002,", "4111010032,", 1).replace("12100000400010056D", "").replace("4111010028,,", "4111010028,补上,")
    )
    again = schools(deployment, written(tmp_path, mended))
    assert again.created >= 2


@pytest.mark.parametrize(
    "text",
    ["", "\n", "code\n4111010027\n", "code,name,colour\n", "code,name,NAME\n", "code,XXDM,name\n", 'code,name\n"4111010027,x\n'],
)
def test_a_file_that_is_no_such_list_is_refused_whole(deployment: Deployment, tmp_path: Path, text: str) -> None:
    with pytest.raises(ImportRefused):
        schools(deployment, written(tmp_path, text))


def test_a_file_that_is_not_there_not_csv_or_in_no_known_encoding_is_refused(deployment: Deployment, tmp_path: Path) -> None:
    for data in (b"PK\x03\x04\x00\x00", b"code,name\n4111010027,\xff\xff\xff\n"):
        path = tmp_path / "odd.csv"
        path.write_bytes(data)
        with pytest.raises(ImportRefused):
            schools(deployment, path)
    for path in (tmp_path / "missing.csv", tmp_path):
        with pytest.raises(ImportRefused):
            schools(deployment, path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_class_list_with_the_national_field_names_imports_in_either_encoding(
    deployment: Deployment, tmp_path: Path, encoding: str
) -> None:
    school = make_school(deployment)
    text = f"XM,XBM,SFZJLXM,SFZJH,XH,XXDM,LXDH\n林小雨,2,1,11010519491231002X,S001,{school},13800000000\n王五,男,护照,EA1234567,S002,{school},\n"
    outcome = people(deployment, written(tmp_path, text, encoding))
    assert counts(outcome) == (2, 0, 0, 0)
    assert counts(people(deployment, written(tmp_path, text, encoding))) == (0, 0, 2, 0)
    with deployment.reading() as session:
        assert set(session.scalars(select(Affiliation.local_number))) == {"S001", "S002"}
        assert set(session.scalars(select(Person.name))) == {"林小雨", "王五"}


def test_chinese_column_titles_and_english_names_are_read_too(deployment: Deployment, tmp_path: Path) -> None:
    school = make_school(deployment)
    chinese = f"姓名,身份证件号,工号,学校代码,角色\n林老师,11010519491231002X,T1,{school},职工\n"
    assert counts(people(deployment, written(tmp_path, chinese))) == (1, 0, 0, 0)
    english = f"name,document_kind,document_number,role,institution\nWang,passport,EA1234567,teacher,{school}\n"
    assert counts(people(deployment, written(tmp_path, english))) == (1, 0, 0, 0)
    with deployment.reading() as session:
        assert set(session.scalars(select(Affiliation.role))) == {"staff", "teacher"}


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("林,11010519491231002Y,S1,,{school},", "SFZJH"),
        (",11010519491231002X,S1,,{school},", "XM"),
        ("林,11010519491231002X,S1,,2111999999,", "XXDM"),
        ("林,11010519491231002X,,,{school},", ""),
        ("林,11010519491231002X,S1,G1,{school},", ""),
        ("林,11010519491231002X,S1,,{school},12345", "LXDH"),
    ],
)
def test_a_broken_person_is_reported_by_its_column_and_registers_nobody(
    deployment: Deployment, tmp_path: Path, row: str, column: str
) -> None:
    school = make_school(deployment)
    outcome = people(deployment, written(tmp_path, f"XM,SFZJH,XH,GH,XXDM,LXDH\n{row.format(school=school)}\n"))
    assert counts(outcome) == (0, 0, 0, 1)
    assert outcome.broken[0].column == column
    with deployment.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 0


def test_a_document_number_is_not_repeated_as_the_value_that_was_wrong(deployment: Deployment, tmp_path: Path) -> None:
    school = make_school(deployment)
    outcome = people(deployment, written(tmp_path, f"XM,SFZJH,XH,XXDM\n林,11010519491231002Y,S1,{school}\n"))
    assert "11010519491231002Y" not in outcome.broken[0].value


def test_an_import_that_is_killed_can_simply_be_started_again(deployment: Deployment, tmp_path: Path) -> None:
    text = "code,name\n" + "".join(f"21110{n:05},第{n}小学\n" for n in range(1, 451))

    def stop_after_the_first_batch(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_institutions(written(tmp_path, text), lambda: deployment.transaction(OPERATOR), stop_after_the_first_batch)
    outcome = schools(deployment, written(tmp_path, text))
    assert counts(outcome) == (250, 0, 200, 0)
