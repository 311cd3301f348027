"""aiosmtpd as a school's mail server on loopback, a process of its own: plain, with STARTTLS and a password, and by TLS.

``nobody@…`` is an address it does not know, ``later@…`` one it asks to try again for.
"""

import asyncio
import json
import os
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Condition, Thread
from typing import Any

import httpx
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.services.processes import ROOT, free_port, running

PATIENCE = 60.0
USER, PASSWORD = "yima", "letter-box-7"


@dataclass(frozen=True)
class MailServer:
    """Its three doors, and ``url``, which tells what arrived."""

    plain: int
    starttls: int
    tls: int
    url: str
    authority: Path

    def letters(self, at_least: int = 0) -> list[dict[str, Any]]:
        """What arrived, with the envelope's ``to``; waits until so many have."""
        answer = httpx.get(self.url, params={"at_least": at_least}, trust_env=False, timeout=PATIENCE + 10)
        found: list[dict[str, Any]] = answer.json()
        return found


@contextmanager
def running_mail_server(folder: Path) -> Iterator[MailServer]:
    """Runs until the block ends."""
    authority = trustme.CA()
    files = {"CA": folder / "mail-ca.pem", "CERT": folder / "mail-cert.pem", "KEY": folder / "mail-key.pem"}
    issued = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(files["CA"])
    issued.cert_chain_pems[0].write_to_path(files["CERT"])
    issued.private_key_pem.write_to_path(files["KEY"])
    ports = {name: free_port() for name in ("PLAIN", "STARTTLS", "TLS", "WEB")}
    url = f"http://127.0.0.1:{ports['WEB']}/"
    environment = {**{name: str(port) for name, port in ports.items()}, **{name: str(path) for name, path in files.items()}}
    command = [sys.executable, "-m", "tests.services.mail_server"]
    with running(command, answers=url, environment=environment, folder=ROOT, log=folder / "mail_server.log"):
        yield MailServer(ports["PLAIN"], ports["STARTTLS"], ports["TLS"], url, files["CA"])


LETTERS: list[dict[str, Any]] = []
ARRIVED = Condition()


class _Postbox:
    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        if address.startswith("nobody@"):
            return "550 5.1.1 no such address"
        if address.startswith("later@"):
            return "451 4.2.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        tls, user = server.transport.get_extra_info("ssl_object") is not None, bool(session.authenticated)
        with ARRIVED:
            LETTERS.append({"to": envelope.rcpt_tos, "content": content.decode(), "tls": tls, "authenticated": user})
            ARRIVED.notify_all()
        return "250 OK"


class _Web(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        wanted = int(self.path.partition("at_least=")[2] or 0)
        with ARRIVED:
            ARRIVED.wait_for(lambda: len(LETTERS) >= wanted, PATIENCE)
            body = json.dumps(LETTERS).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


def _authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=good, handled=False)


async def _serve() -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(os.environ["CERT"], os.environ["KEY"])
    loop, box = asyncio.get_running_loop(), _Postbox()
    await loop.create_server(lambda: SMTP(box, hostname="localhost"), "127.0.0.1", int(os.environ["PLAIN"]))
    guarded = {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": _authenticate}
    await loop.create_server(lambda: SMTP(box, hostname="localhost", **guarded), "127.0.0.1", int(os.environ["STARTTLS"]))
    await loop.create_server(lambda: SMTP(box, hostname="localhost"), "127.0.0.1", int(os.environ["TLS"]), ssl=context)
    Thread(target=ThreadingHTTPServer(("127.0.0.1", int(os.environ["WEB"])), _Web).serve_forever, daemon=True).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
