"""The guides for a province and for a school, command by command: one machine without a network, one server."""

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from idp.certification.status.lists import VALID_OFFLINE
from idp.crypto.key_files import read_private_key
from idp.crypto.x509.crl import RevocationList
from idp.settings import Settings
from tests.unit.cli.conftest import Yima

# What the databases could do differently is shown by the tests of the rules.
pytestmark = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)
DOCS = Path(__file__).parents[3] / "docs"
OFFLINE, SERVER, FAILS = "# on the machine without a network", "# on the server", "# on the server, and it fails"
LEARNT_FROM = (["school", "issue"], ["person", "register"], ["cert", "issue"])


class Guide:
    """A page whose commands are run as they stand; capitals stand for what a command before has printed."""

    def __init__(self, yima: Yima, homes: dict[str, Path], stick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.known: dict[str, str] = {}
        self._yima, self._homes, self._stick, self._monkeypatch = yima, homes, stick, monkeypatch

    def follow(self, page: str) -> None:
        blocks = re.findall(r"```sh\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
        assert blocks
        for block in blocks:
            where, *lines = block.strip().split("\n")
            self._monkeypatch.setenv("YIMA_HOME", str(self._homes[OFFLINE if where == OFFLINE else SERVER]))
            for line in lines:
                self._run(shlex.split(line), where)

    def _run(self, words: list[str], where: str) -> None:
        assert words[0] == "yima"
        asked = [self.known.get(word, word) for word in words[1:]]
        redirected = asked[-1] if ">" in asked else None
        given = asked[: asked.index(">")] if redirected else asked
        learning = asked[:2] in LEARNT_FROM
        done = self._yima(*given, *(("--json",) if learning else ()), typed="y\n")
        if where == FAILS:
            assert done.code == 1
            assert "keyCompromise" in done.err
            return
        assert done.code == 0, (words, done.out, done.err)
        if redirected:
            (self._stick / redirected).write_text(done.out)
        if learning:
            self._learn(asked, done.json)

    def _learn(self, asked: list[str], printed: Any) -> None:
        match asked[:2]:
            case ["school", "issue"]:
                self.known["CODE"] = printed["code"]
            case ["person", "register"]:
                self.known["NUMBER"] = printed["number"]
            case ["cert", "issue"] if "--pair" in asked:
                self.known["SERIAL"], self.known["PAIR"] = printed["serial"], printed["encryption_serial"]
            case ["cert", "issue"]:
                self.known["SERIAL"] = self.known["SECOND"] = printed["serial"]


@pytest.fixture
def guide(
    yima: Yima, deployment_settings: Settings, sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Guide:
    shutil.copytree(sqlite_template, tmp_path / "offline")
    stick = tmp_path / "stick"
    stick.mkdir()
    monkeypatch.chdir(stick)
    monkeypatch.setenv("YIMA_CA_URL", "http://ca.zj.example.edu.cn")
    for name in ("password", "zhang", "li", "wang"):
        (stick / f"{name}.txt").write_text("violet-tram-93\n")
    return Guide(yima, {OFFLINE: tmp_path / "offline", SERVER: deployment_settings.home}, stick, monkeypatch)


def test_the_afternoon_goes_as_the_guide_says(guide: Guide) -> None:
    guide.follow("authority-in-an-afternoon.md")
    served = RevocationList(Path("zhejiang-root-0.crl").read_bytes()).contents
    assert served.next_update - served.this_update == VALID_OFFLINE
    assert read_private_key(Path("old.key").read_bytes(), b"violet-tram-93")
    assert len(list(Path().glob("share-*.txt"))) == 3


def test_a_school_certifies_its_people_servers_and_devices_as_the_guide_says(guide: Guide, yima: Yima) -> None:
    guide.known["CODE"] = yima("school", "issue", "--category", "31", "--province", "33", "第一中学", "--json").json["code"]
    assert yima("ca", "init", "school-one", "--root", "--school", guide.known["CODE"]).code == 0
    guide.follow("certificates-at-school.md")
    assert list(Path("www").iterdir())
    assert read_private_key(Path("teacher.enc.key").read_bytes(), b"violet-tram-93")
