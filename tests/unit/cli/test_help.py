"""Help in Chinese and English, and everything that every command has."""

from importlib import import_module

import click
import pytest

from cli.main import COMMANDS, locale_of
from idp import __version__
from tests.unit.cli.conftest import Yima


def commands() -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    for name, (module, _) in COMMANDS.items():
        command = import_module(module).command
        found.append((name, command))
        if isinstance(command, click.Group):
            found += [(f"{name} {sub}", command.commands[sub]) for sub in command.commands]
    return found


def test_the_list_of_commands_is_the_one_promised() -> None:
    names = {name for name, _ in commands()}
    promised = """
        init serve demo doctor
        school issue|import|rename|domains|recategorise|close|restore|merge|show|list|export
        person register|import|affiliate|transfer|merge|show|activate
        app register|list|show|report|approve|suspend|retire|change|rotate-secret|allow-registration
        key list|rotate|retire|revoke|emergency|reseal|destroy|split|combine
        audit list|verify
        ca init|list|show|request|sign|accept
        cert request|issue|list|show|verify|revoke|hold|release|recover|unwrap
        crl publish|show
        ocsp
    """
    for line in promised.split("\n"):
        words = line.split()
        expected = {f"{words[0]} {sub}" for sub in words[1].split("|")} if len(words) == 2 and "|" in words[1] else set(words)
        assert expected <= names


@pytest.mark.parametrize(("name", "command"), commands(), ids=[name for name, _ in commands()])
def test_every_command_says_what_it_does_and_prints_json_where_it_prints_data(name: str, command: click.Command) -> None:
    assert command.help
    parameters = {option for parameter in command.params for option in parameter.opts}
    if name.split()[-1] in ("list", "show", "verify", "issue", "import", "register", "activate", "doctor"):
        assert "--json" in parameters, name
    if name.split()[-1] in ("close", "merge", "recategorise", "suspend", "retire"):
        assert "--yes" in parameters, name


def test_help_is_chinese_and_english(yima: Yima) -> None:
    chinese, english = yima("--help", lang="zh"), yima("--help", lang="en")
    assert chinese.code == english.code == 0
    assert "机构和标识码" in chinese.out
    assert "选项" in chinese.out
    assert "Institutions and their codes" in english.out
    assert not any("\u4e00" <= character <= "\u9fff" for character in english.out)


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ([], {}, "zh_Hans"),
        ([], {"LANG": "C.UTF-8"}, "zh_Hans"),
        ([], {"LANG": "en_GB.UTF-8"}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh_Hans"),
        ([], {"LANGUAGE": "en", "LANG": "zh_CN.UTF-8"}, "en"),
        (["--lang", "en"], {"LANG": "zh_CN.UTF-8"}, "en"),
        (["--lang=zh"], {"LANG": "en_US.UTF-8"}, "zh_Hans"),
        (["--lang"], {"LANG": "de_DE"}, "zh_Hans"),
    ],
)
def test_the_language_is_the_one_asked_for_then_the_terminals_then_chinese(
    arguments: list[str], environment: dict[str, str], expected: str
) -> None:
    assert locale_of(arguments, environment) == expected


def test_the_version_is_the_packages(yima: Yima) -> None:
    assert __version__ in yima("--version").out
