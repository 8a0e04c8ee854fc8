"""The check-in as an app of the phone: what opens it without a connection, and its icon."""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from reliefpath.care.check_in.words import speech_of
from reliefpath.knowledge.languages import ENGLISH, LANGUAGES, Speech
from reliefpath.web.pages import page

router = APIRouter()
START = "/check-in/"


def _asked(language: str = "") -> Speech:
    return speech_of(language if language in LANGUAGES else ENGLISH.language)


Language = Annotated[Speech, Depends(_asked)]


@router.get("/check-in-worker.js")
def worker() -> Response:
    """Give the service worker, from where it may answer for check-ins: not below `/static/`."""
    script = (files("reliefpath.web") / "static" / "check-in-worker.js").read_text("utf-8")
    return Response(script, media_type="text/javascript")


@router.get("/check-in.webmanifest")
def manifest(say: Language) -> Response:
    """Say how a phone installs the check-in."""
    icon = {"src": "/static/icon.svg", "type": "image/svg+xml", "sizes": "any"}
    told = {
        "name": say("Your check-in"),
        "lang": say.language,
        "id": START,
        "start_url": f"{START}?language={say.language}",
        "scope": START,
        "display": "standalone",
        "icons": [icon],
    }
    return JSONResponse(told, media_type="application/manifest+json")


@router.get(START)
def start(request: Request, say: Language) -> Response:
    """Lead to the check-in that was begun on this phone; the server knows of none."""
    return page(request, "check-in-start", say=say)
