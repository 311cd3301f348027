"""What somebody meets who tries it: how long the help takes, how much is installed, how soon a page is there, what warns."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import httpx

from bench.measurement import Measurement
from tests.services.processes import ROOT, free_port, running

ROUNDS = 5
_WARNING = re.compile(r"\bwarn(ing)?\b", re.IGNORECASE)


def measure() -> Iterator[Measurement]:
    """The four figures that docs/performance.md gives goals for."""
    with tempfile.TemporaryDirectory() as folder:
        yield Measurement("newcomer.help", median(_help_seconds() for _ in range(ROUNDS)), "s", goal="≤ 0.40")
        yield Measurement("newcomer.installed", _installed_megabytes(Path(folder)), "MB", goal="≤ 150")
        seconds, warnings = _first_page(Path(folder))
        yield Measurement("newcomer.first_page", seconds, "s", goal="≤ 3.00")
        yield Measurement("newcomer.warnings", warnings, "lines", goal="0")


def _help_seconds() -> float:
    start = time.perf_counter()
    subprocess.run([str(Path(sys.executable).parent / "yima"), "--help"], check=True, capture_output=True)
    return time.perf_counter() - start


def _installed_megabytes(folder: Path) -> float:
    """Everything that ``pip install yima`` puts into an empty environment, without pip itself."""
    target = folder / "packages"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(target), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return sum(path.stat().st_size for path in target.rglob("*") if path.is_file()) / 1e6


def _first_page(folder: Path) -> tuple[float, int]:
    """From the command on an empty data folder to the sign-in page, and how many lines warned meanwhile."""
    port = free_port()
    url = f"http://localhost:{port}"
    log = folder / "serve.log"
    environment = {"YIMA_HOME": str(folder / "yima"), "YIMA_BIND": f"localhost:{port}", "PYTHONWARNINGS": "default"}
    start = time.perf_counter()
    command = (sys.executable, "-m", "cli.main", "serve")
    with running(command, answers=f"{url}/signed-out", environment=environment, folder=ROOT, log=log):
        httpx.get(f"{url}/login", trust_env=False, follow_redirects=True).raise_for_status()
        seconds = time.perf_counter() - start
        doctor = subprocess.run(
            [sys.executable, "-m", "cli.main", "--lang", "en", "key", "list"],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, **environment},
        )
    lines = [*log.read_text(encoding="utf-8", errors="replace").splitlines(), *doctor.stderr.splitlines()]
    return seconds, sum(bool(_WARNING.search(line)) for line in lines)
