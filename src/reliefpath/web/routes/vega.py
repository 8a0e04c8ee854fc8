"""Vega for the browser: the same that draws on the server, out of the same package."""

from __future__ import annotations

import gzip
from functools import cache
from hashlib import sha256
from importlib.metadata import version as installed

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from reliefpath.web.workers.drawing import module as module_of

router = APIRouter(prefix="/static/vega")
EXPORTS = "export default vegaEmbed;"
"""Its `ast` option reads expressions without `eval`, which our policy forbids."""
VERSION = sha256(f"{installed('vl-convert-python')} {EXPORTS}".encode()).hexdigest()[:12]
ADDRESS = f"{router.prefix}/{VERSION}.js"
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}


@cache
def bundle() -> bytes:
    """Return Vega as one module, gzipped; to make it takes seconds."""
    return gzip.compress(module_of(EXPORTS).encode(), mtime=0)


@router.get("/{version}.js")
def module(request: Request, version: str) -> Response:
    """Return Vega under an address that changes with it.

    Raises:
        HTTPException: it is another version's.
    """
    if version != VERSION:
        raise HTTPException(404, "there is no such drawing library here: open the page again")
    if "gzip" in request.headers.get("accept-encoding", ""):
        body, headers = bundle(), FOR_EVER | {"Content-Encoding": "gzip"}
    else:
        body, headers = gzip.decompress(bundle()), FOR_EVER
    return Response(body, headers=headers, media_type="text/javascript")
