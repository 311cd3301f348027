"""CAS apps that no one here wrote, with the settings of ``docs/cas-apps.md``: Apache, Django, python-cas."""

import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.openid_client import CLIENTS
from tests.services.processes import ROOT, needed, running

_DOCUMENT = ROOT / "docs" / "cas-apps.md"
MODULES = Path("/usr/lib/apache2/modules")

# What Apache wants around it.
_WHOLE = """
ServerRoot {folder}
PidFile {folder}/httpd.pid
ErrorLog /dev/stderr
Listen 127.0.0.1:{port}
ServerName localhost
{user}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule dir_module {modules}/mod_dir.so
LoadModule env_module {modules}/mod_env.so
LoadModule headers_module {modules}/mod_headers.so
DocumentRoot {folder}/pages
Header always set X-Signed-In expr=%{{REMOTE_USER}}
{documented}
"""


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
        for name in ("pages/secret", "cookies"):
            (folder / name).mkdir(parents=True)
        (folder / "pages" / "secret" / "index.html").write_text("<p id=user>secret</p>", encoding="utf-8")
        (folder / "pages" / "alive").write_text("alive", encoding="utf-8")
        text = _documented("apache").replace("/var/cache/apache2/mod_auth_cas/", f"{folder}/cookies/")
        text = text.replace("https://id.example.edu.cn", provider).replace("https://jw.example.edu.cn", url)
        user = ""
        if os.geteuid() == 0:
            user = "User www-data\nGroup www-data"
            folder.chmod(0o755)
            shutil.chown(folder / "cookies", "www-data", "www-data")
        configuration = folder / "httpd.conf"
        whole = _WHOLE.format(folder=folder, port=port, user=user, modules=MODULES, documented=text)
        configuration.write_text(whole, encoding="utf-8")
        command = (program, "-f", configuration, "-D", "FOREGROUND")
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
