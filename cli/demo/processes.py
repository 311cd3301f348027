"""The demo's processes: started together, ended together."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import FrameType, TracebackType

import httpx

from idp.errors import YimaError
from idp.i18n import N_

START_SECONDS = 30
STOP_SECONDS = 10  # more than a server grants to what is under way


class DemoError(YimaError):
    """The demo could not start, or one of its processes ended by itself."""

    code = "demo"


def check_port_is_free(host: str, port: int, setting: str) -> None:
    """Raises :class:`DemoError`, naming the setting to change, where something else listens already."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise DemoError(
                N_("Port %(port)s is in use by another program. Choose another: %(setting)s"), port=port, setting=setting
            ) from None


@dataclass
class Processes:
    """A context that ends every process it has started."""

    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __enter__(self) -> "Processes":
        signal.signal(signal.SIGTERM, _interrupt)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # Whoever presses Ctrl-C twice wants it to end, not to be left with half of it running.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        for process in reversed(self.running):
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self.running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)  # with the workers that it has started
                process.wait()

    def start(self, module: str, *arguments: str, environment: Mapping[str, str]) -> None:
        """Starts a Python module with more variables in its environment. Ctrl-C in the terminal reaches only us."""
        command = [sys.executable, "-m", module, *arguments]
        self.running.append(subprocess.Popen(command, env={**os.environ, **environment}, start_new_session=True))  # noqa: S603

    def wait_until_answering(self, url: str) -> None:
        """Returns when ``url`` answers. Raises :class:`DemoError` when it does not, or a process has ended."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            self.check()
            try:
                httpx.get(url, trust_env=False, timeout=2)
            except httpx.HTTPError:
                if time.monotonic() > deadline:
                    raise DemoError(N_("%(url)s does not answer."), url=url) from None
                time.sleep(0.05)
            else:
                return

    def watch(self) -> None:
        """Returns never: raises ``KeyboardInterrupt`` on Ctrl-C, :class:`DemoError` when a process has ended by itself."""
        while True:
            self.check()
            time.sleep(0.5)

    def check(self) -> None:
        """Raises :class:`DemoError` when a process has ended by itself."""
        for process in self.running:
            if process.poll() is not None:
                raise DemoError(N_("A process of the demo has ended by itself; what it said stands above."))


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
