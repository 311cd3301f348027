"""npm's ``smpp`` as a gateway on loopback (``tests/clients/smpp_gateway.mjs``)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.services.processes import ROOT, free_port, needed, running

PASSWORD = "s3cret"


@dataclass(frozen=True)
class SmppGateway:
    """Where it listens; what it was told is asked at ``url``."""

    port: int
    url: str

    def told(self) -> dict[str, Any]:
        """Messages as a phone would show them, and how often somebody came and went."""
        found: dict[str, Any] = httpx.get(self.url, trust_env=False).json()
        return found


@contextmanager
def smpp_gateway(folder: Path) -> Iterator[SmppGateway]:
    """Runs until the block ends."""
    node = needed("node", "it runs the gateway")
    clients = ROOT / "tests/clients"
    here = SmppGateway(free_port(), f"http://127.0.0.1:{(web := free_port())}/")
    environment = {"SMPP_PORT": str(here.port), "PORT": str(web), "PASSWORD": PASSWORD}
    with running(
        [node, "smpp_gateway.mjs"], answers=here.url, environment=environment, folder=clients, log=folder / "smpp_gateway.log"
    ):
        yield here
