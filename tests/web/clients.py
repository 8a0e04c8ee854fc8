"""The application without a server: asked as somebody with a role, or as nobody."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from fastapi import FastAPI

from reliefpath.identity.accounts import Accounts
from reliefpath.identity.tables import SESSIONS

COOKIE = "reliefpath"
URL = "http://clinic.test"


class Client:
    """Somebody who asks an application; cookies are kept as a browser does."""

    def __init__(self, app: FastAPI, address: str = "192.0.2.1") -> None:
        self.app, self.address = app, address
        self.cookies = httpx.Cookies()
        self.headers: dict[str, str] = {}

    def get(self, path: str, **sent: Any) -> httpx.Response:
        """Ask for a page."""
        return self.request("GET", path, **sent)

    def post(self, path: str, **sent: Any) -> httpx.Response:
        """Send a form."""
        return self.request("POST", path, **sent)

    def request(self, method: str, url: str, **sent: Any) -> httpx.Response:
        """Ask anything."""
        with ThreadPoolExecutor(1) as beside:  # the thread of a browser's test has a loop already
            return beside.submit(asyncio.run, self._request(method, url, **sent)).result()

    async def _request(self, method: str, url: str, **sent: Any) -> httpx.Response:
        transport = httpx.ASGITransport(
            self.app, raise_app_exceptions=False, client=(self.address, 1)
        )
        headers = {**(sent.pop("headers", None) or {}), **self.headers}
        async with httpx.AsyncClient(
            transport=transport, base_url=URL, cookies=self.cookies, headers=headers
        ) as client:
            answer = await client.request(method, url, **sent)
            self.cookies = client.cookies
            return answer


def client_of(app: FastAPI, username: str | None = None) -> Client:
    """Return who asks, signed in without a password; forms may be sent with its X-CSRF header."""
    client = Client(app)
    if username is not None:
        accounts: Accounts = app.state.accounts
        token = accounts.begin(username)
        session = accounts.session(token)
        assert session is not None
        client.cookies.set(COOKIE, token, domain="clinic.test")
        client.headers["X-CSRF"] = session.csrf
    return client


def lock(accounts: Accounts) -> None:
    """Let every session be left for too long."""
    long_ago = (datetime.now(UTC) - timedelta(minutes=21)).isoformat()
    with accounts.engine.begin() as connection:
        connection.execute(SESSIONS.update().values(used=long_ago))
