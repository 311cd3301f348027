"""The server as an operator meets it: it makes what it needs, refuses what is wrong, and survives being killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from idp.audit import chain
from idp.deployment import open_deployment
from idp.settings import Settings
from tests.people import make_school
from tests.services.processes import ROOT, free_port, running


def environment_of(home: Path, port: int) -> dict[str, str]:
    return {"YIMA_HOME": str(home), "YIMA_BIND": f"localhost:{port}", "YIMA_WORKERS": "1"}


def test_on_an_empty_folder_it_starts_and_after_kill_9_it_starts_again_and_nothing_is_lost(tmp_path: Path) -> None:
    port, home = free_port(), tmp_path / "yima"
    url = f"http://localhost:{port}"
    command = (sys.executable, "-m", "cli.main", "serve")
    for round_ in range(2):
        with running(
            command, answers=f"{url}/signed-out", environment=environment_of(home, port), folder=ROOT, log=tmp_path / "log"
        ) as server:
            deployment = open_deployment(Settings(home=home))
            make_school(deployment, f"第{round_}小学")
            keys = httpx.get(f"{url}/oauth/jwks", trust_env=False).json()
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
            with deployment.reading() as session:
                assert not list(chain.breaks(session, deployment.ring.current().audit.keys))
            assert len(keys["keys"]) == 2
            deployment.close()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("YIMA_SESION_IDLE", "60", "YIMA_SESION_IDLE"),
        ("YIMA_PUBLIC_URL", "http://id.example.edu.cn", "https"),
        ("YIMA_SM_ENGINE", "enigma", "YIMA_SM_ENGINE"),
        ("YIMA_LIBCRYPTO_PATH", "/nowhere/libcrypto.so", "libcrypto"),
    ],
)
def test_a_wrong_setting_stops_the_start_in_one_sentence(tmp_path: Path, name: str, value: str, words: str) -> None:
    environment = {**os.environ, "YIMA_HOME": str(tmp_path), "YIMA_BIND": f"localhost:{free_port()}", name: value}
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "--lang", "en", "serve"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
