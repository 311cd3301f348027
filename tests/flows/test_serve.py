"""The server as an operator meets it: it makes what it needs, refuses what is wrong, and survives being killed."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from idp.audit import chain
from idp.deployment import open_deployment
from idp.settings import Settings
from tests.people import make_school
from tests.services.processes import ROOT, free_port, running


def environment_of(home: Path, port: int) -> dict[str, str]:
    return {"YIMA_HOME": str(home), "YIMA_BIND": f"localhost:{port}", "YIMA_WORKERS": "1"}


def test_on_an_empty_folder_it_starts_and_after_kill_9_it_starts_again_and_nothing_is_lost(tmp_path: Path) -> None:
    port, home = free_port(), tmp_path / "yima"
    url = f"http://localhost:{port}"
    command = (sys.executable, "-m", "cli.main", "serve")
    known: set[str] = set()
    for round_ in range(2):
        with running(
            command, answers=f"{url}/signed-out", environment=environment_of(home, port), folder=ROOT, log=tmp_path / "log"
        ) as server:
            deployment = open_deployment(Settings(home=home))
            make_school(deployment, f"第{round_}小学")
            keys = {key["kid"] for key in httpx.get(f"{url}/oauth/jwks", trust_env=False).json()["keys"]}
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
            with deployment.reading() as session:
                assert not list(chain.breaks(session, deployment.ring.current().audit.keys))
            assert keys
            assert keys >= known
            known = keys
            deployment.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A server and its port."""
    port = free_port()
    with running(
        (sys.executable, "-m", "cli.main", "serve"),
        answers=f"http://localhost:{port}/signed-out",
        environment=environment_of(tmp_path / "yima", port),
        folder=ROOT,
        log=tmp_path / "log",
    ) as server:
        yield server, port


def half_a_request(port: int) -> socket.socket:
    """A connection on which the server waits for the rest."""
    connection = socket.create_connection(("localhost", port))
    connection.sendall(b"POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n")
    assert b" 100 " in connection.recv(100)
    return connection


def test_the_server_that_forks_its_workers_has_no_database_open(served: tuple[subprocess.Popen[bytes], int]) -> None:
    server, _ = served
    # What SQLite knows of its locks would go on in a worker as it stood at the fork: one of them could wait for ever.
    files = [str(link.readlink()) for link in Path(f"/proc/{server.pid}/fd").iterdir() if link.is_symlink()]
    assert files
    assert not [name for name in files if "yima.db" in name]


def test_asked_twice_it_ends_at_once_whatever_is_under_way(served: tuple[subprocess.Popen[bytes], int]) -> None:
    server, port = served
    with half_a_request(port):
        while server.poll() is None:
            server.terminate()
            with suppress(subprocess.TimeoutExpired):
                server.wait(0.05)
    assert server.returncode == 128 + signal.SIGTERM


def test_a_worker_does_not_outlive_a_server_that_was_killed(served: tuple[subprocess.Popen[bytes], int]) -> None:
    server, port = served
    with half_a_request(port) as connection:
        server.kill()
        server.wait()
        # The connection is the worker's: it falls with it, though half a request is under way on it.
        with suppress(ConnectionResetError):
            assert connection.recv(1) == b""
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("YIMA_SESION_IDLE", "60", "YIMA_SESION_IDLE"),
        ("YIMA_PUBLIC_URL", "http://id.example.edu.cn", "https"),
        ("YIMA_SM_ENGINE", "enigma", "YIMA_SM_ENGINE"),
        ("YIMA_LIBCRYPTO_PATH", "/nowhere/libcrypto.so", "libcrypto"),
    ],
)
def test_a_wrong_setting_stops_the_start_in_one_sentence(tmp_path: Path, name: str, value: str, words: str) -> None:
    environment = {**os.environ, "YIMA_HOME": str(tmp_path), "YIMA_BIND": f"localhost:{free_port()}", name: value}
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "--lang", "en", "serve"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
