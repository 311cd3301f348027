"""CAS apps that no one here wrote, with the settings of ``docs/cas-apps.md``: Apache, Django, python-cas."""

import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.apache import MODULES, configured
from tests.services.openid_client import CLIENTS
from tests.services.processes import ROOT, needed, running

_DOCUMENT = ROOT / "docs" / "cas-apps.md"


@contextmanager
def running_apache(provider: str, port: int) -> Iterator[str]:
    """Apache with mod_auth_cas before ``/secret``; yields its address."""
    program = needed("apache2", "apt install apache2-bin libapache2-mod-auth-cas")
    if not (MODULES / "mod_auth_cas.so").is_file():
        needed("mod_auth_cas.so", "apt install libapache2-mod-auth-cas")
    url = f"http://localhost:{port}"
    # Not the folder of the tests: as root Apache becomes somebody else, who may not enter it.
    folder = Path(tempfile.mkdtemp(prefix="yima-apache-"))
    try:
        (folder / "cookies").mkdir()
        text = _documented("apache").replace("/var/cache/apache2/mod_auth_cas/", f"{folder}/cookies/")
        text = text.replace("https://id.example.edu.cn", provider).replace("https://jw.example.edu.cn", url)
        if os.geteuid() == 0:
            shutil.chown(folder / "cookies", "www-data", "www-data")
        command = (program, "-f", configured(folder, port, text), "-D", "FOREGROUND")
        with running(command, answers=f"{url}/alive", environment={}, folder=folder, log=folder / "apache.log"):
            yield url
    finally:
        shutil.rmtree(folder)


@contextmanager
def running_django(provider: str, port: int, folder: Path) -> Iterator[str]:
    """Django with django-cas-ng before ``/``; yields its address."""
    settings = next(text for text in _blocks("python") if "django_cas_ng" in text).replace("https://id.example.edu.cn", provider)
    with _running_client("cas_django.py", port, folder, SETTINGS=settings, SECRET_KEY=secrets.token_hex(16)) as url:
        yield url


@contextmanager
def running_python_cas(provider: str, port: int, folder: Path) -> Iterator[str]:
    """python-cas in each version of the protocol; yields its address."""
    server = f"{provider}/cas/"
    assert 'server_url="https://id.example.edu.cn/cas/"' in _DOCUMENT.read_text(encoding="utf-8")
    with _running_client("cas_python.py", port, folder, CAS_SERVER=server, APP_URL=f"http://localhost:{port}") as url:
        yield url


@contextmanager
def _running_client(script: str, port: int, folder: Path, **environment: str) -> Iterator[str]:
    program = needed(CLIENTS / ".venv" / "bin" / "python", "make clients")
    url = f"http://localhost:{port}"
    # Its own environment: nothing of ours on its path, no proxy in between.
    names = ("VIRTUAL_ENV", "PYTHONPATH", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
    values = {**dict.fromkeys(names, ""), **environment}
    command = (program, CLIENTS / script, str(port))
    with running(command, answers=f"{url}/alive", environment=values, folder=folder, log=folder / f"{script}.log"):
        yield url


def _documented(language: str) -> str:
    (text,) = _blocks(language)
    return text


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", _DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
