"""The process for the background: one at a time, replaced when it dies, gone when it is stopped or its server is."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

SERVER = """
import os
from cli.companion import Companion

def work(stopped):
    print(os.getpid(), flush=True)
    stopped.wait()
    print("finished", flush=True)

companion = Companion(work)
companion.start()
os.read(0, 1)
companion.stop()
print("stopped", flush=True)
"""


@pytest.fixture
def server() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def said(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    return server.stdout.readline().strip()


def test_one_that_dies_is_replaced_and_the_last_finishes_what_it_does(server: subprocess.Popen[str]) -> None:
    first = int(said(server))
    os.kill(first, signal.SIGKILL)
    assert int(said(server)) != first
    assert server.stdin is not None
    server.stdin.close()
    assert said(server) == "finished"
    assert said(server) == "stopped"


def test_it_ends_with_the_server_that_was_killed(server: subprocess.Popen[str]) -> None:
    assert int(said(server))
    server.kill()
    assert said(server) == "finished"
