"""Processes that tests start on free ports of the loopback address, and stop by process id."""

import importlib.util
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
START_SECONDS = 60


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def needed(program: str | Path, advice: str) -> str:
    """The path of a program that a test needs. In CI nothing may be missing; on a laptop the test says what is."""
    # Servers lie in sbin, which is not on everybody's path.
    found = shutil.which(str(program), path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        message = f"{program} is not installed: {advice}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def needed_module(name: str) -> None:
    """Demands a package that has no wheel for every machine: in CI it may not be missing; elsewhere the test says that it is."""
    if importlib.util.find_spec(name) is None:
        message = f"{name} is not installed: pip install {name}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


@contextmanager
def running(
    command: Sequence[str | Path],
    *,
    answers: str,
    environment: Mapping[str, str],
    folder: Path,
    log: Path,
    trusting: ssl.SSLContext | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a command from ``folder`` until the block ends; the block begins once ``answers`` (a URL) does,
    under a certificate that ``trusting`` accepts.

    The environment is ours with ``environment`` on top; a variable set to the empty string is taken away.
    """
    values = {**os.environ, **environment}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env={name: value for name, value in values.items() if value},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait(process, answers, log, trusting)
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path, trusting: ssl.SSLContext | None) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        if process.poll() is not None:
            raise AssertionError(f"it ended by itself: {log.read_text(errors='replace')[-4000:]}")
        try:
            httpx.get(url, trust_env=False, timeout=2, verify=trusting or True).raise_for_status()
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise AssertionError(f"{url} does not answer: {log.read_text(errors='replace')[-4000:]}") from None
            time.sleep(0.05)  # nothing tells us when another program is ready
        else:
            return
