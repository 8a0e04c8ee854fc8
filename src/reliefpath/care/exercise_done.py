"""How much of the exercises was done: as the patient said by a check-in, for a visit to confirm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from reliefpath.care.check_in.links import USED
from reliefpath.care.correcting import Version, rows_on_record
from reliefpath.care.planning.given import EXERCISE
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import GIVEN
from reliefpath.clock import day_of
from reliefpath.errors import UsageError
from reliefpath.reference.therapies import counted_as
from reliefpath.reference.therapies.exercise import read_shares
from reliefpath.store.chart import Chart


@dataclass(frozen=True)
class ExerciseReport:
    """What was last said of the exercises."""

    row: int
    day: date
    """At the clinic."""
    adherence: float
    each: Mapping[str, float]
    """Share of each exercise; empty where they were told of together."""
    by_check_in: bool
    """Whether the patient sent it, and nobody has recorded or corrected anything of it since."""

    def confirmed(self, row: str) -> ExerciseReport:
        """Return the report that was confirmed.

        Raises:
            UsageError: another one was.
        """
        if str(self.row) != row or not self.by_check_in:
            raise UsageError(
                "what the patient said of the exercises has changed meanwhile: look again, then "
                "confirm it"
            )
        return self


def last_report(chart: Chart, care_log: CareLog, episode: str) -> ExerciseReport | None:
    """Return what was last said of the exercises of a complaint, None where nothing was."""
    known = counted_as(care_log.knowledge, EXERCISE)

    def tells(row: Version) -> bool:
        values = row.values
        is_given = values["status"] in (None, GIVEN)
        return values["therapy"] in known and is_given and values["adherence"] is not None

    found = next(filter(tells, rows_on_record(chart, care_log, episode, "treatments")), None)
    if found is None:
        return None
    values = found.values
    return ExerciseReport(
        found.row,
        day_of(datetime.fromisoformat(values["at"]), care_log.zone),
        values["adherence"],
        read_shares(values["exercises"]),
        found.action == USED,
    )
