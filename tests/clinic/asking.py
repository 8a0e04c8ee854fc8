"""The application asked without a browser or a server."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import httpx

from reliefpath.clinic.app import create_app
from reliefpath.clinic.settings import Settings


def today() -> date:
    return date(2026, 3, 31)


def get(settings: Settings, path: str) -> str:
    """The page that the medical director sees."""
    with ThreadPoolExecutor(1) as thread:  # a browser's loop may run in this one
        return thread.submit(asyncio.run, _get(settings, path)).result()


async def _get(settings: Settings, path: str) -> str:
    transport = httpx.ASGITransport(create_app(settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://clinic") as client:
        form = {"username": "director", "password": "conservative-first"}
        await client.post("/sign-in", data=form)
        return (await client.get(path)).text
