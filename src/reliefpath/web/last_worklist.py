"""The worklist as somebody last looked at it, so that a patient leads back to the same rows."""

from __future__ import annotations

import re

from fastapi import Request
from fastapi.responses import Response

COOKIE = "worklist"
QUERY = re.compile(r"\?[\w%&=+*.~-]*")


def remember_worklist(request: Request, response: Response, query: str) -> None:
    """Have the browser keep which rows were looked for, until it is closed or they sign out."""
    secure = request.app.state.settings.secure
    response.set_cookie(COOKIE, query, httponly=True, secure=secure, samesite="strict")


def last_worklist(request: Request) -> str:
    """Return the address of the worklist as it was last looked at."""
    query = request.cookies.get(COOKIE, "")
    return f"/worklist{query}" if QUERY.fullmatch(query) else "/worklist"


def forget_worklist(request: Request, response: Response) -> None:
    """Have the browser keep it no longer."""
    secure = request.app.state.settings.secure
    response.delete_cookie(COOKIE, httponly=True, secure=secure, samesite="strict")
