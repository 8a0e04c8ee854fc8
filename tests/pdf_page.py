"""What a PDF of a page says, read back from its bytes."""

from __future__ import annotations

import io
import re

import pypdf
import pytest

from reliefpath.documents.printing import NO_PANGO, page_pdf
from reliefpath.errors import UsageError

SAID = ("h1", "h2", "h3", "p", "li", "caption", "th", "td")
"""The elements of a page that hold what it says."""


def made_pdf(html: str) -> bytes:
    """Return a page as PDF; skip the test where the system cannot draw text."""
    try:
        return page_pdf(html)
    except UsageError as error:
        if str(error) == NO_PANGO:
            pytest.skip(NO_PANGO)
        raise


def needs_pdf() -> None:
    """Skip the test where the system cannot draw text."""
    made_pdf('<html lang="en"><title>x</title></html>')


def opened(pdf: bytes) -> pypdf.PdfReader:
    """Return a PDF to ask what it holds."""
    return pypdf.PdfReader(io.BytesIO(pdf), strict=True)


def letters(text: str) -> str:
    """Return a text without its spaces and line ends, which a PDF does not keep."""
    return re.sub(r"\s+", "", text)


def pdf_letters(pdf: bytes) -> str:
    """Return all that a PDF says, page after page, as `letters`."""
    return letters("".join(page.extract_text() for page in opened(pdf).pages))
