"""The device of ``sdf_stub/sdf_stub.c``: compiled once, a folder of its own for each test, and faults on request.

What it proves is that we keep to the interface as public headers have it; it is no device that somebody else made.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from idp.crypto.devices.device import Device
from idp.crypto.devices.pool import DeviceConfiguration
from idp.settings.devices import SdfDevice
from tests.services.processes import needed

SOURCE = Path(__file__).parent / "sdf_stub" / "sdf_stub.c"
FOLDER = "SDF_STUB_FOLDER"
LABEL = "hsm"


def compiled(folder: Path) -> Path:
    """The shared library. In CI it must come out; on a laptop the test says what is missing."""
    advice = "apt-get install gcc libc6-dev libssl-dev"
    library = folder / "libsdf_stub.so"
    command = [needed("cc", advice), "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library, SOURCE, "-lcrypto"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        message = f"the test device does not compile, {advice}: {done.stderr[-800:]}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return library


@dataclass(frozen=True)
class StubDevice:
    """One device: eight keys, and what it has seen."""

    folder: Path
    library: Path

    def fault(self, *words: str) -> None:
        """What goes wrong from the next call on; nothing without words. Read whole or not at all."""
        partial = self.folder / "fault.new"
        partial.write_text("\n".join(words))
        partial.rename(self.folder / "fault")

    def password(self, index: int) -> bytes:
        """The right one."""
        return f"password-of-{index}".encode()

    def tries(self, index: int) -> int:
        """How often a wrong password was given."""
        return self._length(f"tries-{index}")

    def opened(self) -> int:
        """How often the device was opened, by all processes."""
        return self._length("opened")

    def misuse(self) -> list[str]:
        """What its callers did that nobody may do to a device."""
        path = self.folder / "misuse"
        return path.read_text().splitlines() if path.exists() else []

    def _length(self, name: str) -> int:
        path = self.folder / name
        return path.stat().st_size if path.exists() else 0

    def configuration(self, **how: object) -> DeviceConfiguration:
        """How it is reached; quick to give up and to come back, so that no test waits."""
        usual: dict[str, object] = {"password": self.password, "patience": 20.0, "rest": 0.0}
        return DeviceConfiguration(LABEL, self.library, **(usual | how))  # type: ignore[arg-type]

    def settings(self) -> dict[str, SdfDevice]:
        """What stands in the settings for it; a file for the password of each key."""
        for index in range(1, 9):
            path = self.folder / f"{index}.pin"
            path.write_bytes(self.password(index) + b"\n")
            path.chmod(0o600)
        return {LABEL: SdfDevice(library=self.library, password_file=str(self.folder / "{index}.pin"), seconds=20)}

    def device(self, **how: object) -> Device:
        """The device, as the house sees it."""
        return Device(self.configuration(**how))
