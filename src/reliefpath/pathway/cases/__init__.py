"""Patients written down by hand: golden ones, those made to mislead, and plain candidates."""

from reliefpath.pathway.cases.reading import (
    Chapter,
    Episode,
    Vignette,
    blocks,
    read_chapter,
    used,
)
from reliefpath.pathway.cases.trying import (
    CaseResult,
    advice_on,
    shipped_chapters,
    try_cases,
)

__all__ = [
    "CaseResult",
    "Chapter",
    "Episode",
    "Vignette",
    "advice_on",
    "blocks",
    "read_chapter",
    "shipped_chapters",
    "try_cases",
    "used",
]
