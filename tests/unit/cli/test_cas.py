"""``yima cas service``."""

import pytest

from tests.unit.cli.conftest import Yima

ADDRESS = "https://jw.example.edu.cn/"


@pytest.fixture
def school(yima: Yima) -> str:
    return str(yima("school", "issue", "--category", "21", "--province", "11", "第一小学", "--json").json["code"])


def add(school: str, *more: str, address: str = ADDRESS) -> tuple[str, ...]:
    words = ("--owner", school, "--contact", "it@example.edu.cn", "--purpose", "选课", "--service", address)
    return ("cas", "service", "add", "教务系统", *words, *more)


def test_the_life_of_a_cas_app_from_entering_to_ending(yima: Yima, school: str) -> None:
    done = yima(*add(school, "--user", "local_number", "--attribute", "cn", "name"))
    assert done.code == 0
    for words in ("http://localhost:8000/cas/login", "/cas/p3/serviceValidate", "student or staff number", "cn=name"):
        assert words in done.out
    (listed,) = yima("cas", "service", "list", "--json").json
    app = listed["client_id"]
    assert (listed["addresses"], listed["user"], listed["scopes"]) == ([ADDRESS], "local_number", ["openid", "profile", "school"])

    # In the register of apps it stands beside those of other protocols.
    assert [one["client_id"] for one in yima("app", "list", "--json").json] == [app]
    assert yima("app", "show", app).code == 0
    assert [one["finding"] for one in yima("app", "report", "--json").json] == ["outside_domains"]

    changed = yima("cas", "service", "set", app, "--attribute", "mail", "email", "--acr", "2", "--logout", "both", "--json").json
    assert changed["rules"]["attributes"] == {"mail": "email"}
    assert (changed["rules"]["user"], changed["rules"]["required_level"], changed["rules"]["logout"]) == ("local_number", 2, "both")
    assert "email" in changed["scopes"]
    assert yima("cas", "service", "show", app, "--json").json["endpoints"]["login"] == "http://localhost:8000/cas/login"

    assert yima("cas", "service", "remove", app, "--yes").code == 0
    assert yima("cas", "service", "show", app, "--json").json["status"] == "retired"
    assert yima("cas", "service", "set", "app_x", "--acr", "2").code == 1


@pytest.mark.parametrize(
    ("address", "more"),
    [
        ("http://jw.example.edu.cn/", ()),
        ("https://jw.example.edu.cn/?a=1", ()),
        ("https://.*/", ()),
        (ADDRESS, ("--attribute", "a b", "name")),
        (ADDRESS, ("--school", "1111111111")),
        (ADDRESS, ("--logout-url", "https://elsewhere.example/")),
    ],
)
def test_what_contradicts_a_rule_is_said_in_one_line(yima: Yima, school: str, address: str, more: tuple[str, ...]) -> None:
    done = yima(*add(school, *more, address=address))
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("The app cannot be registered like this: ")
    assert done.err.count("\n") == 1
