"""``github.com/emmansun/gmsm`` (``tests/clients/gmsm``): signed and enveloped messages, certificates and signatures by another hand."""

import subprocess
from pathlib import Path

from tests.services.processes import ROOT, needed

PROGRAM = ROOT / "tests" / "clients" / "gmsm" / "target" / "gmsm"


class Refused(Exception):
    """What it said instead."""


def gmsm(*arguments: str | Path) -> str:
    """The line it says. Raises :class:`Refused`."""
    program = needed(PROGRAM, "make clients, with Go installed")
    done = subprocess.run([program, *map(str, arguments)], check=False, capture_output=True, text=True)
    if done.returncode:
        raise Refused(done.stderr.strip())
    return done.stdout.strip()
