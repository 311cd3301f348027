"""npm's openid-client as a school app: the script in ``tests/clients/openid_client``, told which apps it is and where the provider is."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from idp.oidc.clients.registration import Registered
from tests.services.processes import ROOT, free_port, needed, running

CLIENTS = ROOT / "tests" / "clients"
NODE_ADVICE = "apt install nodejs npm, then make clients"


@dataclass(frozen=True)
class Keys:
    """The keys of one app."""

    keys: tuple[ECKey, ...]

    @property
    def jwks(self) -> dict[str, Any]:
        """What the app registers."""
        return {"keys": [key.as_dict(private=False) for key in self.keys]}

    @property
    def private(self) -> list[dict[str, Any]]:
        """What the app keeps to itself."""
        return [dict(key.as_dict(private=True)) for key in self.keys]


def make_keys(*algorithms: str) -> Keys:
    """One key for each of ES256 (to sign) and ECDH-ES (to be encrypted to)."""
    uses = {"ES256": "sig", "ECDH-ES": "enc"}
    return Keys(tuple(ECKey.generate_key("P-256", {"alg": alg, "use": uses[alg]}, auto_kid=True) for alg in algorithms))


@dataclass
class Apps:
    """What the script is told: its apps by the names it has for them, and whatever else it needs."""

    issuer: str
    port: int = field(default_factory=free_port)
    told: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where the app answers."""
        return f"http://localhost:{self.port}"

    def add(self, name: str, made: Registered, keys: Keys | None = None) -> None:
        """The app is known to the script as ``name``; what it registered is its configuration there."""
        said = {member: value for member, value in made.client.client_metadata.items() if member != "jwks"}
        self.told[name] = {"id": made.app.id, "secret": made.secret, "metadata": said, "keys": keys.private if keys else []}

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """For a process of the script."""
        return {"ISSUER": self.issuer, "PORT": str(self.port), "APPS": json.dumps(self.told), **more}


@contextmanager
def running_openid_client(apps: Apps, *flows: str, log: Path, **more: str) -> Iterator[str]:
    """The app with the flows of these files, until the block ends; yields its address."""
    command = (needed("node", NODE_ADVICE), CLIENTS / "openid_client" / "app.mjs")
    environment = apps.environment({"FLOWS": ",".join(flows), **more})
    with running(command, answers=apps.url, environment=environment, folder=CLIENTS, log=log):
        yield apps.url


def run_openid_client(script: str, apps: Apps, **more: str) -> Any:
    """Runs a script that needs no browser, and returns what it found."""
    command = [needed("node", NODE_ADVICE), str(CLIENTS / "openid_client" / f"{script}.mjs")]
    environment = {**os.environ, **apps.environment(more)}
    done = subprocess.run(command, cwd=CLIENTS, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)
