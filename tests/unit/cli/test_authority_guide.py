"""docs/authority-in-an-afternoon.md, command by command: one machine without a network, one server."""

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from idp.certification.lists import VALID_OFFLINE
from idp.crypto.key_files import read_private_key
from idp.crypto.x509.crl import RevocationList
from idp.settings import Settings
from tests.unit.cli.conftest import Yima

# What the databases could do differently is shown by the tests of the rules.
pytestmark = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)
GUIDE = Path(__file__).parents[3] / "docs" / "authority-in-an-afternoon.md"
OFFLINE, SERVER, FAILS = "# on the machine without a network", "# on the server", "# on the server, and it fails"


def blocks() -> list[tuple[str, list[list[str]]]]:
    found = []
    for block in re.findall(r"```sh\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL):
        where, *lines = block.strip().split("\n")
        found.append((where, [shlex.split(line) for line in lines]))
    return found


def test_the_afternoon_goes_as_the_guide_says(
    yima: Yima, deployment_settings: Settings, sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(sqlite_template, tmp_path / "offline")
    homes = {OFFLINE: tmp_path / "offline", SERVER: deployment_settings.home}
    stick = tmp_path / "stick"
    stick.mkdir()
    monkeypatch.chdir(stick)
    monkeypatch.setenv("YIMA_CA_URL", "http://ca.zj.example.edu.cn")
    (stick / "password.txt").write_text("violet-tram-93\n")
    known: dict[str, str] = {}
    for where, commands in blocks():
        monkeypatch.setenv("YIMA_HOME", str(homes[OFFLINE if where == OFFLINE else SERVER]))
        for words in commands:
            assert words[0] == "yima"
            asked = [known.get(word, word) for word in words[1:]]
            redirected = asked[-1] if ">" in asked else None
            given = asked[: asked.index(">")] if redirected else asked
            plain = redirected is not None or asked == ["init"]
            done = yima(*given, *(() if plain else ("--json",)), typed="y\n")
            if where == FAILS:
                assert done.code == 1
                assert "keyCompromise" in done.err
                continue
            assert done.code == 0, (words, done.err)
            if redirected:
                (stick / redirected).write_text(done.out)
            if not plain:
                _learn(known, asked, done.json)
    served = RevocationList((stick / "zhejiang-root-0.crl").read_bytes()).contents
    assert served.next_update - served.this_update == VALID_OFFLINE
    assert read_private_key((stick / "old.key").read_bytes(), b"violet-tram-93")


def _learn(known: dict[str, str], asked: list[str], printed: Any) -> None:
    """What the guide's capitals stand for: what a command before has printed."""
    match asked[:2]:
        case ["school", "issue"]:
            known["CODE"] = printed["code"]
        case ["person", "register"]:
            known["NUMBER"] = printed["number"]
        case ["cert", "issue"] if "--pair" in asked:
            known["SERIAL"], known["PAIR"] = printed["serial"], printed["encryption_serial"]
        case ["cert", "issue"]:
            known["SECOND"] = printed["serial"]
