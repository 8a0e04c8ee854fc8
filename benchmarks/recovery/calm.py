"""How calm statuses are: python -m benchmarks.recovery.calm.

A clinic is looked at every day of a year. A change of status is turned back where the status
before it is there again within three weeks: what a therapist would call a false start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

from reliefpath.documents.reference.markdown import table
from reliefpath.pathway.assessment import STATUS, assess
from reliefpath.pathway.model import StatusName, load_pathway
from reliefpath.simulation import demo_clinic

TODAY = date(2026, 3, 31)
DAYS, WITHIN = 364, 21
Change = tuple[StatusName, StatusName, bool]
"""From which status to which, and whether it was turned back."""


def changes(patients: int, seed: int = 1, apart: int = 1) -> Iterator[Change]:
    """Yield every change of a status in the demo clinic's latest year.

    Args:
        patients: of the clinic.
        seed: of the clinic.
        apart: days between one look and the next.
    """
    clinic, pathway = demo_clinic(patients, seed, TODAY), load_pathway()
    courses: dict[str, list[tuple[int, StatusName]]] = {}
    for ago in range(DAYS, -1, -apart):
        advice = assess(clinic, pathway, TODAY - timedelta(days=ago))
        for episode, status, in_care in advice.select("episode", STATUS, "in_care").iter_rows():
            course = courses.setdefault(episode, [])
            if in_care and (not course or course[-1][1] != status):
                course.append((DAYS - ago, StatusName(status)))
    for course in courses.values():
        for nth in range(1, len(course)):
            (_, before), (day, after) = course[nth - 1 : nth + 1]
            # who cannot be followed for three weeks more tells nothing
            if day <= DAYS - WITHIN:
                later = course[nth + 1 :]
                back = any(status == before and on <= day + WITHIN for on, status in later)
                yield before, after, back


def report(patients: int = 300) -> str:
    """Return the changes by kind, and how many were turned back, as Markdown."""
    found = list(changes(patients))
    all_, back = Counter(c[:2] for c in found), Counter(c[:2] for c in found if c[2])
    rows = [
        (f"{a} to {b}", f"{count}", f"{back[a, b] / count:.0%}")
        for (a, b), count in all_.most_common()
    ]
    whole = ("all", f"{len(found)}", f"{back.total() / len(found):.1%}")
    return table(("change", "how many", "turned back within three weeks"), [whole, *rows])


if __name__ == "__main__":
    print(report())
