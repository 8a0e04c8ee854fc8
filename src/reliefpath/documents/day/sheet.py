"""Who comes on a day, on paper: how they are, what must be in view, and space to write."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from reliefpath.care.day import DayVisit
from reliefpath.documents.printing import day_text, template


def sheet_html(visits: Iterable[DayVisit], day: date, made: datetime, whose: str) -> str:
    """Return a day's sheet as one HTML page that needs nothing else.

    Args:
        visits: who comes.
        day: the day.
        made: when it is made, by the clinic's clock: what was recorded since is not on it.
        whose: whose patients these are, in words.
    """
    return template(__package__, "sheet.html.jinja").render(
        visits=list(visits),
        day=f"{day:%A} {day_text(day)}",
        made=f"{day_text(made.date())}, {made:%H:%M}",
        whose=whose,
    )
