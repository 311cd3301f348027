"""A proxy that speaks RFC 8998 to the world and plain HTTP to its neighbour: TLS 1.3 with SM4, SM3 and SM2, and a client's certificate.

It stands for Angie or Tengine on Tongsuo: nginx of a distribution has no SM2. The certificate is asked for and not judged, as by
``ssl_verify_client optional_no_ca``; that the client holds its key is what TLS proves.
"""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

HEADER = "X-Client-Certificate"
SUITE = b"TLS_SM4_GCM_SM3"
_MOST = 1 << 16


@dataclass(frozen=True)
class Identity:
    """A certificate with those above it, and its key: PEM files."""

    chain: Path
    key: Path


@dataclass(frozen=True)
class Reply:
    """What came back, and by which suite."""

    status: int
    headers: Mapping[str, str]
    text: str
    suite: str


def _context(identity: Identity | None) -> SSL.Context:
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(SSL.TLS1_3_VERSION)
    context.set_tls13_ciphersuites(SUITE)
    if identity is not None:
        context.use_certificate_chain_file(str(identity.chain))
        context.use_privatekey_file(str(identity.key))
        context.check_privatekey()
    return context


@contextmanager
def running_sm_front(identity: Identity, neighbour: int) -> Iterator[int]:
    """The proxy before ``neighbour``, a port of this machine, until the block ends; gives its own port."""
    context = _context(identity)
    context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                accepted, _ = listening.accept()
            except OSError:
                return
            with suppress(SSL.Error, OSError), closing(accepted):
                _answer(SSL.Connection(context, accepted), neighbour)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


def _answer(client: SSL.Connection, neighbour: int) -> None:
    """One request: whatever it says under our header is replaced by what was proven."""
    client.set_accept_state()
    client.do_handshake()
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _MOST:
        head += client.recv(_MOST)
    shown = client.get_peer_certificate()
    proven = quote(shown.to_cryptography().public_bytes(Encoding.PEM), safe="") if shown is not None else ""
    text, _, body = head.partition(b"\r\n\r\n")
    first, *lines = text.decode("latin-1").split("\r\n")
    length = next((int(line.partition(":")[2]) for line in lines if line.lower().startswith("content-length:")), 0)
    while len(body) < length:
        body += client.recv(_MOST)
    kept = [line for line in lines if not line.lower().startswith((HEADER.lower(), "connection:", "x-forwarded-"))]
    own = [f"{HEADER}: {proven}", "Connection: close", "X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https"]
    with socket.create_connection(("127.0.0.1", neighbour), timeout=10) as onward:
        onward.sendall("\r\n".join([first, *kept, *own, "", ""]).encode("latin-1") + body)
        while part := onward.recv(_MOST):
            client.sendall(part)
    client.shutdown()


def fetch(port: int, path: str, *, host: str, identity: Identity | None = None, form: str = "", **headers: str) -> Reply:
    """One GET by RFC 8998, or a POST of a ``form``, with a certificate or without."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        plain.settimeout(None)
        connection = SSL.Connection(_context(identity), plain)
        connection.set_tlsext_host_name(host.encode())
        connection.set_connect_state()
        connection.do_handshake()
        if form:
            headers |= {"Content_Type": "application/x-www-form-urlencoded", "Content_Length": str(len(form))}
        more = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        lines = [f"{'POST' if form else 'GET'} {path} HTTP/1.1", f"Host: {host}", *more, "", form]
        connection.sendall("\r\n".join(lines).encode("latin-1"))
        received = b""
        with suppress(SSL.ZeroReturnError, SSL.SysCallError):
            while part := connection.recv(_MOST):
                received += part
        head, _, body = received.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        said = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        return Reply(int(first.split()[1]), said, body.decode("utf-8", "replace"), connection.get_cipher_name() or "")
