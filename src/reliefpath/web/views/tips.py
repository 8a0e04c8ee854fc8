"""What the recovery curve tells of a mark that somebody points at."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from reliefpath.documents.printing import day_text
from reliefpath.web.views.course import DAYS, Course, Given

AROUND = DAYS
"""Days before and after a score of which is told what was given."""


def score_tips(course: Course) -> list[str]:
    """Return what is told of each score: its day, the curve there, and what was given around it."""
    ends = [np.interp(course.weeks, course.at, end).tolist() for end in course.curve]
    scores = zip(course.days, course.weeks.tolist(), course.values.tolist(), *ends, strict=True)
    return [
        f"{_when(day, week)}\n{course.measure.name}: {value:.3g}\n"
        f"Curve: {middle:.1f}, with 90 % certainty {min(low, high):.1f} to {max(low, high):.1f}\n"
        f"Given within {AROUND} days: {_around(course, day)}"
        for day, week, value, low, middle, high in scores
    ]


def given_tip(given: Given) -> str:
    """Return what is told of a treatment: what, when, where and how much."""
    sites = dict.fromkeys(said for site in given.sites if (said := _site(site)))
    return "\n".join([given.name, _when(given.day, given.week), *sites])


def _around(course: Course, day: date) -> str:
    near: dict[str, list[str]] = {}
    for given in course.treatments:
        if abs((given.day - day).days) <= AROUND:
            near.setdefault(given.name, []).append(f"{given.day.day} {given.day:%b}")
    return "; ".join(f"{name} ({', '.join(days)})" for name, days in near.items()) or "nothing"


def _site(row: dict[str, Any]) -> str:
    """Where and how much, as far as it is on record."""
    where = [row["muscle"], row["side"]]
    amount = None if row["amount"] is None else f"{row['amount']:g} {row['unit'] or ''}".strip()
    volume = None if row["volume_ml"] is None else f"{row['volume_ml']:g} mL"
    said = (", ".join(filter(None, part)) for part in (where, (row["agent"], amount, volume)))
    return ": ".join(filter(None, said))


def _when(day: date, week: float) -> str:
    return f"{day_text(day)}, week {week:.1f}"
