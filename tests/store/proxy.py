"""A network between a client and a PostgreSQL server that fails in the middle of a commit."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import Literal

import psycopg
import sqlalchemy as sa

Cut = Literal["the commit", "its answer"]
COMMIT = b"COMMIT\x00"
WRITER = b"pg_advisory_xact_lock"
"""What only a connection that writes asks for."""


class Proxy:
    """Passes everything on but the next commit of a writer, or its answer: then it hangs up."""

    def __init__(self, url: str) -> None:
        self.cut: Cut | None = None
        with psycopg.connect(url) as there:
            self.server = there.info.host, there.info.port
        self.door = socket.create_server(("127.0.0.1", 0))
        host, port = self.door.getsockname()
        known = sa.make_url(url).set(host=host, port=port, query={"sslmode": "disable"})
        self.url = known.render_as_string(hide_password=False)
        self.passages: list[Passage] = []
        self.opening = Thread(target=self._open)
        self.opening.start()

    def close(self) -> None:
        """Hang up on everybody."""
        self.door.shutdown(socket.SHUT_RDWR)
        self.opening.join()
        self.door.close()
        for passage in self.passages:
            passage.close()

    def _open(self) -> None:
        while True:
            try:
                client, _ = self.door.accept()
            except OSError:  # closed
                return
            passage = Passage(self, client, _connected(*self.server))
            self.passages.append(passage)
            passage.open()


@dataclass
class Passage:
    """One connection through the proxy."""

    proxy: Proxy
    client: socket.socket
    server: socket.socket
    answerless: bool = False

    def open(self) -> None:
        """Begin to pass on."""
        self.ways = Thread(target=self._ask), Thread(target=self._answer)
        for way in self.ways:
            way.start()

    def close(self) -> None:
        """Hang up on both."""
        self._hang_up()
        for way in self.ways:
            way.join()
        self.client.close()
        self.server.close()

    def _ask(self) -> None:
        writes = False
        while sent := _received(self.client):
            writes = writes or WRITER in sent
            if writes and COMMIT in sent:
                cut, self.proxy.cut, writes = self.proxy.cut, None, False
                if cut == "the commit":
                    break
                self.answerless = cut == "its answer"
            _send(self.server, sent)
        self._hang_up()

    def _answer(self) -> None:
        while said := _received(self.server):
            if self.answerless:
                break
            _send(self.client, said)
        self._hang_up()

    def _hang_up(self) -> None:
        for end in (self.client, self.server):
            with suppress(OSError):  # the other has hung up
                end.shutdown(socket.SHUT_RDWR)


def _connected(host: str, port: int) -> socket.socket:
    if not host.startswith("/"):
        return socket.create_connection((host, port))
    server = socket.socket(socket.AF_UNIX)
    server.connect(f"{host}/.s.PGSQL.{port}")
    return server


def _send(end: socket.socket, text: bytes) -> None:
    with suppress(OSError):  # hung up
        end.sendall(text)


def _received(end: socket.socket) -> bytes:
    try:
        return end.recv(65536)
    except OSError:  # hung up
        return b""
