"""HTTP/1.1 that waits for nobody for ever: an end to slow requests and answers, and to floods.

Uvicorn itself ends a connection that is idle between two requests, but none whose request comes a
byte at a time.
"""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from reliefpath.identity.networks import network_of

TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 10\r\n"
    b"Content-Length: 0\r\n\r\n"
)


class TimedProtocol(H11Protocol):
    """A connection behind a proxy, or within this computer."""

    header_seconds: ClassVar[float] = 10
    """From the connection, or the first byte of a further request, to the end of its headers."""
    body_seconds: ClassVar[float] = 35
    """From there to the end of the body; a little more than `security.BODY_SECONDS`, which says
    why to who reads answers."""
    answer_seconds: ClassVar[float] = 60
    """For taking some of an answer that waits."""
    per_client: ClassVar[int | None] = None
    """Connections that one client may hold; None where a proxy asks for all of them."""
    network: str | None = None
    _awaited: object = None
    _until: TimerHandle | None = None
    _stalled: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Take a client in, unless it has too many connections already."""
        super().connection_made(transport)
        self.network = network_of(self.client[0]) if self.client else None
        held = sum(getattr(each, "network", None) == self.network for each in self.connections)
        if self.per_client is not None and self.network and held > self.per_client:
            transport.write(TOO_MANY)
            transport.close()
            return
        self._await()

    def data_received(self, data: bytes) -> None:
        """Take what has come, and allow what is still to come its time."""
        super().data_received(data)
        self._await()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        super().connection_lost(exc)
        for timer in (self._until, self._stalled):
            if timer is not None:
                timer.cancel()

    def pause_writing(self) -> None:
        """Wait for a client that does not take its answer, but not for ever."""
        super().pause_writing()
        self._stalled = self.loop.call_later(self.answer_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on, since the client takes its answer."""
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()

    def _await(self) -> None:
        """Set the time by which the headers, or the body, are to be complete; once for each."""
        awaited = self.conn.their_state
        if awaited is self._awaited:
            return
        self._awaited = awaited
        if self._until is not None:
            self._until.cancel()
        seconds = {h11.IDLE: self.header_seconds, h11.SEND_BODY: self.body_seconds}.get(awaited)
        self._until = None
        if seconds is not None:
            self._until = self.loop.call_later(seconds, self.transport.abort)


class DirectProtocol(TimedProtocol):
    """A connection of a client itself."""

    per_client = 100
