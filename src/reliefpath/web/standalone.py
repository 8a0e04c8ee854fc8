"""Pages that stand alone, with a style sheet of their own inside: records, papers, handouts."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

from fastapi.responses import HTMLResponse, Response

from reliefpath.documents.printing import page_pdf

STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def standing(html: str) -> Response:
    """Return a page that needs nothing else: no script, and no style but what is in it."""
    known = [f"'sha256-{_digest(style)}'" for style in STYLE.findall(html)]
    styles = " ".join(known) or "'none'"
    policy = (
        f"default-src 'none'; style-src {styles}; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(html, headers={"Content-Security-Policy": policy})


def paper(html: str, kind: str, name: str) -> Response:
    """Return a page that needs nothing else; as a PDF to keep, where that is its `kind`."""
    if kind != "pdf":
        return standing(html)
    disposition = f'attachment; filename="{name}.pdf"'
    return Response(
        page_pdf(html),
        media_type="application/pdf",
        headers={"Content-Disposition": disposition},
    )


def _digest(style: str) -> str:
    return b64encode(sha256(style.encode()).digest()).decode()
