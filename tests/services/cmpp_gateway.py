"""A CMPP 3.0 gateway on loopback, written by byte offsets from the protocol's tables; it shares nothing with our client."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import md5
from itertools import count


@dataclass
class Gateway:
    """How it behaves, and what it was told: numbers and texts as a phone would show them."""

    port: int = 0
    secret: bytes = b"s3cret"
    status: int = 0
    proof: bytes | None = None
    results: list[int] = field(default_factory=list)
    stat: bytes | None = b"DELIVRD"
    silent: bool = False
    hang_up: bool = False
    hold: threading.Event | None = None
    logins: int = 0
    texts: list[tuple[str, str]] = field(default_factory=list)
    submits: list[bytes] = field(default_factory=list)
    deliver_results: list[int] = field(default_factory=list)
    active_answers: int = 0
    goodbyes: int = 0
    connections: list[socket.socket] = field(default_factory=list)

    def wait_for(self, what: str, number: int = 1) -> None:
        """Until a counter or a list has come so far."""
        deadline = time.monotonic() + 10
        while True:
            found = getattr(self, what)
            if (len(found) if isinstance(found, list) else found) >= number:
                return
            assert time.monotonic() < deadline, f"{what} is {found}"
            time.sleep(0.01)  # the other side is a thread of the client

    def to_all(self, packet: bytes) -> None:
        """Sends something unasked."""
        for one in self.connections:
            one.sendall(packet)


def packet(command: int, sequence: int, body: bytes = b"") -> bytes:
    return (12 + len(body)).to_bytes(4, "big") + command.to_bytes(4, "big") + sequence.to_bytes(4, "big") + body


def report(identifier: int, stat: bytes, sequence: int = 900) -> bytes:
    about = identifier.to_bytes(8, "big") + stat.ljust(7, b"\0") + b"2609011600" * 2 + b"13800000000".ljust(32, b"\0") + bytes(4)
    body = (77).to_bytes(8, "big") + b"10690000".ljust(21, b"\0") + bytes(10) + bytes(3) + b"13800000000".ljust(32, b"\0")
    return packet(5, sequence, body + b"\0\x01" + bytes((len(about),)) + about + bytes(20))


@contextmanager
def gateway(**how: object) -> Iterator[Gateway]:
    """Listens on a free port until the block ends."""
    here = Gateway(**how)  # type: ignore[arg-type]
    listener = socket.create_server(("127.0.0.1", 0))
    here.port = listener.getsockname()[1]
    accepting = threading.Thread(target=_accept, args=(listener, here), daemon=True)
    accepting.start()
    try:
        yield here
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join()
        for one in here.connections:
            one.close()


def _accept(listener: socket.socket, here: Gateway) -> None:
    identifiers = count(7_000_000_000_000_000_001)
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        here.connections.append(connection)
        threading.Thread(target=_serve, args=(connection, here, identifiers), daemon=True).start()


def _exactly(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        more = connection.recv(length - len(data))
        if not more:
            raise OSError
        data += more
    return data


def _serve(connection: socket.socket, here: Gateway, identifiers: Iterator[int]) -> None:
    parts: dict[int, dict[int, bytes]] = {}
    try:
        while True:
            head = _exactly(connection, 12)
            command, sequence = int.from_bytes(head[4:8], "big"), int.from_bytes(head[8:], "big")
            body = _exactly(connection, int.from_bytes(head[:4], "big") - 12)
            if command == 1:
                _welcome(connection, here, sequence, body)
            elif command == 2:
                here.goodbyes += 1
                connection.sendall(packet(0x80000002, sequence))
            elif command == 4:
                _submitted(connection, here, sequence, body, parts, next(identifiers))
            elif command == 8 and not here.silent:
                connection.sendall(packet(0x80000008, sequence, b"\0"))
            elif command == 0x80000005:
                here.deliver_results.append(int.from_bytes(body[8:12], "big"))
            elif command == 0x80000008:
                here.active_answers += 1
    except OSError:
        connection.close()


def _welcome(connection: socket.socket, here: Gateway, sequence: int, body: bytes) -> None:
    assert len(body) == 27
    assert body[22] == 0x30
    here.logins += 1
    stamp = f"{int.from_bytes(body[23:27], 'big'):010d}".encode()
    known = md5(body[:6] + bytes(9) + here.secret + stamp).digest() == body[6:22]
    status = here.status if known else 3
    proof = here.proof or md5(status.to_bytes(4, "big") + body[6:22] + here.secret).digest()
    connection.sendall(packet(0x80000001, sequence, status.to_bytes(4, "big") + proof + b"\x30"))


def _submitted(
    connection: socket.socket, here: Gateway, sequence: int, body: bytes, parts: dict[int, dict[int, bytes]], identifier: int
) -> None:
    here.submits.append(body)
    assert len(body) == 163 + body[162] + 20
    if here.hang_up:
        connection.shutdown(socket.SHUT_RDWR)
        raise OSError
    if here.hold is not None:
        here.hold.wait(10)
    if here.silent:
        return
    result = here.results.pop(0) if here.results else 0
    answer = packet(0x80000004, sequence, identifier.to_bytes(8, "big") + result.to_bytes(4, "big"))
    if result:
        connection.sendall(answer)
        return
    content, phone = body[163 : 163 + body[162]], body[129:161].rstrip(b"\0").decode()
    if body[57]:  # TP_udhi
        assert content[:3] == b"\x05\x00\x03"
        known = parts.setdefault(content[3], {})
        known[content[5]] = content[6:]
        if len(known) == content[4]:
            here.texts.append((phone, b"".join(known[n] for n in sorted(known)).decode("utf-16-be")))
    else:
        here.texts.append((phone, content.decode("utf-16-be")))
    connection.sendall(answer)
    if here.stat is not None:
        connection.sendall(report(identifier, here.stat))
