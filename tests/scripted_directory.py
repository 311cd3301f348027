"""A directory that answers by a script, for what no real one can be brought to say: one client, one answer for each message."""

import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import trustme


def long_form(tag: int, content: bytes) -> bytes:
    """An element as Active Directory writes it: every length in four bytes."""
    return bytes((tag, 0x84)) + len(content).to_bytes(4, "big") + content


def result(number: int, operation: int, code: int, diagnostic: str = "", controls: bytes = b"") -> bytes:
    """A message with an LDAPResult."""
    inside = long_form(0x0A, bytes((code,))) + long_form(0x04, b"") + long_form(0x04, diagnostic.encode())
    return long_form(0x30, long_form(0x02, bytes((number,))) + long_form(operation, inside) + controls)


def policy(error: int) -> bytes:
    """The response control of a password policy, with an error (draft-behera-ldap-password-policy §6.2)."""
    value = long_form(0x30, long_form(0x81, bytes((error,))))
    control = long_form(0x30, long_form(0x04, b"1.3.6.1.4.1.42.2.27.8.5.1") + long_form(0x04, value))
    return long_form(0xA0, control)


@contextmanager
def answering(*answers: bytes, certificate: trustme.LeafCert | None = None) -> Iterator[tuple[str, list[bytes]]]:
    """The server's URL, and what it was sent. It answers each message with the next of ``answers``; after the last, with nothing."""
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, answers, got, certificate), daemon=True)
        thread.start()
        scheme = "ldaps" if certificate else "ldap"
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}", got
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _serve(listener: socket.socket, answers: Sequence[bytes], got: list[bytes], certificate: trustme.LeafCert | None) -> None:
    while True:
        try:
            talk, _ = listener.accept()
        except OSError:  # closed: the test is over
            return
        with talk:
            try:
                if certificate is not None:
                    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
                    certificate.configure_cert(context)
                    talk = context.wrap_socket(talk, server_side=True)
                for answer in answers:
                    got.append(talk.recv(65536))
                    talk.sendall(answer)
                while talk.recv(65536):
                    pass
            except OSError:  # the client hung up
                continue


def authority_file(folder: Path, authority: trustme.CA) -> Path:
    """The authority's certificate in a file."""
    path = folder / "authority.pem"
    authority.cert_pem.write_to_path(path)
    return path
