"""Clients that are slow on purpose, and clients that are many, on real sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from threading import Event
from typing import ClassVar

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from reliefpath.web.connections import DirectProtocol, TimedProtocol

from .conftest import serving

PATIENCE = 20
"""Seconds after which a connection that should have been cut off counts as kept."""


class Hasty(TimedProtocol):
    """A connection that does not wait for long."""

    header_seconds: ClassVar[float] = 2
    body_seconds: ClassVar[float] = 2
    answer_seconds: ClassVar[float] = 2


class Few(DirectProtocol):
    """A connection of a client that may hold three."""

    per_client: ClassVar[int | None] = 3  # type: ignore[assignment]


async def hello(request: Request) -> Response:
    """Say hello, whatever is still to come."""
    return PlainTextResponse("hello")


async def echo(request: Request) -> Response:
    """Give back what was sent, once it is there."""
    return PlainTextResponse(await request.body())


async def much(request: Request) -> Response:
    """Answer far more than a socket holds."""

    async def parts() -> AsyncIterator[bytes]:
        try:
            for _ in range(MANY):
                yield b"x" * 100_000
        finally:
            GIVEN_UP.set()

    return StreamingResponse(parts())


MANY, GIVEN_UP = 1_000, Event()
APP = Starlette(
    routes=[
        Route("/", hello, methods=["GET", "POST"]),
        Route("/echo", echo, methods=["POST"]),
        Route("/much", much),
    ]
)


@pytest.fixture
def port() -> Iterator[int]:
    """A server that does not wait for long."""
    with serving(APP, protocol=Hasty) as port:
        yield port


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        yield client


def drip(client: socket.socket, data: bytes, every: float = 0.05) -> bool:
    """Send a byte at a time, and return whether the server cut us off."""
    try:
        for byte in data:
            client.send(bytes([byte]))
            time.sleep(every)
    except OSError:
        return True
    return is_cut_off(client)


def is_cut_off(client: socket.socket) -> bool:
    """Whether the server ends the connection, whatever it has said before."""
    try:
        while client.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


def said(client: socket.socket, part: bytes) -> None:
    """Wait until the server has said something."""
    heard = b""
    while part not in heard:
        more = client.recv(65536)
        assert more, heard
        heard += more


def is_served(port: int) -> bool:
    return httpx.get(f"http://127.0.0.1:{port}/").text == "hello"


ENDLESS = b"GET / HTTP/1.1\r\nHost: clinic.test\r\nX-Slow: " + b"x" * 2_000


def test_a_client_that_drips_a_header_byte_by_byte_is_cut_off_and_others_are_served(
    port: int,
) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(connected(port)) for _ in range(20)]
        for client in slow:
            client.send(ENDLESS[:40])
        assert is_served(port)
        assert drip(slow[0], ENDLESS[40:])
        assert all(map(is_cut_off, slow[1:]))
        assert is_served(port)


def test_a_client_that_connects_and_says_nothing_is_cut_off(port: int) -> None:
    with connected(port) as client:
        assert is_cut_off(client)


@pytest.mark.parametrize("path", ["/echo", "/"], ids=["waited for", "answered before"])
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_client_that_drips_a_body_is_cut_off(port: int, path: str, method: str) -> None:
    head = f"{method} {path} HTTP/1.1\r\nHost: clinic.test\r\nContent-Length: 2000\r\n\r\n"
    with connected(port) as client:
        client.sendall(head.encode())
        assert drip(client, b"x" * 2_000)
    assert is_served(port)


def test_a_client_that_drips_its_second_request_is_cut_off(port: int) -> None:
    with connected(port) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: clinic.test\r\n\r\n")
        said(client, b"hello")
        assert drip(client, ENDLESS)


def test_a_client_that_takes_no_answer_is_cut_off(port: int) -> None:
    with connected(port) as client:
        client.sendall(b"GET /much HTTP/1.1\r\nHost: clinic.test\r\n\r\n")
        assert GIVEN_UP.wait(PATIENCE)
        assert is_cut_off(client)
    assert is_served(port)


def test_a_request_that_takes_its_time_within_the_limits_is_answered() -> None:
    class Patient(Hasty):
        header_seconds: ClassVar[float] = PATIENCE
        body_seconds: ClassVar[float] = PATIENCE

    head = b"POST /echo HTTP/1.1\r\nHost: clinic.test\r\nContent-Length: 5\r\n\r\n"
    with serving(APP, protocol=Patient) as port, connected(port) as client:
        for _ in range(2):  # the second on the same connection
            for byte in head + b"pain!":
                client.send(bytes([byte]))
                time.sleep(0.01)
            said(client, b"pain!")


def test_one_client_holds_so_many_connections_and_is_told_that_more_are_too_many() -> None:
    with serving(APP, protocol=Few) as port, ExitStack() as stack:
        held = [stack.enter_context(connected(port)) for _ in range(3)]
        for client in held:
            client.sendall(b"GET / HTTP/1.1\r\nHost: clinic.test\r\n\r\n")
            said(client, b"hello")
        with connected(port) as one_more:
            said(one_more, b"503 Service Unavailable")
            assert is_cut_off(one_more)
        held[0].close()
        until_served(port)


def until_served(port: int) -> None:
    """Wait until the server has noticed that a connection has ended."""
    ends = time.monotonic() + PATIENCE
    while httpx.get(f"http://127.0.0.1:{port}/").status_code != 200:
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_behind_a_proxy_all_clients_come_from_one_address() -> None:
    assert TimedProtocol.per_client is None
    with serving(APP) as port, ExitStack() as stack:
        for _ in range(150):
            client = stack.enter_context(connected(port))
            client.sendall(b"GET / HTTP/1.1\r\nHost: clinic.test\r\n\r\n")
            said(client, b"hello")
