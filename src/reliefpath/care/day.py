"""A clinic's day: who comes, how they are and what must be in view of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from reliefpath.care.alerts import Alerts, alerts_of
from reliefpath.care.visits import Visit, visits_on
from reliefpath.care_log.schema import PLANNED
from reliefpath.pathway.assessment import GATE, NEXT_STEP, STATUS
from reliefpath.store.chart import Chart


@dataclass(frozen=True)
class DayVisit:
    """A visit of a day, with the advice on its complaint.

    Attributes:
        visit: The visit.
        time: By the clinic's clock; empty where only the day is known.
        patient, episode, name, region, complaint: Who it is, and of what.
        status, gate, next_step: The advice, as it stands now.
        alerts: What must be in view.
        ended: Why care is over, in words; None while it is not.
        died: Whether the patient has died.
        treated: Whether it is a patient of the worker's care teams.
    """

    visit: Visit
    time: str
    patient: str
    episode: str
    name: str
    region: str
    complaint: str | None
    status: str
    gate: bool | None
    next_step: str
    alerts: Alerts
    ended: str | None
    died: bool
    treated: bool

    @property
    def is_planned(self) -> bool:
        """Whether nobody has said yet what became of it."""
        return self.visit.status == PLANNED


def day_visits(chart: Chart, rows: pl.DataFrame, day: date) -> list[DayVisit]:
    """Return the visits of a day at the clinic among rows of the worklist, by their times.

    Visits without a time come last.
    """
    return _joined(visits_on(chart, day), rows, chart.zone)


def _joined(visits: Iterable[Visit], rows: pl.DataFrame, zone: str) -> list[DayVisit]:
    found = list(visits)
    of_them = rows.filter(pl.col("episode").is_in([visit.episode for visit in found]))
    by_episode = {row["episode"]: row for row in of_them.iter_rows(named=True)}
    told = [
        _of(visit, by_episode[visit.episode], zone)
        for visit in found
        if visit.episode in by_episode
    ]
    return sorted(told, key=lambda each: (not each.time, each.time, each.visit.visit))


def _of(visit: Visit, row: dict[str, Any], zone: str) -> DayVisit:
    died = row["died_on"] is not None
    over = "the patient has died" if died else "care has ended"
    return DayVisit(
        visit=visit,
        time=visit.time(zone),
        patient=row["patient"],
        episode=row["episode"],
        name=row["name"] or row["patient"],
        region=row["region"].replace("-", " "),
        complaint=row["complaint"],
        status=row[STATUS],
        gate=row[GATE],
        next_step=row[NEXT_STEP],
        alerts=alerts_of(row),
        ended=None if row["in_care"] else over,
        died=died,
        treated=row["treated"],
    )
