"""``yima school``."""

from pathlib import Path

from tests.unit.cli.conftest import Yima

UNIVERSITIES = Path(__file__).parents[2] / "data" / "universities.csv"


def issue(yima: Yima, name: str = "第一小学", category: str = "21") -> str:
    return str(yima("school", "issue", "--category", category, "--province", "11", name, "--json").json["code"])


def test_a_school_lives_through_all_its_turns(yima: Yima) -> None:
    code, other = issue(yima), issue(yima, "第二小学")
    assert yima("school", "rename", code, "实验小学", "--reason", "市里的决定").code == 0
    assert yima("school", "close", code, "--yes").code == 0
    assert yima("school", "restore", code).code == 0
    successor = yima("school", "recategorise", code, "31", "--yes")
    assert successor.code == 0
    assert "3111000001" in successor.out
    assert yima("school", "merge", other, issue(yima, "第三小学"), "--yes").code == 0
    shown = yima("school", "show", code, "--json").json
    assert shown["status"] == "recategorised"
    assert [turn["kind"] for turn in shown["history"]] == ["issued", "renamed", "closed", "restored", "recategorised"]


def test_what_cannot_be_taken_back_is_asked_and_no_leaves_everything(yima: Yima) -> None:
    code = issue(yima)
    for command in (("close", code), ("recategorise", code, "31"), ("merge", code, issue(yima, "b"))):
        assert yima("school", *command, typed="n\n").code == 1
        assert yima("school", *command, typed="").code == 1
    assert yima("school", "show", code, "--json").json["status"] == "active"
    assert yima("school", "close", code, typed="y\n").code == 0


def test_the_list_is_one_json_array_and_can_be_narrowed(yima: Yima) -> None:
    issue(yima)
    issue(yima, "某中学", "31")
    assert [row["name"] for row in yima("school", "list", "--json").json] == ["第一小学", "某中学"]
    assert [row["name"] for row in yima("school", "list", "--category", "31", "--json").json] == ["某中学"]
    assert [row["name"] for row in yima("school", "list", "小学", "--json").json] == ["第一小学"]
    assert yima("school", "list", "没有", "--json").json == []
    assert yima("school", "list").out.splitlines()[0].split("\t")[1] == "第一小学"


def test_the_list_of_universities_imports_and_comes_out_again_as_it_went_in(yima: Yima, tmp_path: Path) -> None:
    first = yima("school", "import", str(UNIVERSITIES), "--json")
    assert first.code == 0
    assert (first.json["created"], first.json["broken"], len(first.json["quality"])) == (1400, 0, 7)
    assert yima("school", "import", str(UNIVERSITIES), "--json").json["unchanged"] == 1400
    out = tmp_path / "out.csv"
    assert yima("school", "export", str(out), "--headings", "national").code == 0
    again = yima("school", "import", str(out), "--json").json
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 1400)
    assert yima("school", "export").out.startswith("code,name,")


def test_broken_rows_go_to_a_report_beside_the_file_and_the_exit_code_says_so(yima: Yima, tmp_path: Path) -> None:
    path = tmp_path / "schools.csv"
    path.write_text("code,name\n2111000009,好的\n12,坏的\n", encoding="utf-8")
    done = yima("school", "import", str(path))
    assert done.code == 3
    assert "line 3" in done.err
    report = tmp_path / "schools.broken.csv"
    assert "坏的" in report.read_text(encoding="utf-8-sig")
    assert yima("school", "list", "--json").json[0]["name"] == "好的"


def test_errors_are_one_sentence_in_the_readers_language_and_exit_with_1(yima: Yima) -> None:
    english, chinese = yima("school", "show", "2111999999"), yima("school", "show", "2111999999", lang="zh")
    assert (english.code, chinese.code) == (1, 1)
    assert "There is no institution with the code 2111999999." in english.err
    assert "没有标识码为 2111999999 的机构。" in chinese.err
    assert "Traceback" not in english.err + chinese.err
    assert english.out == ""


def test_wrong_usage_exits_with_2(yima: Yima) -> None:
    for arguments in (
        ("school", "issue", "x"),
        ("school", "nothing"),
        ("nothing",),
        ("school", "list", "--status", "odd"),
        ("school", "show"),
    ):
        assert yima(*arguments).code == 2, arguments


def test_a_name_with_control_characters_cannot_move_the_operators_cursor(yima: Yima) -> None:
    issue(yima, "红\x1b[31m字")
    assert "\x1b" not in yima("school", "list").out
