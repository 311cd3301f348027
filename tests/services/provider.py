"""A provider as an operator starts it, in processes of its own."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from idp.settings import Settings
from tests.services.processes import ROOT, running


@contextmanager
def running_provider(settings: Settings, log: Path, *, workers: int = 1, cores: str | None = None) -> Iterator[str]:
    """``yima serve`` with these settings, on chosen cores where ``cores`` names them; yields its address."""
    told = settings.model_copy(update={"workers": workers})
    environment = {f"YIMA_{name.upper()}": str(getattr(told, name)) for name in {*settings.model_fields_set, "workers"}}
    # Not its public address: the proxy before it may not be there yet.
    ready = f"http://{settings.bind}/.well-known/openid-configuration"
    command = (*(("taskset", "-c", cores) if cores else ()), sys.executable, "-m", "cli.main", "serve")
    with running(command, answers=ready, environment=environment, folder=ROOT, log=log):
        yield settings.public_url
