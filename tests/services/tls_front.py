"""nginx as an operator sets it up, with the configuration of ``docs/behind-a-proxy.md``, on loopback and under a test authority."""

import os
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from idp.settings import Settings
from tests.services.processes import ROOT, free_port, needed, running

HEADER = "X-Client-Certificate"
MTLS_HOST = "mtls.localhost"
_DOCUMENT = ROOT / "docs" / "behind-a-proxy.md"

# What nginx wants around it, and an app of the school at an address of its own, whose key set Yima fetches.
_WHOLE = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
{user}
events {{}}
http {{
access_log off;
default_type application/json;
client_body_temp_path {folder}/body;
proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fastcgi;
uwsgi_temp_path {folder}/uwsgi;
scgi_temp_path {folder}/scgi;
{documented}
server {{
    listen 127.0.0.1:{app_port} ssl;
    server_name localhost;
    root {folder}/app;
}}
}}
"""


@dataclass(frozen=True)
class TlsFront:
    """Where the proxy listens, who vouches for it, and the folder that the app's own address serves."""

    folder: Path
    provider_port: int
    port: int
    app_port: int

    @property
    def url(self) -> str:
        """The provider, as people reach it."""
        return f"https://localhost:{self.port}"

    @property
    def mtls_url(self) -> str:
        """The provider, as apps with a certificate reach it."""
        return f"https://{MTLS_HOST}:{self.port}"

    @property
    def app_url(self) -> str:
        """What stands in ``app_folder``, by https."""
        return f"https://localhost:{self.app_port}"

    @property
    def app_folder(self) -> Path:
        """Documents of an app."""
        return self.folder / "app"

    @property
    def authority(self) -> Path:
        """Who vouches for the certificates of these addresses."""
        return self.folder / "ca.pem"

    @property
    def client_authority(self) -> Path:
        """Who vouches for apps."""
        return self.folder / "apps.pem"

    @property
    def trusting(self) -> ssl.SSLContext:
        """How a program that trusts the authority connects."""
        return ssl.create_default_context(cafile=str(self.authority))

    def settings(self, **changes: object) -> Settings:
        """What Yima behind it is told, as the page says."""
        return Settings.model_validate(
            {
                "bind": f"127.0.0.1:{self.provider_port}",
                "public_url": self.url,
                "trusted_proxies": 1,
                "client_certificate_header": HEADER,
                "mtls_url": self.mtls_url,
                "client_certificate_ca": self.client_authority,
                "certificate_sign_in": "second",
                "outgoing_ca": self.authority,
                "allow_private_fetches": True,
                **changes,
            }
        )


@dataclass(frozen=True)
class ClientCertificate:
    """A certificate of an app with its key, as PEM files."""

    certificate: Path
    key: Path


def make_tls_front(folder: Path) -> tuple[TlsFront, trustme.CA]:
    """Free ports, fresh authorities; returns the one for apps too."""
    front = TlsFront(folder, free_port(), free_port(), free_port())
    front.app_folder.mkdir(parents=True)
    servers, apps = trustme.CA(), trustme.CA()
    servers.cert_pem.write_to_path(str(front.authority))
    apps.cert_pem.write_to_path(str(front.client_authority))
    own = servers.issue_cert("localhost", MTLS_HOST)
    own.private_key_pem.write_to_path(str(folder / "key.pem"))
    for part in own.cert_chain_pems:
        part.write_to_path(str(folder / "fullchain.pem"), append=True)
    return front, apps


def issue(authority: trustme.CA, folder: Path, name: str) -> ClientCertificate:
    """A certificate for an app with this DNS name."""
    made = authority.issue_cert(name)
    paths = ClientCertificate(folder / f"{name}.pem", folder / f"{name}.key")
    made.cert_chain_pems[0].write_to_path(str(paths.certificate))
    made.private_key_pem.write_to_path(str(paths.key))
    return paths


@contextmanager
def running_tls_front(front: TlsFront) -> Iterator[None]:
    """nginx, until the block ends; it begins once the provider answers through it."""
    path = front.folder / "nginx.conf"
    path.write_text(_configuration(front), encoding="utf-8")
    command = (needed("nginx", "apt install nginx-light"), "-c", path)
    ready = f"{front.url}/.well-known/openid-configuration"
    log = front.folder / "nginx.log"
    with running(command, answers=ready, environment={}, folder=front.folder, log=log, trusting=front.trusting):
        yield


def _configuration(front: TlsFront) -> str:
    """The page's own text, with this machine's names, ports and paths in the place of the documented ones."""
    found = re.search(r"```nginx\n(.*?)```", _DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None, f"{_DOCUMENT} holds no configuration"
    text = "".join(line for line in found[1].splitlines(keepends=True) if "listen [::]" not in line)
    for documented, here in (
        ("server 127.0.0.1:8000", f"server 127.0.0.1:{front.provider_port}"),
        ("listen 443", f"listen 127.0.0.1:{front.port}"),
        ("mtls.id.example.edu.cn", MTLS_HOST),
        ("id.example.edu.cn", "localhost"),
        ("/etc/yima/tls", str(front.folder)),
        (HEADER, HEADER),
    ):
        assert documented in text, f"{documented} is not in the configuration of {_DOCUMENT}"
        text = text.replace(documented, here)
    # As root it would become somebody else, who may not enter the folder of the tests.
    return _WHOLE.format(
        folder=front.folder, documented=text, app_port=front.app_port, user="user root;" if os.geteuid() == 0 else ""
    )
