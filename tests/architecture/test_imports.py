"""What may not be loaded where; the direction between rooms is held by import-linter."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def modules_loaded_by(module: str) -> set[str]:
    code = f"import {module}, sys; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_cryptography_loads_without_flask_and_without_a_database() -> None:
    loaded = modules_loaded_by("idp.crypto.jose")
    assert "joserfc" in loaded
    assert not loaded & {"flask", "werkzeug", "sqlalchemy", "alembic"}


def test_the_registry_loads_without_flask() -> None:
    assert not modules_loaded_by("idp.registry.imports.persons") & {"flask", "werkzeug"}


def test_the_help_loads_neither_flask_nor_a_database() -> None:
    assert not modules_loaded_by("cli.main") & {"flask", "sqlalchemy", "cryptography", "gmssl", "rich"}


def test_only_the_engines_import_gmssl() -> None:
    users = [path for room in ("idp", "cli") for path in (ROOT / room).rglob("*.py") if "from gmssl" in path.read_text()]
    assert users
    assert {path.parent for path in users} == {ROOT / "idp" / "crypto" / "engines"}


@pytest.mark.parametrize("room", ["idp", "cli", "examples"])
def test_every_package_says_what_it_owns(room: str) -> None:
    silent = [path for path in (ROOT / room).rglob("__init__.py") if not path.read_text().lstrip().startswith('"""')]
    assert not silent


@pytest.mark.parametrize("room", ["idp", "cli", "examples", "tests", "bench", "tools"])
def test_no_file_wants_to_be_two_rooms(room: str) -> None:
    ours = [path for path in (ROOT / room).rglob("*.py") if not {".venv", "migrations", "node_modules"} & set(path.parts)]
    assert ours
    assert not [path for path in ours if len(path.read_text(encoding="utf-8").splitlines()) > 400]


def test_nothing_is_called_utils() -> None:
    names = {path.stem for room in ("idp", "cli") for path in (ROOT / room).rglob("*")}
    assert not names & {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


def test_a_rule_never_reads_the_request() -> None:
    """Outside of routes, browser glue and the web room, no module of the house sees Flask's request."""
    allowed = ("routes", "web", "browser.py", "extension.py", "provider.py", "install.py", "app.py", "endpoints.py")
    guilty = [
        path
        for path in (ROOT / "idp").rglob("*.py")
        if "import flask" in path.read_text() or "from flask" in path.read_text()
        if not any(part in allowed for part in path.parts)
    ]
    assert not guilty
