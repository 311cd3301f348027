"""The pages "I have a … app": each is found, its command registers the app, and its settings name the addresses that it prints."""

import re
import shlex
from pathlib import Path

import pytest

from idp.settings import Settings
from tests.service_provider import ServiceProvider
from tests.services.processes import ROOT
from tests.unit.cli.conftest import Yima

PROVIDER = "https://id.example.edu.cn"
GUIDES = {"first-app.md": "yima app register", "cas-apps.md": "yima cas service add", "saml-apps.md": "yima saml sp add"}


@pytest.fixture
def deployment_settings(sqlite_template: Path, tmp_path: Path) -> Settings:
    """One database is enough for what commands print."""
    import shutil

    shutil.copytree(sqlite_template, tmp_path / "yima")
    return Settings(home=tmp_path / "yima")


def blocks(page: str) -> list[str]:
    return re.findall(r"^```\w+\n(.*?)^```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", GUIDES)
def test_the_command_registers_and_the_settings_are_what_it_prints(
    yima: Yima, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    at = "http://localhost:8000" if page == "first-app.md" else PROVIDER
    monkeypatch.setenv("YIMA_PUBLIC_URL", at)
    school = yima("school", "issue", "--category", "21", "--province", "11", "第一小学", "--json").json["code"]
    (tmp_path / "library.xml").write_text(ServiceProvider().metadata(), encoding="utf-8")
    (line,) = [line for block in blocks(page) for line in block.replace("\\\n", " ").splitlines() if GUIDES[page] in line]
    words = line[line.index(GUIDES[page]) :].replace("4111010027", school).replace("library.xml", str(tmp_path / "library.xml"))
    done = yima(*shlex.split(words)[1:])
    assert done.code == 0, done.err
    printed = set(re.findall(rf"{at}\S*", done.out))
    told = {url for block in blocks(page) for url in re.findall(rf"{at}/[^\s\"'<;]*", block)}
    assert told & printed
    # The SM issuer's document, and what an app finds under an address that is printed, need not be printed too.
    assert all(any(url == one or url.startswith((one, f"{at}/.well-known/")) for one in printed) for url in told), told - printed


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_who_looks_for_their_kind_of_app_finds_its_page(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    for page in (*GUIDES, "upstream.md", "carsi-as-way-in.md", "directories.md", "roster.md"):
        assert f"](docs/{page})" in text
        assert (ROOT / "docs" / page).is_file()
