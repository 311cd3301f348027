"""Our endpoints beside npm's oidc-provider: one process each, on one core, load on the other, rounds taken in turns.

The peer keeps everything in memory; ours writes to SQLite. Ratios are worth something, absolute figures are this machine's.
"""

import base64
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

import httpx

from bench.measurement import Measurement
from bench.sign_in import Session
from bench.site import Site, site
from tests.services.processes import ROOT, free_port, running

ROUNDS = 3
SECONDS = 3
CONNECTIONS = 16
TOKENS = 64
SERVER_CORE, LOAD_CORE = "0", "1"
CLIENTS = ROOT / "tests" / "clients"
LUA = Path(__file__).parent / "wrk"

GOALS = {
    "discovery": "ratio ≥ 1.00",
    "jwks": "ratio ≥ 1.00",
    "client_credentials.opaque": "ratio ≥ 0.50",
    "client_credentials.jwt": "ratio ≥ 0.35 (ours SM2, theirs ES256)",
}


@dataclass
class Target:
    """What wrk is told: an address, a script, and what the script needs. ``tokens`` makes fresh ones for each round."""

    url: str
    script: str = ""
    arguments: list[str] = field(default_factory=list)
    tokens: Callable[[], list[str]] | None = None


@dataclass
class Result:
    """One round."""

    rate: float
    p50: float
    p99: float


def measure() -> Iterator[Measurement]:
    """Requests per second with the peer's beside them, and our p50 and p99."""
    for program in ("wrk", "node", "taskset"):
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is needed for this part.")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        here = stack.enter_context(site(workers=1, cores=SERVER_CORE))
        ours, theirs = _ours(here), _theirs(stack, folder)
        for name in ours:
            pairs = [(wrk(ours[name]), wrk(theirs[name])) for _ in range(ROUNDS)]
            mine, peer = [one for one, _ in pairs], [other for _, other in pairs]
            rate, beside = median(one.rate for one in mine), median(one.rate for one in peer)
            yield Measurement(f"http.{name}", rate, "requests/s", beside, "oidc-provider", GOALS.get(name, ""))
            for quantile in ("p50", "p99"):
                value = median(getattr(one, quantile) for one in mine)
                other = median(getattr(one, quantile) for one in peer)
                yield Measurement(f"http.{name}.{quantile}", value, "ms", other, "oidc-provider")


def _ours(here: Site) -> dict[str, Target]:
    opaque = here.register("Opaque", grant_types=("authorization_code", "refresh_token", "client_credentials"))
    signed = here.register("JWT", grant_types=("authorization_code", "client_credentials"), access_token_format="jwt")
    session = Session.open(here, opaque, here.people(1)[0].number)

    def refresh_tokens() -> list[str]:
        return [str(session.code_flow()["refresh_token"]) for _ in range(TOKENS)]

    token = f"{here.url}/oauth/token"
    grant = "grant_type=client_credentials"
    return {
        "discovery": Target(f"{here.url}/.well-known/openid-configuration"),
        "jwks": Target(f"{here.url}/oauth/jwks"),
        "client_credentials.opaque": Target(token, "post.lua", [basic(opaque.app.id, opaque.secret), grant]),
        "client_credentials.jwt": Target(token, "post.lua", [basic(signed.app.id, signed.secret), grant]),
        "refresh_token": Target(token, "refresh.lua", [basic(opaque.app.id, opaque.secret)], refresh_tokens),
        "userinfo": Target(f"{here.url}/oauth/userinfo", "get.lua", tokens=lambda: [str(session.code_flow()["access_token"])]),
    }


def _theirs(stack: ExitStack, folder: Path) -> dict[str, Target]:
    port = free_port()
    url = f"http://localhost:{port}"
    program = CLIENTS / "peer_provider.mjs"
    if not (CLIENTS / "node_modules" / "oidc-provider").is_dir():
        raise SystemExit("npm's oidc-provider is needed for this part: make clients")
    command = ("taskset", "-c", SERVER_CORE, "node", program)
    environment = {"PORT": str(port), "NODE_ENV": "production"}
    stack.enter_context(
        running(
            command,
            answers=f"{url}/.well-known/openid-configuration",
            environment=environment,
            folder=CLIENTS,
            log=folder / "peer.log",
        )
    )

    def minted() -> dict[str, Any]:
        answer = httpx.get(f"{url}/bench/tokens", params={"count": TOKENS}, trust_env=False)
        return dict(answer.raise_for_status().json())

    credentials = basic("bench", "bench-secret")
    token = f"{url}/token"
    grant = "grant_type=client_credentials"
    resource = "resource=" + quote("https://api.example.edu.cn", safe="")
    return {
        "discovery": Target(f"{url}/.well-known/openid-configuration"),
        "jwks": Target(f"{url}/jwks"),
        "client_credentials.opaque": Target(token, "post.lua", [credentials, grant]),
        "client_credentials.jwt": Target(token, "post.lua", [credentials, f"{grant}&{resource}"]),
        "refresh_token": Target(token, "refresh.lua", [credentials], lambda: list(minted()["refresh"])),
        "userinfo": Target(f"{url}/me", "get.lua", tokens=lambda: [str(minted()["access"])]),
    }


def wrk(target: Target, *, cores: str = LOAD_CORE) -> Result:
    """One round of load, from the other core where no other ``cores`` are named."""
    command = ["taskset", "-c", cores, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency"]
    command += ["-s", str(LUA / target.script)] if target.script else []
    with tempfile.NamedTemporaryFile("w", encoding="ascii") as file:
        if target.tokens is not None:
            file.write("\n".join(target.tokens()) + "\n")
            file.flush()
        command += [target.url, "--", *target.arguments, file.name]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    if refused or "Socket errors" in said:
        raise SystemExit(f"{target.url} did not answer every request:\n{said}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if rate is None:
        raise SystemExit(said)
    return Result(float(rate[1]), _milliseconds(said, "50%"), _milliseconds(said, "99%"))


def _milliseconds(said: str, quantile: str) -> float:
    found = re.search(rf"{quantile}\s+([\d.]+)(us|ms|s)", said)
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]] if found else 0.0


def basic(client_id: str, secret: str | None) -> str:
    """The header of client_secret_basic."""
    pair = f"{quote(client_id, safe='')}:{quote(secret or '', safe='')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
