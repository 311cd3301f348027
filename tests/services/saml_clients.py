"""SAML apps that no one here wrote, with the settings of ``docs/saml-apps.md``: Apache with Shibboleth's module, pysaml2."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.service_provider import pem
from tests.services.apache import configured
from tests.services.processes import ROOT, free_port, needed, running

_DOCUMENT = ROOT / "docs" / "saml-apps.md"
SETTINGS = Path("/etc/shibboleth")
START_SECONDS = 60


@contextmanager
def running_shibboleth(provider: str, port: int, certificate: str) -> Iterator[str]:
    """shibd, and Apache with its module before ``/secret``; yields its address. ``certificate`` signs our metadata, PEM."""
    apache = needed("apache2", "apt install apache2-bin")
    shibd = needed("shibd", "apt install libapache2-mod-shib")
    url = f"http://localhost:{port}"
    # Not the folder of the tests: as root Apache becomes somebody else, who may not enter it.
    folder = Path(tempfile.mkdtemp(prefix="yima-shibboleth-"))
    try:
        _write(folder, provider, url, certificate, free_port())
        if os.geteuid() == 0:
            for path in [*folder.glob("*/shibboleth"), *folder.glob("etc/shibboleth/*")]:
                shutil.chown(path, "www-data", "www-data")
        shown = "Header always set X-Affiliation expr=%{reqenv:affiliation}"
        whole = f"{shown}\n{_block('apache')}\nShibConfig {folder}/etc/shibboleth/shibboleth2.xml"
        configuration = configured(folder, port, whole)
        places = {f"SHIBSP_{name}DIR": str(folder / path) for name, path in _PLACES.items()}
        with _daemon(shibd, folder, places):
            command = (apache, "-f", configuration, "-D", "FOREGROUND")
            with running(command, answers=f"{url}/alive", environment=places, folder=folder, log=folder / "apache.log"):
                yield url
    finally:
        shutil.rmtree(folder)


# Below each of them it looks for "shibboleth".
_PLACES = {"LOG": "log", "RUN": "run", "CACHE": "cache", "CFG": "etc"}


@contextmanager
def running_pysaml2(provider: str, port: int, folder: Path) -> Iterator[str]:
    """An app with pysaml2; yields its address."""
    private, public = pem("pysaml2")
    (folder / "key.pem").write_text(private, encoding="utf-8")
    (folder / "cert.pem").write_text(public, encoding="utf-8")
    url = f"http://localhost:{port}"
    settings = {"APP_URL": url, "IDP_METADATA": f"{provider}/saml2/metadata", "XMLSEC": needed("xmlsec1", "apt install xmlsec1")}
    settings["SP_SETTINGS"] = "{" + next(text for text in _blocks("python") if '"sp"' in text) + "}"
    command = (sys.executable, ROOT / "tests" / "clients" / "saml_pysaml2.py", str(port))
    with running(command, answers=f"{url}/alive", environment=settings, folder=folder, log=folder / "pysaml2.log"):
        yield url


def _write(folder: Path, provider: str, url: str, certificate: str, port: int) -> None:
    for name in ("etc", *(f"{path}/shibboleth" for path in ("run", "log", "cache"))):
        (folder / name).mkdir(parents=True)
    shutil.copytree(SETTINGS, folder / "etc" / "shibboleth")
    text = _block("xml").replace("https://id.example.edu.cn", provider).replace("https://lib.example.edu.cn", url)
    # Loopback has no https, and the daemon is found by a port of the test's own.
    text = text.replace('handlerSSL="true" cookieProps="https"', 'handlerSSL="false" cookieProps="http"')
    listener = f'<TCPListener address="127.0.0.1" port="{port}" acl="127.0.0.1"/>\n    <ApplicationDefaults'
    text = text.replace("<ApplicationDefaults", listener, 1)
    (folder / "etc" / "shibboleth" / "shibboleth2.xml").write_text(text, encoding="utf-8")
    (folder / "port").write_text(str(port), encoding="utf-8")
    (folder / "etc" / "shibboleth" / "yima.pem").write_text(certificate, encoding="utf-8")
    for use in ("signing", "encrypt"):
        private, public = pem(use)
        (folder / "etc" / "shibboleth" / f"sp-{use}-key.pem").write_text(private, encoding="utf-8")
        (folder / "etc" / "shibboleth" / f"sp-{use}-cert.pem").write_text(public, encoding="utf-8")


@contextmanager
def _daemon(program: str, folder: Path, places: dict[str, str]) -> Iterator[None]:
    """shibd, until the end, by its process id."""
    port = int((folder / "port").read_text(encoding="utf-8"))
    command = (
        program,
        "-F",
        "-f",
        "-c",
        str(folder / "etc" / "shibboleth" / "shibboleth2.xml"),
        "-p",
        str(folder / "shibd.pid"),
        "-w",
        "50",
    )
    libraries = {"LD_LIBRARY_PATH": "/usr/lib/x86_64-linux-gnu"}
    with (folder / "shibd.log").open("w") as log:
        process = subprocess.Popen(command, env={**os.environ, **places, **libraries}, stdout=log, stderr=log)
        try:
            _wait(process, port, folder)
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    logs = [
        path.read_text(encoding="utf-8", errors="replace")[-3000:]
        for path in (folder / "shibd.log", *(folder / "log" / "shibboleth").iterdir())
    ]
    raise AssertionError("shibd did not start:\n" + "\n".join(logs))


def _block(language: str) -> str:
    (text,) = _blocks(language)
    return text


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", _DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
