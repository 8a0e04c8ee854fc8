"""What the pages that people read and print share."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from datetime import UTC as UTC
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from reliefpath.clock import day_of, has_time, zone_of
from reliefpath.errors import UsageError

if TYPE_CHECKING:
    import jinja2

PAPER = "@page { size: 210mm 279mm }"
"""As wide as A4 and as high as US Letter, so that it lies whole on both."""
NO_LIBRARY = "a PDF needs WeasyPrint; install it with: pip install 'reliefpath[pdf]'"
NO_PANGO = (
    "a PDF needs Pango, a part of most systems; install it with: apt-get install "
    "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 (or: brew install pango)"
)


@cache
def template(package: str, name: str) -> jinja2.Template:
    """Return a template of a package, in which everything is escaped and nothing may be missing."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string((files(package) / name).read_text("utf-8"))


def day_text(day: date) -> str:
    """Return a date in words.

    >>> day_text(date(2026, 1, 5))
    '5 January 2026'
    """
    return f"{day.day} {day:%B %Y}"


def moment_text(at: datetime, zone: str) -> str:
    """Return a moment of the care log by a clinic's clock, in words; a date alone stays one.

    >>> moment_text(datetime(2026, 1, 5, 16, 30, tzinfo=UTC), "Europe/Madrid")
    '5 January 2026, 17:30'
    """
    day = day_text(day_of(at, zone))
    return f"{day}, {at.astimezone(zone_of(zone)):%H:%M}" if has_time(at) else day


def page_pdf(html: str) -> bytes:
    """Return a page as PDF: its text can be read aloud, searched and copied (PDF/UA-1).

    The same page gives the same bytes wherever the same fonts are installed. Nothing is fetched.

    Raises:
        UsageError: WeasyPrint, or the Pango that it draws text with, is not installed.
    """
    weasyprint = _weasyprint()
    paper = weasyprint.CSS(string=PAPER)
    nothing = weasyprint.urls.URLFetcher(allowed_protocols=())
    page = weasyprint.HTML(string=html, url_fetcher=nothing)
    written: bytes = page.write_pdf(stylesheets=[paper], pdf_variant="pdf/ua-1")
    return written


def _weasyprint() -> Any:
    try:
        with redirect_stdout(io.StringIO()):  # it prints a page about what is missing
            import weasyprint
    except ImportError:
        raise UsageError(NO_LIBRARY) from None
    except OSError:
        raise UsageError(NO_PANGO) from None
    return weasyprint
