"""The command line, run in this process as a shell would run it."""

import io
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from cli.main import main
from idp.settings import Settings


@dataclass
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its output as JSON."""
        return json.loads(self.out)


Yima = Callable[..., Done]


@pytest.fixture
def yima(deployment_settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Yima:
    """Runs ``yima`` with these arguments on an installation of the test's own, on each database in turn."""
    monkeypatch.setenv("YIMA_HOME", str(deployment_settings.home))
    if deployment_settings.database_url:
        monkeypatch.setenv("YIMA_DATABASE_URL", deployment_settings.database_url)
    monkeypatch.setenv("LANGUAGE", os.environ.get("LANGUAGE", ""))

    def run(*arguments: str, typed: str = "", lang: str = "en") -> Done:
        monkeypatch.setattr(sys, "argv", ["yima", "--lang", lang, *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return run
