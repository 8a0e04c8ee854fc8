"""Golden patients: read from `vignettes/*.yaml`, one file a chapter."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from reliefpath.documents.reference.cases import cases_markdown
from reliefpath.pathway.cases import Chapter, read_chapter, shipped_chapters

FOLDER = Path(__file__).parent / "vignettes"


@cache
def chapters() -> tuple[Chapter, ...]:
    """Return the chapters in the order of their files' names."""
    return tuple(read_chapter(file) for file in sorted(FOLDER.glob("*.yaml")))


def vignettes_markdown() -> str:
    """Return all patients as a page of the reference documentation."""
    return cases_markdown((*chapters(), *shipped_chapters()))
