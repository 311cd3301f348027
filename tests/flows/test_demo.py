"""``make run``'s command, as somebody meets it who tries Yima for the first time."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.services.processes import ROOT, free_port


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    ports = [free_port() for _ in range(3)]
    return {
        "YIMA_HOME": str(tmp_path / "var"),
        "YIMA_BIND": f"localhost:{ports[0]}",
        "YIMA_DEMO_PORTS": f"{ports[1]},{ports[2]}",
        "YIMA_WORKERS": "1",
    }


def demo(environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "cli.main", "demo", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@contextmanager
def running(environment: dict[str, str], *arguments: str) -> Iterator[tuple[str, dict[str, object]]]:
    """The demo's guide and what it remembers; ended by Ctrl-C (pressed twice), after which nothing listens any more."""
    process = demo(environment, *arguments)
    assert process.stdout is not None
    guide = ""
    for line in process.stdout:
        guide += line
        if "Ctrl-C" in line:
            break
    try:
        assert process.poll() is None, guide
        yield guide, json.loads((Path(environment["YIMA_HOME"]) / "demo.json").read_text(encoding="utf-8"))
    finally:
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=90)
    assert process.returncode == 0, rest
    for port in (environment["YIMA_BIND"].partition(":")[2], *environment["YIMA_DEMO_PORTS"].split(",")):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(port))) != 0


@pytest.mark.timeout(300)  # everything is started three times
def test_the_first_run_makes_everything_the_second_keeps_it_and_reset_starts_anew(environment: dict[str, str]) -> None:
    with running(environment) as (guide, first):
        people, apps = first["people"], first["apps"]
        assert isinstance(people, list)
        assert isinstance(apps, list)
        assert len(people) == 5
        for person in people:
            assert person["name"] in guide
            assert person["number"] in guide
        for app in apps:
            assert app["url"] in guide
            assert httpx.get(app["url"], trust_env=False).status_code == 200
        # What a newcomer pastes into an app of their own is there.
        pasted = {word for word in guide.split() if word.endswith(("/saml2/metadata", "/openid-configuration"))}
        assert len(pasted) == 3
        for address in pasted:
            assert httpx.get(address, trust_env=False).status_code == 200
        assert "/cas/" in guide
        assert "warn" not in guide.lower()
        code = subprocess.run(
            [sys.executable, "-m", "cli.main", "demo", "--code", "chen"],
            cwd=ROOT,
            env={**os.environ, **environment},
            check=True,
            capture_output=True,
            text=True,
        )
        assert code.stdout.strip().isdigit()
    home = Path(environment["YIMA_HOME"])
    assert (home / "demo.json").stat().st_mode & 0o077 == 0
    assert (home / "master.key").stat().st_mode & 0o077 == 0
    with running(environment) as (_, second):
        assert second == first
    with running(environment, "--reset", "--yes") as (_, third):
        assert third != first


def test_another_program_on_the_port_is_named_with_the_setting_to_change(environment: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(environment["YIMA_DEMO_PORTS"].split(",")[0])))
        taken.listen()
        process = demo(environment)
        said, _ = process.communicate(timeout=90)
    assert process.returncode == 1
    assert "YIMA_DEMO_PORTS" in said
    assert not Path(environment["YIMA_HOME"]).exists()


def test_a_reset_leaves_a_data_folder_that_is_no_demo_alone(environment: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, "-m", "cli.main", "init"], cwd=ROOT, env={**os.environ, **environment}, check=True, capture_output=True
    )
    process = demo(environment, "--reset", "--yes")
    said, _ = process.communicate(timeout=90)
    assert process.returncode == 1
    assert "Traceback" not in said
    assert (Path(environment["YIMA_HOME"]) / "yima.db").exists()
