"""What the latest examination found at one site, by muscle and side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import polars as pl

SIGNS = ("taut_band", "tender_spot", "referred_pain", "twitch_response")
"""The signs of a trigger point that an examiner finds."""


def latest_exam(exams: pl.DataFrame, on: date, muscle: str, side: str) -> dict[str, Any] | None:
    """Return the latest row, up to a day, of one muscle on one side, of whichever complaint.

    A row of both sides is one of each; a row of the side itself counts before it. `at` is on the
    clinic's wall clock, as `Moment.before` gives it.
    """
    rows = exams.filter(
        pl.col("at").dt.date() <= on, pl.col("side").is_in([side, "both"]), muscle=muscle
    )
    mine = rows.with_columns(day=pl.col("at").dt.date(), own=pl.col("side") == side)
    latest = mine.sort("day", "own", "at").drop("own").tail(1).to_dicts()
    return latest[0] if latest else None


def signs_found(exam: Mapping[str, Any] | None) -> tuple[int, int]:
    """Return the fewest and the most signs that an exam can stand for; no exam tells nothing."""
    found = [None if exam is None else exam[sign] for sign in SIGNS]
    return found.count(True), len(found) - found.count(False)


def fewest_signs(sites: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """Return the signs of the site with the fewest, at least and at most."""
    least, most = zip(*sites, strict=True)
    return min(least), min(most)
