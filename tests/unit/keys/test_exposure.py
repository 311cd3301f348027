"""Keys of a real installation never lie where a repository takes them along."""

import re
from pathlib import Path

import pytest

from idp.deployment import initialise
from idp.keys.errors import KeysInRepository
from idp.keys.exposure import check_outside_repositories
from idp.settings import Settings, load

ROOT = Path(__file__).parents[3]
OURS = ("bench", "certs", "cli", "deploy", "docs", "examples", "idp", "phone/src", "tools")


def production(home: Path) -> Settings:
    return load({"YIMA_HOME": str(home), "YIMA_PUBLIC_URL": "https://id.example.edu.cn"})


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "clone" / ".git").mkdir(parents=True)
    return tmp_path / "clone"


def test_production_does_not_start_from_a_working_tree_and_makes_no_key_there(tree: Path) -> None:
    for home in (tree, tree / "var", tree / "deep" / "down"):
        with pytest.raises(KeysInRepository) as refused:
            initialise(production(home))
        assert str(tree) in str(refused.value)
    assert not list(tree.rglob("master.key"))


def test_a_submodule_and_a_second_working_tree_have_a_file_instead_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: ../elsewhere/.git/modules/x\n")
    with pytest.raises(KeysInRepository):
        check_outside_repositories(production(tmp_path / "var"))


def test_a_link_into_a_working_tree_is_followed(tree: Path, tmp_path: Path) -> None:
    (tree / "var").mkdir()
    (tmp_path / "home").symlink_to(tree / "var")
    with pytest.raises(KeysInRepository):
        check_outside_repositories(production(tmp_path / "home"))


def test_trying_out_by_http_may_stay_in_the_tree_and_production_may_be_anywhere_else(tree: Path, tmp_path: Path) -> None:
    check_outside_repositories(load({"YIMA_HOME": str(tree / "var")}))
    check_outside_repositories(production(tmp_path / "home"))


def test_the_repository_holds_no_private_key() -> None:
    """Test keys stand in tests/ only, and no installation can take them up: an authority makes its own."""
    key = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{16}")
    files = [path for folder in OURS for path in (ROOT / folder).rglob("*") if path.is_file() and path.stat().st_size < 1_000_000]
    assert len(files) > 500
    assert not [path for path in files if key.search(path.read_text(encoding="utf-8", errors="replace"))]
    assert not [path for path in files if path.suffix in {".key", ".p12", ".pfx"} or path.name == "master.key"]
