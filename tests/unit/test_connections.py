"""What goes wrong on the way to a service of ours has httpx's names, whatever the pool below calls it."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from chassis.connections import Connections, ToOurs, Traced

from tests.support import free_ports

Server = Callable[[socket.socket], object]


def hang_up(one: socket.socket) -> None:
    one.recv(65536)


def reset(one: socket.socket) -> None:
    one.recv(65536)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing sends RST


def talk_nonsense(one: socket.socket) -> None:
    one.recv(65536)
    one.sendall(b"hello, who is there?\r\n\r\n")


def stop_halfway(one: socket.socket) -> None:
    one.recv(65536)
    one.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf of it")


def say_nothing(one: socket.socket) -> None:
    while one.recv(65536):
        pass


@contextmanager
def serving(server: Server) -> Iterator[int]:
    """One connection, handled by the server on a thread; yields the port."""

    def serve() -> None:
        with listening.accept()[0] as one:
            server(one)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(5)


async def post(port: int) -> None:
    url = f"http://127.0.0.1:{port}"
    async with ToOurs(base_url=url, timeout=0.3, transport=Connections()) as client:
        await client.post("/", json={"a": 1})


@pytest.mark.parametrize(
    ("server", "error"),
    [
        (hang_up, httpx.RemoteProtocolError),
        (reset, httpx.ReadError),
        (talk_nonsense, httpx.RemoteProtocolError),
        (stop_halfway, httpx.ReadError),
        (say_nothing, httpx.ReadTimeout),
    ],
)
async def test_server_that_fails_has_httpxs_error(server: Server, error: type[httpx.HTTPError]) -> None:
    with serving(server) as port, pytest.raises(httpx.HTTPError) as raised:
        await post(port)
    assert type(raised.value) is error


async def test_nobody_there_is_a_connect_error() -> None:
    with pytest.raises(httpx.ConnectError):
        await post(free_ports(1)[0])


async def test_cookies_of_an_answer_are_not_kept() -> None:
    seen: list[str | None] = []

    def service(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("cookie"))
        return httpx.Response(200, headers={"set-cookie": "session=somebody"})

    async with Traced(transport=httpx.MockTransport(service), base_url="http://service") as client:
        for _ in range(2):
            await client.get("/")
    assert seen == [None, None]
