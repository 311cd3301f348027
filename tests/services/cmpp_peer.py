"""Maven's ``com.chinamobile.cmos:sms-core`` as a gateway on loopback (``tests/clients/cmpp_gateway``): CMPP 3.0 by another hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.services.processes import ROOT, free_port, needed, running

SP_ID, SECRET = "901234", "s3cret"


@dataclass(frozen=True)
class CmppPeer:
    """Where it listens; what it was told is asked at ``url``."""

    port: int
    url: str

    def told(self) -> list[dict[str, Any]]:
        """Messages as a phone would show them, and what their segments are called."""
        found: list[dict[str, Any]] = httpx.get(self.url, trust_env=False).json()
        return found


@contextmanager
def cmpp_peer(folder: Path) -> Iterator[CmppPeer]:
    """Runs until the block ends."""
    target = ROOT / "tests/clients/cmpp_gateway/target"
    java = needed("java", "apt install default-jdk-headless maven, then make clients")
    here = CmppPeer(free_port(), f"http://127.0.0.1:{(web := free_port())}/")
    environment = {"CMPP_PORT": str(here.port), "PORT": str(web), "SP_ID": SP_ID, "SECRET": SECRET}
    with running(
        [java, "-XX:TieredStopAtLevel=1", "-cp", f"{target}/classes:{target}/libs/*", "Gateway"],
        answers=here.url,
        environment=environment,
        folder=folder,
        log=folder / "cmpp_peer.log",
    ):
        yield here
