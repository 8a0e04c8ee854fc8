"""Check-ins in a process of their own: no patient waits while the clinic's pages are computed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import httpx2
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from reliefpath.web.security import replay_body
from reliefpath.web.settings import Settings
from reliefpath.web.workers.check_in_server import serve
from reliefpath.web.workers.process import ANEW_SECONDS, spawn_child

PATH = "/check-in/"
WAIT_SECONDS = 120
_HOP = {b"connection", b"keep-alive", b"transfer-encoding", b"upgrade"}
_ASKER = {b"x-forwarded-for", b"x-forwarded-proto"}


class CheckInWorker:
    """The process, which answers who runs this one alone, and ends with it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = replace(settings, apart=False)
        self._folder = TemporaryDirectory(prefix="reliefpath-")
        self._place = Path(self._folder.name) / "check-in"
        way = httpx2.AsyncHTTPTransport(uds=str(self._place))
        self._client = httpx2.AsyncClient(transport=way, timeout=WAIT_SECONDS, trust_env=False)
        self._begin()

    async def answer(self, request: Request, body: bytes) -> Response | None:
        """Return what the process answers; None where it does not, as while it starts."""
        try:
            told = await self._client.send(_passed_on(request, body))
        except httpx2.TransportError:
            if not self.process.is_alive() and monotonic() - self._begun > ANEW_SECONDS:
                self._begin()
            return None
        answer = Response(told.content, told.status_code)
        answer.raw_headers = _without(told.headers.raw, _HOP | {b"date"})
        return answer

    async def end(self) -> None:
        """Stop the process."""
        await self._client.aclose()
        self.process.terminate()
        self.process.join()
        self._folder.cleanup()

    def _begin(self) -> None:
        self._begun = monotonic()
        self._place.unlink(missing_ok=True)
        self.process = spawn_child(serve, self._settings, str(self._place))


class CheckInProxy:
    """Has check-ins answered elsewhere, and here what is not answered there.

    What was recorded there before it failed is not recorded again.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whose body is there already."""
        elsewhere: CheckInWorker | None = scope["app"].state.elsewhere
        if scope["type"] != "http" or not scope["path"].startswith(PATH) or elsewhere is None:
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        body = await request.body()
        answer = await elsewhere.answer(request, body)
        if answer is None:
            await self.app(scope, replay_body(body, receive), send)
        else:
            await answer(scope, receive, send)


def _passed_on(request: Request, body: bytes) -> httpx2.Request:
    """The same request, which tells who asks, and how they reached us."""
    path, query = request.scope["raw_path"], request.scope["query_string"]
    target = path + (b"?" + query if query else b"")
    asker = request.client.host if request.client else ""
    headers = [
        *_without(request.headers.raw, _HOP | _ASKER),
        (b"x-forwarded-for", asker.encode()),
        (b"x-forwarded-proto", request.url.scheme.encode()),
    ]
    return httpx2.Request(
        request.method,
        "http://check-in/",
        headers=headers,
        content=body,
        extensions={"target": target},
    )


def _without(headers: list[tuple[bytes, bytes]], names: set[bytes]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name.lower() not in names]
