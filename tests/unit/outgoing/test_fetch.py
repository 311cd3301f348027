"""Addresses that somebody else chose cannot make us call our own network: not by number, not by name, not by redirect, not by rebinding."""

import select
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from threading import Thread

import httpcore
import pytest

from idp.outgoing import FetchFailed, Outgoing
from idp.settings import Settings
from tests.services.receiver import Receiver, receiving


@contextmanager
def dripping(begins: bytes) -> Iterator[str]:
    """The address of a server that answers every question with ``begins``, and then a byte at a time until it is left alone."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.sendall(begins)
                while not select.select([connection], [], [], 0.02)[0] or connection.recv(4096):
                    connection.sendall(b"x")

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        thread.join()


@pytest.fixture
def careful() -> Iterator[Outgoing]:
    """As a school runs it."""
    outgoing = Outgoing(Settings())
    yield outgoing
    outgoing.close()


@pytest.fixture
def trusting() -> Iterator[Outgoing]:
    """As an operator sets it whose apps are on the same network."""
    outgoing = Outgoing(Settings(allow_private_fetches=True))
    yield outgoing
    outgoing.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def post(outgoing: Outgoing, url: str) -> int:
    return outgoing.post(url, b"a=b", content_type="text/plain").status


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "[2002:7f00:1::]",
        "2130706433",
        "0x7f.1",
        "127.1",
    ],
)
def test_a_private_address_is_not_called_however_it_is_written(careful: Outgoing, host: str) -> None:
    with pytest.raises(FetchFailed):
        post(careful, f"https://{host}/")


@pytest.mark.parametrize(
    "url",
    ["http://example.edu.cn/", "ftp://example.edu.cn/", "file:///etc/passwd", "gopher://x", "", "https://", "https:///x", "//x"],
)
def test_only_https_is_fetched(careful: Outgoing, url: str) -> None:
    with pytest.raises(FetchFailed):
        post(careful, url)


def resolving_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Names resolve to these addresses, one answer after another; what is connected to is recorded and refused."""
    pending, connected = list(answers), []

    def getaddrinfo(_host: str, port: int, **_: object) -> list[object]:
        addresses = pending.pop(0) if len(pending) > 1 else pending[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    def connect(_self: object, host: str, *_rest: object, **_more: object) -> httpcore.NetworkStream:
        connected.append(host)
        raise httpcore.ConnectError

    monkeypatch.setattr("idp.outgoing.fetch.socket.getaddrinfo", getaddrinfo)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    return connected


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["127.0.0.1", "93.184.216.34"]])
def test_a_name_that_leads_inside_is_not_called(careful: Outgoing, monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> None:
    connected = resolving_to(monkeypatch, addresses)
    with pytest.raises(FetchFailed):
        post(careful, "https://evil.example/")
    assert connected == []


def test_the_address_that_was_checked_is_the_one_that_is_called(careful: Outgoing, monkeypatch: pytest.MonkeyPatch) -> None:
    connected = resolving_to(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    with pytest.raises(FetchFailed):
        post(careful, "https://rebinding.example/")
    assert connected == ["93.184.216.34"]


def test_a_redirect_is_an_answer_and_is_not_followed(trusting: Outgoing, receiver: Receiver) -> None:
    receiver.status, receiver.headers = 302, {"Location": receiver.url + "/inside"}
    assert post(trusting, receiver.url + "/outside") == 302
    assert [path for path, _, _ in receiver.received] == ["/outside"]


def test_an_answer_that_is_too_large_is_dropped(trusting: Outgoing, receiver: Receiver) -> None:
    receiver.body = b"x" * 300_000
    with pytest.raises(FetchFailed):
        post(trusting, receiver.url)


def test_what_is_sent_arrives(trusting: Outgoing, receiver: Receiver) -> None:
    assert post(trusting, receiver.url + "/path") == 200
    assert receiver.received == [("/path", "text/plain", b"a=b")]


def test_where_nobody_listens_or_nothing_is_tls_the_error_is_ours(trusting: Outgoing, receiver: Receiver) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}/", receiver.url.replace("http", "https"), "https://no-such-host.invalid/"):
        with pytest.raises(FetchFailed):
            post(trusting, url)


@pytest.mark.parametrize(
    "begins",
    [b"", b"HTTP/1.1 200 OK\r\nX-", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"],
    ids=["status line", "head", "body", "extension of a chunk"],
)
def test_who_sends_a_byte_whenever_one_is_awaited_is_not_waited_for(begins: bytes) -> None:
    impatient = Outgoing(Settings(allow_private_fetches=True, outgoing_seconds=0.2))
    with dripping(begins) as url, closing(impatient), pytest.raises(FetchFailed) as failed:
        impatient.get(url, limit=1000)
    assert failed.value.detail in ("the answer takes too long", "ReadTimeout")
