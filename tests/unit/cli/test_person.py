"""``yima person``."""

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Yima


@pytest.fixture
def school(yima: Yima) -> str:
    return str(yima("school", "issue", "--category", "21", "--province", "11", "第一小学", "--json").json["code"])


def register(yima: Yima, school: str, name: str = "林小雨", document: str = "11010519491231002X", *more: str) -> dict[str, object]:
    done = yima("person", "register", name, "--document", document, "--institution", school, "--role", "student", "--json", *more)
    assert done.code == 0, done.err
    return dict(done.json)


def test_a_person_is_registered_found_again_moved_and_shown(yima: Yima, school: str) -> None:
    other = str(yima("school", "issue", "--category", "31", "--province", "11", "某中学", "--json").json["code"])
    first = register(yima, school, "林小雨", "11010519491231002X", "--phone", "13800001234", "--local-number", "S1")
    assert register(yima, school)["number"] == first["number"]
    number = str(first["number"])
    assert yima("person", "transfer", number, school, other, "--local-number", "N1").code == 0
    shown = yima("person", "show", number, "--json").json
    assert [(place["institution"], place["role"]) for place in shown["affiliations"]] == [(other, "student")]
    assert shown["phone"] == "**********1234"
    assert yima("person", "affiliate", number, school, "alumnus").code == 0
    assert yima("person", "affiliate", number, school, "alumnus", "--end").code == 0


def test_contact_details_are_masked_unless_asked_for_and_the_journal_says_who_looked(yima: Yima, school: str) -> None:
    number = str(register(yima, school, "林小雨", "11010519491231002X", "--phone", "13800001234")["number"])
    assert yima("person", "show", number, "--reveal", "--json").json["phone"] == "+8613800001234"
    events = yima("audit", "list", "--subject", f"person:{number}", "--action", "registry.person.revealed", "--json").json
    assert len(events) == 1


def test_the_document_number_is_asked_for_where_it_is_left_out_and_is_not_printed(
    yima: Yima, school: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda _prompt: "11010519491231002X")
    done = yima("person", "register", "林小雨", "--institution", school, "--role", "student", "--json")
    assert done.code == 0
    assert "11010519491231002X" not in done.out + done.err


def test_two_numbers_are_merged_after_a_question(yima: Yima, school: str) -> None:
    one = str(register(yima, school)["number"])
    other = str(register(yima, school, "林小雨", "440524188001010014")["number"])
    assert yima("person", "merge", one, other, "--reason", "同一人", typed="n\n").code == 1
    assert yima("person", "merge", one, other, "--reason", "同一人", "--yes").code == 0
    assert yima("person", "show", one, "--json").json["number"] == other


def test_a_guardian_is_recorded(yima: Yima, school: str) -> None:
    child = str(register(yima, school, "林小花", "DEMO1234", "--document-kind", "passport", "--birth-date", "2018-01-01")["number"])
    parent = str(register(yima, school)["number"])
    assert yima("person", "guard", parent, child, "--relation", "mother", "--institution", school).code == 0
    assert yima("person", "guard", parent, child, "--institution", school, "--end").code == 0
    assert yima("person", "guard", parent, child, "--institution", school, "--end").code == 1


def test_an_activation_code_is_made_to_hand_over(yima: Yima, school: str) -> None:
    number = str(register(yima, school)["number"])
    done = yima("person", "activate", number, "--json").json
    assert done["number"] == number
    assert len(done["code"].replace("-", "")) == 12
    assert done["url"].endswith("/activate")
    assert "shown this once" in yima("person", "activate", number).out


def test_a_class_list_is_imported_and_its_broken_rows_come_back(yima: Yima, school: str, tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    path.write_text(f"XM,SFZJH,XH,XXDM\n林,11010519491231002X,S1,{school}\n王,123,S2,{school}\n", encoding="gb18030")
    done = yima("person", "import", str(path), "--json")
    assert done.code == 3
    assert (done.json["created"], done.json["broken"]) == (1, 1)
    assert (tmp_path / "class.broken.csv").is_file()


def test_a_person_who_is_not_there_is_one_sentence(yima: Yima, school: str) -> None:
    for arguments in (("show", "Y1"), ("activate", "nobody"), ("transfer", "x", school, school)):
        done = yima("person", *arguments)
        assert done.code == 1
        assert done.err.strip() == "There is no person with this number."
