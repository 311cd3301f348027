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
    environment = {
        "YIMA_HOME": str(settings.home),
        "YIMA_DATABASE_URL": settings.database_url,
        "YIMA_BIND": settings.bind,
        "YIMA_PUBLIC_URL": settings.public_url,
        "YIMA_WORKERS": str(workers),
    }
    ready = f"{settings.public_url}/.well-known/openid-configuration"
    command = (*(("taskset", "-c", cores) if cores else ()), sys.executable, "-m", "cli.main", "serve")
    with running(command, answers=ready, environment=environment, folder=ROOT, log=log):
        yield settings.public_url
